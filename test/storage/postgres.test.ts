import { inspect } from "node:util";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AssayError, StorageError, ValidationError } from "../../src/errors.ts";
import { SCHEMA_VERSION } from "../../src/storage/sql/migrations.ts";
import { type PostgresOptions, postgres } from "../../src/storage/sql/postgres.ts";
import { isTransient } from "../../src/storage/sql/postgres-target.ts";
import { isForgotten, send } from "../../src/storage/sql/postgres-wire.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { freshDatabase, withFreshRole } from "./postgres/database.ts";
import { Relay } from "./postgres/relay.ts";
import { query } from "./postgres/server.ts";

const database = await freshDatabase();
const ascii = await freshDatabase("SQL_ASCII");
const opened: Storage[] = [];
const relays: Relay[] = [];
let schemas = 0;
afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close();
  for (const relay of relays.splice(0)) await relay.close();
});

function open(options: PostgresOptions): Storage {
  const storage = postgres(options);
  opened.push(storage);
  return storage;
}

function freshSchema(): string {
  return `schema ${schemas++}`;
}

const definition = { name: "s", direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;

/** What a first use of this storage is refused with. */
async function refusal(options: PostgresOptions): Promise<StorageError> {
  const error = await open({ patienceMs: 0, ...options })
    .listStudies()
    .then(
      () => new Error("It was not refused."),
      (error: unknown) => error,
    );
  expect(error).toBeInstanceOf(StorageError);
  return error as StorageError;
}

describe("a PostgreSQL storage", () => {
  test("makes its schema at first use and finds all in it when opened again", async () => {
    const schema = `It's "a" schema; ${"ß".repeat(10)}`;
    const first = open({ url: database, schema });
    const count = `select count(*)::int as n from pg_namespace where nspname like 'It''s%'`;
    expect(await query(database, count)).toEqual([{ n: 0 }]);
    const study = await first.createStudy(definition);
    await first.close();
    expect(await open({ url: database, schema }).findStudy("s")).toEqual(study);
    expect(await query(database, count)).toEqual([{ n: 1 }]);
    const quoted = pg.escapeIdentifier(schema);
    expect(await query(database, `select version from ${quoted}.schema_version`)).toEqual([
      { version: SCHEMA_VERSION },
    ]);
  });

  test("is one of several in a database, each in its schema", async () => {
    const [one, other] = [open({ url: database, schema: "one" }), open({ url: database, schema: "other" })];
    await one.createStudy(definition);
    expect(await other.listStudies()).toEqual([]);
  });

  test("is made once by eight connections that open it together", async () => {
    const schema = freshSchema();
    const storages = Array.from({ length: 8 }, () => open({ url: database, schema }));
    const names = await Promise.all(
      storages.map(async (storage, i) => (await storage.createStudy({ ...definition, name: `study ${i}` })).name),
    );
    expect((await storages[0]!.listStudies()).map(({ name }) => name).sort()).toEqual(names.sort());
  });

  test("needs no right to create anything once its tables are there", async () => {
    const schema = freshSchema();
    const study = await open({ url: database, schema }).createStudy(definition);
    const quoted = pg.escapeIdentifier(schema);
    const url = await withFreshRole(database);
    const { username: role } = new URL(url);
    await query(
      database,
      `grant usage on schema ${quoted} to ${role};
       grant select, insert, update, delete on all tables in schema ${quoted} to ${role};
       grant usage on all sequences in schema ${quoted} to ${role}`,
    );
    const storage = open({ url, schema });
    expect(await storage.findStudy("s")).toEqual(study);
    await storage.createStudy({ ...definition, name: "another" });
  });

  test("takes host, user, password and database as options", async () => {
    const { hostname, port, username, password, pathname } = new URL(database);
    const storage = open({
      host: hostname,
      port: Number(port),
      user: username,
      password: decodeURIComponent(password),
      database: pathname.slice(1),
      schema: freshSchema(),
    });
    expect(await storage.listStudies()).toEqual([]);
  });

  test("writes doubles exactly where the role has them shortened, and ends no session setting behind it", async () => {
    const url = await withFreshRole(database, "superuser");
    await query(database, `alter role ${new URL(url).username} set extra_float_digits = 0`);
    const createdAt = 0.1 + 0.2;
    const storage = open({ url, schema: freshSchema(), connections: 1 });
    await storage.createStudy({ ...definition, createdAt });
    expect((await storage.findStudy("s"))?.createdAt).toBe(createdAt);
  });

  test("holds no more connections than it may, and gives the process back when idle", async () => {
    const url = new URL(database);
    url.searchParams.set("application_name", "counted");
    const storage = open({ url: url.href, schema: freshSchema(), connections: 2 });
    await Promise.all(Array.from({ length: 20 }, () => storage.listStudies()));
    const count = "select count(*)::int as n from pg_stat_activity where application_name = 'counted'";
    expect(await query(database, count)).toEqual([{ n: 2 }]);
    await storage.close();
    // The server notices the end of a session a moment later.
    await expect.poll(() => query(database, count)).toEqual([{ n: 0 }]);
  });

  test("goes on when what its session has prepared is of no use any more", async () => {
    const schema = freshSchema();
    const storage = open({ url: database, schema, connections: 1 });
    const study = await storage.createStudy(definition);
    expect(await storage.findStudy("s")).toEqual(study);
    // As a newer version of the library would, while this one is at work.
    for (const change of ["add column extra text", "alter column retries type bigint"]) {
      await query(database, `alter table ${pg.escapeIdentifier(schema)}.studies ${change}`);
      expect(await storage.findStudy("s")).toEqual(study);
    }
  });

  test("asks the server once an operation, begin and commit included", async () => {
    const relay = await Relay.before(Number(new URL(database).port));
    relays.push(relay);
    const storage = open({ url: relay.through(database), schema: freshSchema(), connections: 1 });
    const counted: Record<string, number> = {};
    const count = async <T>(operation: string, run: () => Promise<T>): Promise<T> => {
      const before = relay.roundTrips;
      const result = await run();
      counted[operation] = relay.roundTrips - before;
      return result;
    };
    const draft = { params: { x: 1 }, note: null, attributes: {}, startedAt: 1, owner: storage.newOwner() } as const;
    const waiting = { ...draft, state: "waiting", startedAt: null, owner: null } as const;
    const outcome = { state: "completed", value: 1, metrics: {}, error: null, finishedAt: 2 } as const;
    const reports = [0, 1, 2].map((step) => ({ step, value: step }));
    await count("create the tables, listStudies", () => storage.listStudies());
    const { id } = await count("createStudy", () => storage.createStudy(definition));
    await count("findStudy", () => storage.findStudy("s"));
    await count("createTrial", () => storage.createTrial(id, { ...draft, number: 0, state: "running" }));
    await count("reportTrial", () => storage.reportTrial(id, 0, reports, 1));
    await count("finishTrial", () => storage.finishTrial(id, 0, outcome, { attempt: 1, since: 0 }));
    await storage.createTrial(id, { ...waiting, number: 1 });
    await count("claimTrial", () => storage.claimTrial(id, { owner: draft.owner, startedAt: 1 }));
    await count("trialsSince", () => storage.trialsSince(id, 0));
    await count("sweep", () => storage.sweep(id));
    await count("renewLeases", () => storage.renewLeases(draft.owner));
    await count("releaseTrial", () => storage.releaseTrial(id, 1, 1));
    await count("setTrialAttribute", () => storage.setTrialAttribute(id, 1, "a", 1));
    await count("updateStudy", () => storage.updateStudy(id, { attributes: { a: 1 } }));
    expect(counted).toEqual({
      "create the tables, listStudies": 7,
      createStudy: 1,
      findStudy: 1,
      createTrial: 1,
      reportTrial: 1,
      finishTrial: 1,
      claimTrial: 1,
      trialsSince: 1,
      sweep: 1,
      renewLeases: 1,
      releaseTrial: 1,
      setTrialAttribute: 2,
      updateStudy: 2,
    });
  });

  test("gives the trial that it made in a line when the answer was lost, and drafts no other", async () => {
    const relay = await Relay.before(Number(new URL(database).port));
    relays.push(relay);
    const storage = open({ url: relay.through(database), schema: freshSchema(), connections: 1 });
    const { id } = await storage.createStudy(definition);
    let drafts = 0;
    const owner = storage.newOwner();
    const trial = await storage.createNext!(id, 0, ({ trials }) => {
      drafts++;
      relay.losesNextCommit = true;
      // As a study does whose budget of trials is one.
      if (trials.length > 0) return null;
      return { number: 0, state: "running", params: {}, note: null, attributes: {}, startedAt: 1, owner };
    });
    expect([trial?.number, drafts, relay.losesNextCommit]).toEqual([0, 1, false]);
  });

  test("waits for the disk after a commit, and at each commit where the server has no statement for that", async () => {
    const schema = freshSchema();
    const url = await withFreshRole(database);
    const quoted = pg.escapeIdentifier(schema);
    const { username: role } = new URL(url);
    await query(database, `grant create on database "${new URL(database).pathname.slice(1)}" to "${role}"`);
    const { id } = await open({ url, schema }).createStudy(definition);
    await query(
      database,
      `create table ${quoted}.waits (setting text, at pg_lsn);
       grant insert on ${quoted}.waits to ${role};
       create function ${quoted}.note() returns trigger language plpgsql as $$ begin
         insert into ${quoted}.waits values (current_setting('synchronous_commit'), pg_current_wal_insert_lsn());
         return new;
       end $$;
       create trigger note after insert on ${quoted}.trials for each row execute function ${quoted}.note()`,
    );
    const draft = { state: "waiting", params: {}, note: null, attributes: {}, startedAt: null, owner: null } as const;
    const isFlushed = `select pg_current_wal_flush_lsn() > at as yes from ${quoted}.waits`;
    await open({ url, schema }).createTrial(id, { ...draft, number: 0 });
    expect(await query(database, isFlushed)).toEqual([{ yes: true }]);
    const right = await query(
      database,
      "select oid::regprocedure::text as name from pg_proc where proname = 'pg_logical_emit_message'",
    );
    const all = `all on function ${right.map(({ name }) => name).join(", ")}`;
    await query(database, `revoke ${all} from public`);
    try {
      await open({ url, schema }).createTrial(id, { ...draft, number: 1 });
    } finally {
      await query(database, `grant ${all} to public`);
    }
    expect(await query(database, `select setting from ${quoted}.waits`)).toEqual([
      { setting: "off" },
      { setting: "on" },
    ]);
  });

  test("has the server look at its tables when a study has grown, so that one trial is found without reading all", async () => {
    const schema = freshSchema();
    const storage = open({ url: database, schema, connections: 1 });
    const { id } = await storage.createStudy(definition);
    const draft = { state: "waiting", params: {}, note: null, attributes: {}, startedAt: null, owner: null } as const;
    const known = async () =>
      query(
        database,
        `select reltuples::int as rows from pg_class where oid = '${pg.escapeIdentifier(schema)}.trials'::regclass`,
      );
    for (let number = 0; number < 63; number++) await storage.createTrial(id, { ...draft, number });
    expect(await known()).toEqual([{ rows: -1 }]);
    await storage.createTrial(id, { ...draft, number: 63 });
    await storage.listStudies();
    expect(await known()).toEqual([{ rows: 64 }]);
  });

  test("finds what it reads by the indices, even in tables that the server knows as small ones", async () => {
    const schema = freshSchema();
    const storage = open({ url: database, schema, connections: 1 });
    const { id } = await storage.createStudy(definition);
    const owner = storage.newOwner();
    const draft = { state: "running", params: {}, note: null, attributes: {}, startedAt: 1, owner } as const;
    const outcome = { state: "completed", value: 1, metrics: {}, error: null, finishedAt: 2 } as const;
    for (let number = 0; number < 40; number++) {
      await storage.createTrial(id, { ...draft, number });
      if (number === 2) await query(database, `analyze ${pg.escapeIdentifier(schema)}.trials`);
      await storage.finishTrial(id, number, outcome, { attempt: 1, since: number });
    }
    await storage.close();
    const scans = `select seq_scan::int as whole, idx_scan::int as "by index" from pg_stat_user_tables
      where schemaname = '${schema}' and relname = 'trials'`;
    // A session says what it did when it ends. It reads a table whole while it builds its indices.
    await expect
      .poll(() => query(database, scans), { timeout: 10_000 })
      .toEqual([{ whole: expect.toSatisfy((n) => n < 20), "by index": expect.toSatisfy((n) => n > 80) }]);
  });

  test("renews leases while the event loop is blocked, and no longer when it is closed", async () => {
    const schema = freshSchema();
    const [storage, other] = [open({ url: database, schema }), open({ url: database, schema })];
    const { id } = await storage.createStudy({ ...definition, leases: { graceMs: 2000, retries: 1 } });
    const draft = { params: {}, note: null, attributes: {}, startedAt: 1, owner: storage.newOwner() } as const;
    await storage.createTrial(id, { ...draft, number: 0, state: "running" });
    const [granted] = await other.leases(id);
    await expect.poll(async () => (await other.leases(id))[0]!.until, { timeout: 10_000 }).not.toBe(granted!.until);
    const end = performance.now() + 4000;
    while (performance.now() < end);
    expect(await other.sweep(id)).toEqual({ requeued: [], lost: [] });
    await storage.close();
    await expect.poll(() => other.sweep(id), { timeout: 10_000 }).toEqual({ requeued: [0], lost: [] });
  });

  test("may be closed while more is asked of it than it has connections for", async () => {
    const storage = open({ url: database, schema: freshSchema(), connections: 1 });
    await storage.listStudies();
    const asked = Array.from({ length: 10 }, () => storage.listStudies());
    await storage.close();
    for (const outcome of await Promise.allSettled(asked)) {
      if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(StorageError);
    }
  });
});

describe("what cannot be used is refused with the command that mends it:", () => {
  test("a missing database", async () => {
    const url = new URL(database);
    url.pathname = "no_such";
    const { message } = await refusal({ url: url.href });
    expect(message).toMatch(/^The PostgreSQL storage in database "no_such", schema "assay", at 127\.0\.0\.1:\d+ as "/);
    expect(message).toContain(
      'there is no such database (database "no_such" does not exist). Create it: CREATE DATABASE "no_such" OWNER "postgres";',
    );
  });

  test("a wrong password, and one that is missing", async () => {
    const url = new URL(database);
    url.password = "wrong";
    const { message } = await refusal({ url: url.href });
    expect(message).toContain("the server does not accept this user and password");
    expect(message).toContain("ALTER ROLE \"postgres\" LOGIN PASSWORD '…';");
    url.password = "";
    expect((await refusal({ url: url.href })).message).toContain("the server asks for a password, but none was given");
    // The server does not go on waiting for one.
    const starting = "select count(*)::int as n from pg_stat_activity where state = 'starting'";
    await expect.poll(() => query(database, starting)).toEqual([{ n: 0 }]);
  });

  test("no right to create the schema, or to read its tables, or to write them", async () => {
    const schema = freshSchema();
    const url = await withFreshRole(database);
    const { username: role } = new URL(url);
    const grant = `GRANT CREATE ON DATABASE "${new URL(database).pathname.slice(1)}" TO "${role}";`;
    expect((await refusal({ url, schema })).message).toContain(grant);
    await open({ url: database, schema }).createStudy(definition);
    const usage = `GRANT USAGE ON SCHEMA "${schema}" TO "${role}"; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES`;
    expect((await refusal({ url, schema })).message).toContain(usage);
    const quoted = pg.escapeIdentifier(schema);
    await query(
      database,
      `grant usage on schema ${quoted} to ${role}; grant select on all tables in schema ${quoted} to ${role}`,
    );
    const storage = open({ url, schema, patienceMs: 0 });
    expect(await storage.listStudies()).toHaveLength(1);
    await expect(storage.createStudy({ ...definition, name: "t" })).rejects.toThrow(usage);
    // The commands it names do mend it.
    await query(
      database,
      `grant select, insert, update, delete on all tables in schema ${quoted} to ${role};
       grant usage on all sequences in schema ${quoted} to ${role}`,
    );
    await storage.createStudy({ ...definition, name: "t" });
  });

  test("a schema of a newer version, which stays as it is", async () => {
    const schema = freshSchema();
    await open({ url: database, schema }).listStudies();
    const quoted = pg.escapeIdentifier(schema);
    await query(database, `update ${quoted}.schema_version set version = 99`);
    const { message } = await refusal({ url: database, schema });
    expect(message).toContain(`its schema version must be at most ${SCHEMA_VERSION}, but is 99`);
    expect(message).toContain("Update the library");
    expect(await query(database, `select version from ${quoted}.schema_version`)).toEqual([{ version: 99 }]);
  });

  test("a schema with another program's tables, which stays as it is", async () => {
    await query(database, "create schema theirs; create table theirs.trials (a int)");
    expect((await refusal({ url: database, schema: "theirs" })).message).toMatch(
      /holds a table of another program .*Name another schema/,
    );
    const tables = "select tablename from pg_tables where schemaname = 'theirs'";
    expect(await query(database, tables)).toEqual([{ tablename: "trials" }]);
  });

  test("a database in another encoding", async () => {
    const { message } = await refusal({ url: ascii });
    expect(message).toContain("its encoding must be UTF8, but is SQL_ASCII");
    expect(message).toContain("ENCODING 'UTF8'");
  });

  test("no server, no host, and a server without encryption", async () => {
    const url = new URL(database);
    url.port = "1";
    expect((await refusal({ url: url.href })).message).toMatch(
      /no server answers there .*pg_isready -h 127\.0\.0\.1 -p 1/,
    );
    url.hostname = "no-such-host.invalid";
    expect((await refusal({ url: url.href })).message).toMatch(/host/);
    expect((await refusal({ url: `${database}?sslmode=verify-full` })).message).toContain(
      "encryption was asked for, but the server has none",
    );
    expect((await refusal({ url: database, ssl: true })).message).toContain("leave sslmode out");
  });

  test("a server that only reads", async () => {
    const schema = freshSchema();
    await open({ url: database, schema }).listStudies();
    const storage = open({ url: database, schema, patienceMs: 0 });
    // As a standby answers.
    await query(
      database,
      `create function ${pg.escapeIdentifier(schema)}.refuse() returns trigger language plpgsql as
         $$ begin raise exception 'cannot execute INSERT in a read-only transaction' using errcode = '25006'; end $$;
       create trigger refuse before insert on ${pg.escapeIdentifier(schema)}.studies
         for each row execute function ${pg.escapeIdentifier(schema)}.refuse()`,
    );
    await expect(storage.createStudy(definition)).rejects.toThrow(/only reads, as a standby does .*Name the primary/);
  });
});

describe("an option is refused when", () => {
  test.each([
    ["the URL is another database's", { url: "mysql://u:hush@h/d" }, /must begin with postgres:\/\//],
    ["the URL is none", { url: "postgres://[hush" }, /cannot be read as one/],
    ["the password ends at a hash", { url: "postgres://u:hush#word@h/d" }, /no fragment/],
    ["the password ends at a slash", { url: "postgres://u:hush/word@h/d" }, /single '@'/],
    ["the password ends at a question mark", { url: "postgres://u:hush?word@h/d" }, /single '@'/],
    ["the schema has no name", { schema: "" }, /must be a name of 1 to 63 bytes/],
    ["the schema's name would be cut", { schema: "ß".repeat(32) }, /must be a name of 1 to 63 bytes/],
    ["the schema is PostgreSQL's", { schema: "pg_catalog" }, /does not begin with pg_/],
    ["there is no connection", { connections: 0 }, /`connections` must be an integer of at least 1, but got 0/],
    ["patience is negative", { patienceMs: -1 }, /`patienceMs` must be between 0 and 2147483647, but got -1/],
    ["patience is no number", { patienceMs: Number.NaN }, /`patienceMs` must be/],
  ] as const)("%s", (_, options, message) => {
    let error: unknown;
    try {
      postgres(options);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as Error).message).toMatch(message);
    expect(inspect(error, { showHidden: true, depth: null })).not.toContain("hush");
  });
});

describe("a password is nowhere to be seen", () => {
  const PASSWORD = "p@ss:w/o?r#d%'\"\\ ß";
  let secretive: string;
  beforeAll(async () => {
    secretive = await withFreshRole(database, "superuser", PASSWORD);
  });
  const forms = [PASSWORD, encodeURIComponent(PASSWORD), encodeURI(PASSWORD), "p@ss", "p%40ss"];

  function expectHidden(value: unknown): void {
    const shown = [inspect(value, { showHidden: true, depth: 20 }), JSON.stringify(value) ?? "", String(value)];
    for (let cause = value; cause instanceof Error; cause = cause.cause) {
      shown.push(cause.message, cause.stack ?? "", JSON.stringify({ ...cause }));
    }
    for (const form of forms) expect(shown.join("\n")).not.toContain(form);
  }

  test("in the storage itself", async () => {
    const storage = open({ url: secretive, schema: freshSchema() });
    await storage.listStudies();
    expectHidden(storage);
  });

  test("in the errors of a first use", async () => {
    const url = new URL(secretive);
    const changes = { username: "another", pathname: "no_such", port: "1", hostname: "h.invalid" };
    for (const [part, value] of Object.entries(changes)) {
      const changed: URL = Object.assign(new URL(url), { [part]: value });
      expectHidden(await refusal({ url: changed.href }));
    }
    expectHidden(await refusal({ url: `${url}?sslrootcert=/no/such/file` }));
    const { hostname: host, port } = url;
    const options = { host, port: Number(port), user: "another", password: PASSWORD, database: "no_such" };
    expectHidden(await refusal(options));
  });

  test("in the errors of a connection that is lost, or of a server that would show it", async () => {
    const relay = await Relay.before(Number(new URL(database).port));
    relays.push(relay);
    const schema = freshSchema();
    const storage = open({ url: relay.through(secretive), schema, patienceMs: 0 });
    await storage.listStudies();
    relay.isSilent = true;
    const pending = storage.listStudies().catch((error: unknown) => error);
    setTimeout(() => relay.cut(), 50);
    const lost = await pending;
    expect(lost).toBeInstanceOf(StorageError);
    expect((lost as StorageError).message).toContain("the server cannot be reached");
    expectHidden(lost);

    relay.isSilent = false;
    await query(
      database,
      `create function ${pg.escapeIdentifier(schema)}.tell() returns trigger language plpgsql as
         $$ begin raise exception '%', ${pg.escapeLiteral(`the password is ${PASSWORD}`)} using detail = ${pg.escapeLiteral(PASSWORD)}; end $$;
       create trigger tell before insert on ${pg.escapeIdentifier(schema)}.studies
         for each row execute function ${pg.escapeIdentifier(schema)}.tell()`,
    );
    const told = await storage.createStudy(definition).catch((error: unknown) => error);
    expect((told as StorageError).message).toContain("(the password is ***)");
    expectHidden(told);
  });
});

describe("an error is transient", () => {
  const code = (code: string) => Object.assign(new Error("x"), { code });
  test.each([
    "40001",
    "40P01",
    "57P01",
    "57P05",
    "08006",
    "08P01",
    "53300",
    "55P03",
    "57014",
    "25P03",
    "ECONNRESET",
    "EAI_AGAIN",
  ])("with code %s", (it) => expect(isTransient(code(it))).toBe(true));
  test.each(["23505", "42P01", "28P01", "3D000", "53100", "22003", "XX000", "EACCES", "ERR_TLS_CERT_ALTNAME_INVALID"])(
    "but not with code %s",
    (it) => expect(isTransient(code(it))).toBe(false),
  );
  test("when pg says without a code that the connection is gone, but not when it is the library's own", () => {
    expect(isTransient(new Error("Connection terminated unexpectedly"))).toBe(true);
    expect(isTransient(new Error("Client has encountered a connection error and is not queryable"))).toBe(true);
    expect(isTransient(new Error("something else"))).toBe(false);
    expect(isTransient(new AssayError("STORAGE", "Connection terminated"))).toBe(false);
  });
});

describe("a message of several statements", () => {
  const clients: pg.Client[] = [];
  afterAll(async () => {
    for (const client of clients) await client.end();
  });
  async function client(url = database): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    await client.connect();
    clients.push(client);
    return client;
  }
  const sql = (sql: string, ...parameters: (string | number | null)[]) => ({ sql, parameters, returnsRows: true });

  test("gives the rows of each, with numbers as numbers and booleans as 0 and 1", async () => {
    const rows = await send(await client(), [
      sql("select 1::int2 as a, 2::int4 as b, 9007199254740991::int8 as c, 1.5::numeric as d, true as e, false as f"),
      { ...sql("select 7 as ignored"), returnsRows: false },
      sql("select null::int4 as a, 'text' as b where $1::int4 = 1", 2),
      sql("select $1::text as a, $2::int4 as b", "\u{1F9EA}\ud800", null),
    ]);
    expect(rows).toEqual([
      [{ a: 1, b: 2, c: 9007199254740991, d: 1.5, e: 1, f: 0 }],
      [],
      [],
      [{ a: "\u{1F9EA}\ufffd", b: null }],
    ]);
  });

  test("keeps every double bit for bit", async () => {
    const doubles = [-0, 0, Infinity, -Infinity, Number.NaN, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, -(2 ** 63)];
    const connection = await client();
    for (const double of doubles) {
      const [[row]] = (await send(connection, [sql("select $1::double precision as a", double)])) as [[{ a: number }]];
      expect(row.a).toBe(double);
    }
  });

  test("runs none of them after the first that fails, even when that is the BEGIN", async () => {
    const connection = await client();
    const schema = pg.escapeIdentifier(freshSchema());
    await query(database, `create schema ${schema}; create table ${schema}.t (a int)`);
    const insert = sql(`insert into ${schema}.t values (1) returning a`);
    await expect(send(connection, [sql("begin no such thing"), insert, sql("commit")])).rejects.toThrow("syntax error");
    await expect(send(connection, [insert, sql("select 1 / $1", 0), insert])).rejects.toThrow("division by zero");
    expect(await query(database, `select count(*)::int as n from ${schema}.t`)).toEqual([{ n: 0 }]);
    expect(await send(connection, [insert])).toEqual([[{ a: 1 }]]);
  });

  test("is parsed once in a session that keeps it, and again where that failed or was undone", async () => {
    const connection = await client();
    const kept = "select count(*)::int as n from pg_prepared_statements where statement like '%as kept%'";
    const ask = (divisor: number) => send(connection, [sql("select 4 / $1::int as kept", divisor)], { prepare: true });
    await expect(ask(0)).rejects.toThrow("division by zero");
    for (const divisor of [1, 2, 4]) expect(await ask(divisor)).toEqual([[{ kept: 4 / divisor }]]);
    expect((await connection.query(kept)).rows).toEqual([{ n: 1 }]);
    await connection.query("deallocate all");
    await expect(ask(1)).rejects.toSatisfy(isForgotten);
    expect(await send(connection, [sql("select 4 / $1::int as kept", 1)])).toEqual([[{ kept: 4 }]]);
    expect((await connection.query(kept)).rows).toEqual([{ n: 0 }]);
  });

  test("is waited for while the event loop was blocked", async () => {
    const answer = send(await client(), [sql("select 1 as a")], { silenceMs: 100 });
    const end = performance.now() + 300;
    while (performance.now() < end);
    expect(await answer).toEqual([[{ a: 1 }]]);
  });

  test("is given up when the server says nothing, and waited for while it speaks", async () => {
    const relay = await Relay.before(Number(new URL(database).port));
    relays.push(relay);
    const connection = await client(relay.through(database));
    // 20 rows, one each 20 ms: no silence of 200 ms, though all take longer.
    const slow = sql("select pg_sleep(0.02)::text as a, repeat('x', 20000) as b from generate_series(1, 20)");
    expect((await send(connection, [slow], { silenceMs: 200 }))[0]).toHaveLength(20);
    relay.isSilent = true;
    const begin = performance.now();
    await expect(send(connection, [sql("select 1 as a")], { silenceMs: 200 })).rejects.toThrow("no answer for 0.2 s");
    expect(performance.now() - begin).toBeLessThan(2000);
    await expect(send(connection, [sql("select 1 as a")], { silenceMs: 200 })).rejects.toSatisfy(isTransient);
  });
});
