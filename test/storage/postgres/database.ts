// Databases for tests, on the server of the run or on the one that TEST_POSTGRES_URL names.
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import pg from "pg";
import { afterAll, inject } from "vitest";
import { query } from "./server.ts";

const roles: string[] = [];
// Registered first and so run last, when the databases are gone in which the roles had rights.
afterAll(async () => {
  if (roles.length > 0) await query(await findServer(), roles.map((role) => `drop role ${role}`).join(";"));
});

/** The URL of a new, empty database, which is dropped after the last test of the file. */
export async function freshDatabase(encoding = "UTF8"): Promise<string> {
  const server = await findServer();
  const name = freshName();
  await query(server, `create database ${name} template template0 encoding '${encoding}' lc_collate 'C' lc_ctype 'C'`);
  afterAll(async () => {
    await query(server, `drop database ${name} with (force)`);
  });
  const url = new URL(server);
  url.pathname = name;
  return url.href;
}

/** `url` with a new role in place of its user, one that may do nothing unless `attributes` say so. */
export async function withFreshRole(url: string, attributes = "", password = "x"): Promise<string> {
  const role = freshName();
  await query(url, `create role ${role} ${attributes} login password ${pg.escapeLiteral(password)}`);
  roles.push(role);
  const changed = new URL(url);
  changed.username = role;
  changed.password = encodeURIComponent(password);
  return changed.href;
}

function freshName(): string {
  return `assay_test_${randomUUID().replaceAll("-", "")}`;
}

async function findServer(): Promise<string> {
  return process.env.TEST_POSTGRES_URL ?? (await serverOfTheRun());
}

async function serverOfTheRun(): Promise<string> {
  const { url, error } = JSON.parse(await text(connect(inject("postgresDoor"), "127.0.0.1")));
  if (error !== undefined) throw new Error(error);
  return url;
}
