/** What can be wrong with a PostgreSQL database and its server's settings. One connection, which only reads. */
import type { Client, ClientConfig } from "pg";
import { StorageError, show } from "../errors.ts";
import { systemClock } from "../storage/clock.ts";
import { SCHEMA_VERSION } from "../storage/sql/migrations.ts";
import { checkUrl, explain } from "../storage/sql/postgres-target.ts";
import { duration } from "./figures.ts";
import type { Finding } from "./finding.ts";

/** The schema of `postgres()`, unless another is asked for. */
const SCHEMA = "assay";

/** @throws StorageError when the server cannot be reached, with the command that mends it and without the password */
export async function examinePostgres(url: string): Promise<readonly Finding[]> {
  checkUrl(url);
  const client = await connect({ connectionString: url, connectionTimeoutMillis: 15_000, statement_timeout: 60_000 });
  try {
    return await examine(client);
  } catch (error) {
    throw explain(error, targetOf(client));
  } finally {
    await client.end();
  }
}

async function connect(config: ClientConfig): Promise<Client> {
  const { default: pg } = await import("pg").catch((cause) => {
    throw new StorageError("The PostgreSQL storage needs the package pg, which is not installed: npm install pg", {
      cause,
    });
  });
  const client = new pg.Client(config);
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw explain(error, targetOf(client));
  }
}

function targetOf({ host, port, user = "", database = "", password }: Client) {
  return { host, port, user, database, schema: SCHEMA, password: typeof password === "string" ? password : "" };
}

interface Server {
  readonly version: number;
  readonly release: string;
  readonly encoding: string;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
  readonly most: number;
  readonly used: number;
  readonly standby: boolean;
  readonly readonly: string;
  readonly checksums: string;
  readonly ssl: boolean | null;
  readonly local: boolean;
  readonly now: number;
}

const SERVER =
  "select current_setting('server_version_num')::integer as version, current_setting('server_version') as release, " +
  "current_setting('server_encoding') as encoding, current_setting('fsync') as fsync, " +
  "current_setting('full_page_writes') as full_page_writes, current_setting('synchronous_commit') as synchronous_commit, " +
  "current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer as most, " +
  "(select count(*)::integer from pg_stat_activity where backend_type = 'client backend') as used, " +
  "pg_is_in_recovery() as standby, current_setting('default_transaction_read_only') as readonly, " +
  "current_setting('data_checksums') as checksums, (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as ssl, " +
  "(inet_client_addr() is null or inet_client_addr() <<= '127.0.0.0/8' or inet_client_addr() = '::1') as local, " +
  "(extract(epoch from clock_timestamp()) * 1000)::double precision as now";

async function examine(client: Client): Promise<readonly Finding[]> {
  const from = systemClock();
  const { rows } = await client.query<Server>(SERVER);
  const between = (from + systemClock()) / 2;
  const server = rows[0]!;
  return [
    ...settings(server),
    connections(server),
    clock(server.now - between, systemClock() - from),
    encryption(server),
    ...(await tables(client)),
    await waits(client),
  ];
}

const OLDEST_SERVER = 140_000;

function settings(server: Server): Finding[] {
  const { version, release, encoding, fsync, full_page_writes, synchronous_commit, standby, readonly, checksums } =
    server;
  const at = (
    check: string,
    isWell: boolean,
    found: string,
    remedy: string,
    otherwise: "wrong" | "note" = "wrong",
  ): Finding => ({
    ...{ check, status: isWell ? "ok" : otherwise, found, remedy },
  });
  return [
    at("version", version >= OLDEST_SERVER, `PostgreSQL ${release}`, "Use PostgreSQL 14 or later."),
    at("encoding", encoding === "UTF8", encoding, "CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8';"),
    at(
      ...(["fsync", fsync === "on", fsync] as const),
      "A crash of the machine can destroy the database: ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();",
    ),
    at(
      ...(["full pages", full_page_writes === "on", `full_page_writes ${full_page_writes}`] as const),
      "A crash can tear pages: ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf(); (some file systems do without.)",
      "note",
    ),
    at(
      ...(["commits", synchronous_commit !== "off", `synchronous_commit ${synchronous_commit}`] as const),
      "Assay's own writes switch it on for themselves; other programs' may be lost in a crash.",
      "note",
    ),
    at(
      ...(["checksums", checksums === "on", `data_checksums ${checksums}`] as const),
      "Faults of the disk go unseen: pg_checksums --enable, with the server stopped.",
      "note",
    ),
    at(
      ...(["role", !standby && readonly === "off", standby ? "a standby, which only reads" : "a primary"] as const),
      "Name the primary server, and leave default_transaction_read_only off.",
    ),
  ];
}

/** A worker's most connections: four of its pool, and one that renews leases. */
const OF_A_WORKER = 5;

function connections({ most, used }: Server): Finding {
  const found = `${used} of ${most} in use; room for about ${Math.max(0, Math.floor((most - used) / OF_A_WORKER))} more workers`;
  const remedy = "Raise max_connections, or put PgBouncer in front, in transaction mode.";
  return { check: "connections", status: most - used < 4 * OF_A_WORKER ? "note" : "ok", found, remedy };
}

const SKEW_MS = 2000;

function clock(skewMs: number, tripMs: number): Finding {
  const isWell = Math.abs(skewMs) < SKEW_MS + tripMs;
  return {
    ...{ check: "clock", status: isWell ? "ok" : "note" },
    found: `${duration(Math.abs(skewMs))} ${skewMs > 0 ? "behind" : "ahead of"} the server's (round trip ${Math.round(tripMs)} ms)`,
    remedy: "Leases go by the server's clock and are not touched; the times of trials are. Run NTP on both.",
  };
}

function encryption({ ssl, local }: Server): Finding {
  const isOpen = ssl !== true && !local;
  return {
    ...{ check: "encryption", status: isOpen ? "note" : "ok" },
    found: ssl === true ? "TLS" : local ? "none, but the server is on this machine" : "none, over a network",
    remedy: "End the URL with ?sslmode=verify-full, which encrypts and checks whom one speaks to.",
  };
}

async function tables(client: Client): Promise<Finding[]> {
  const { rows: found } = await client.query<{ name: string; may: boolean }>(
    "select tablename as name, has_schema_privilege(schemaname, 'usage') and has_table_privilege(" +
      "quote_ident(schemaname) || '.' || quote_ident(tablename), 'select') and has_table_privilege(quote_ident(schemaname) || '.' " +
      "|| quote_ident(tablename), 'insert, update, delete') as may from pg_tables where schemaname = $1 order by tablename",
    [SCHEMA],
  );
  if (found.length === 0) return [await mayCreate(client)];
  const refused = found.filter(({ may }) => !may).map(({ name }) => name);
  if (refused.length > 0) {
    const grants = `GRANT USAGE ON SCHEMA ${SCHEMA} TO CURRENT_USER; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${SCHEMA} TO CURRENT_USER;`;
    const remedy = `As the owner of the tables, with this user in place of CURRENT_USER: ${grants}`;
    return [{ check: "permissions", status: "wrong", found: `this user may not use ${refused.join(", ")}`, remedy }];
  }
  return [
    { check: "permissions", status: "ok", found: `this user may use the ${found.length} tables of schema ${SCHEMA}` },
    ...(await content(client)),
  ];
}

async function mayCreate(client: Client): Promise<Finding> {
  const { rows } = await client.query<{ may: boolean }>(
    "select has_database_privilege(current_database(), 'create') or exists (select from pg_namespace where nspname = $1 " +
      "and has_schema_privilege(oid, 'create')) as may",
    [SCHEMA],
  );
  return rows[0]!.may
    ? { check: "permissions", status: "ok", found: "no tables yet; this user may create them" }
    : {
        ...{ check: "permissions", status: "wrong", found: "no tables yet, and this user may not create them" },
        remedy: `As the owner of the database, with this user's name: CREATE SCHEMA ${SCHEMA} AUTHORIZATION …;`,
      };
}

/** What the tables hold. */
async function content(client: Client): Promise<Finding[]> {
  const { rows: versions } = await client.query<{ version: number }>(`select version from ${SCHEMA}.schema_version`);
  const version = versions[0]?.version ?? 0;
  if (version !== SCHEMA_VERSION) {
    const found = `version ${version}; this program writes ${SCHEMA_VERSION}`;
    return version < SCHEMA_VERSION
      ? [
          {
            check: "schema",
            status: "note",
            found,
            remedy: "It is brought up to date at first use. Back it up before: pg_dump.",
          },
        ]
      : [{ check: "schema", status: "wrong", found, remedy: "A newer version of Assay wrote it: update this one." }];
  }
  const { rows: gaps } = await client.query<{ name: string }>(
    `select name from ${SCHEMA}.studies s left join (select study_id, count(*) as count, max(number) as last from ${SCHEMA}.trials ` +
      "group by study_id) t on t.study_id = s.id where trial_count <> coalesce(t.count, 0) or trial_count <> coalesce(t.last + 1, 0)",
  );
  const { rows: leases } = await client.query<{ running: number; late: number }>(
    "select count(*)::integer as running, (count(*) filter (where lease_until <= extract(epoch from clock_timestamp()) * 1000))" +
      `::integer as late from ${SCHEMA}.trials where state = 'running'`,
  );
  const { running, late } = leases[0]!;
  return [
    { check: "schema", status: "ok", found: `version ${version}` },
    {
      ...{ check: "integrity", status: gaps.length === 0 ? "ok" : "wrong" },
      found:
        gaps.length === 0
          ? "the trials of all studies are complete"
          : `trials are missing in ${gaps.map(({ name }) => show(name)).join(", ")}`,
      remedy: "Somebody else wrote to these tables. Restore them from a copy.",
    },
    {
      ...{ check: "leases", status: late === 0 ? "ok" : "note" },
      found:
        late === 0
          ? `${running} trials run, none whose lease ran out`
          : `${late} of ${running} running trials have a lease that ran out`,
      remedy: "Their workers are gone or cut off. The next worker takes them; or: assay sweep",
    },
  ];
}

/** Sessions that hold others up. */
async function waits(client: Client): Promise<Finding> {
  const { rows } = await client.query<{ pid: number; seconds: number }>(
    "select pid, extract(epoch from clock_timestamp() - state_change)::integer as seconds from pg_stat_activity where datname = " +
      "current_database() and state like 'idle in transaction%' and clock_timestamp() - state_change > interval '30 seconds'",
  );
  if (rows.length === 0) return { check: "locks", status: "ok", found: "no session sits on an open transaction" };
  return {
    ...{ check: "locks", status: "wrong" },
    found: rows.map(({ pid, seconds }) => `session ${pid} has sat on an open transaction for ${seconds} s`).join("; "),
    remedy: `End it: SELECT pg_terminate_backend(${rows[0]!.pid});`,
  };
}
