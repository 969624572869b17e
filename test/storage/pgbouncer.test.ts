import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgres } from "../../src/storage/sql/postgres.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { storageConformance } from "../../src/testing/storage-conformance.ts";
import { freshDatabase } from "./postgres/database.ts";
import { findPgBouncer, PgBouncer, versionOf } from "./postgres/pgbouncer.ts";
import { query } from "./postgres/server.ts";

const program = findPgBouncer();
const name = program === undefined ? "PgBouncer, which is not installed here" : versionOf(program);

describe.skipIf(program === undefined)(`through ${name}, in transaction mode, with two sessions`, async () => {
  const database = program === undefined ? "" : await freshDatabase();
  let bouncer: PgBouncer;
  let schemas = 0;
  beforeAll(async () => {
    bouncer = await PgBouncer.before(database, program!, 2);
  });
  afterAll(() => bouncer.close());

  const open = (schema = `s${schemas++}`): Storage => postgres({ url: bouncer.through(database), schema });

  for (const check of storageConformance(() => open())) test(check.name, check.run);

  test("thirty-two storages share the sessions, and leave no setting in them", async () => {
    const storages = Array.from({ length: 32 }, () => open("shared"));
    const definition = { direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;
    await Promise.all(storages.map((storage, i) => storage.createStudy({ ...definition, name: `study ${i}` })));
    expect(await storages[0]!.listStudies()).toHaveLength(32);
    for (const storage of storages) await storage.close();
    const sessions =
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'assay'";
    expect((await query(database, sessions))[0]!.n).toBeLessThanOrEqual(2);
    const changed =
      "select name from pg_settings where source = 'session' and name not in ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings')";
    for (let i = 0; i < 4; i++) expect(await query(bouncer.through(database), changed)).toEqual([]);
  });
});
