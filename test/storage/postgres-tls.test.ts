import { spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresOptions, postgres } from "../../src/storage/sql/postgres.ts";
import { hasBinaries, nobody } from "./postgres/binaries.ts";
import { PostgresServer, query } from "./postgres/server.ts";

// The certificate is made here, for a key in a repository is one that somebody trusts.
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const name = hasOpenssl ? "over TLS a PostgreSQL storage" : "over TLS (openssl is not installed here)";

describe.skipIf(!hasOpenssl || !hasBinaries())(name, () => {
  const folder = mkdtempSync(join(tmpdir(), "assay-tls-"));
  const [certificate, key] = [join(folder, "server.crt"), join(folder, "server.key")];
  let server: PostgresServer;
  beforeAll(async () => {
    const subject = ["-subj", "/CN=assay test", "-addext", "subjectAltName=IP:127.0.0.1"];
    const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    spawnSync("openssl", [...made, ...subject, "-keyout", key, "-out", certificate]);
    const user = process.getuid?.() === 0 ? nobody() : {};
    if (user.uid !== undefined) for (const path of [folder, key, certificate]) chownSync(path, user.uid, user.gid!);
    server = await PostgresServer.start({ settings: { ssl: "on", ssl_cert_file: certificate, ssl_key_file: key } });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  async function isEncrypted(options: PostgresOptions): Promise<unknown> {
    const storage = postgres({ patienceMs: 0, ...options });
    try {
      await storage.listStudies();
      const [row] = await query(
        server.url,
        "select bool_and(ssl) as ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'assay'",
      );
      return row!.ssl;
    } finally {
      await storage.close();
    }
  }

  test("speaks to a server whose certificate it can verify, named in the URL or in the options", async () => {
    expect(await isEncrypted({ url: `${server.url}?sslmode=verify-full&sslrootcert=${certificate}` })).toBe(true);
    expect(await isEncrypted({ url: server.url, ssl: { ca: readFileSync(certificate, "utf8") } })).toBe(true);
    expect(await isEncrypted({ url: server.url })).toBe(false);
  });

  test("refuses a server that it cannot verify, and says how to", async () => {
    const remedy = /certificate is not trusted .*sslrootcert=FILE in the URL, or ssl: { ca }/;
    await expect(isEncrypted({ url: `${server.url}?sslmode=verify-full` })).rejects.toThrow(remedy);
    const elsewhere = server.url.replace("127.0.0.1", "localhost");
    await expect(isEncrypted({ url: `${elsewhere}?sslmode=verify-full&sslrootcert=${certificate}` })).rejects.toThrow(
      remedy,
    );
  });
});
