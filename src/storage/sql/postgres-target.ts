/**
 * The database that a PostgreSQL storage is for: how it is named in errors, which never have its password, and what the
 * errors of server and connection mean, with the command that mends them.
 */
import { AssayError, StorageError, show, ValidationError } from "../../errors.ts";

/** How to reach it, as it was resolved from the URL, the options and the environment. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly schema: string;
  /** May be in no error. */
  readonly password: string;
}

/** @throws ValidationError, which does not show the URL, when it is none that can be read in one way only */
export function checkUrl(text: string): void {
  const refuse = (rule: string) =>
    new ValidationError(
      `The URL of a PostgreSQL storage ${rule}. Write it as postgres://user:password@host:5432/database, with the ` +
        "password through encodeURIComponent. (It is not shown here, for it may hold a password.)",
    );
  if (!/^postgres(ql)?:\/\//.test(text)) throw refuse("must begin with postgres://");
  // "#", "/", "?" and "@" of a password end it where they are not encoded, and its rest would be taken for a host or a database.
  if (text.includes("#")) throw refuse("must have no fragment, but has a '#'");
  if (/@/.test(text.slice(text.indexOf("//") + 2).replace(/^[^/?]*@/, ""))) {
    throw refuse("must have a single '@', before the host");
  }
  if (!URL.canParse(text)) throw refuse("must be a URL, but cannot be read as one");
}

/** PostgreSQL cuts longer identifiers in silence, and keeps the names that begin with "pg_" for itself. */
export function checkSchema(schema: string): void {
  const isName = typeof schema === "string" && schema !== "" && !schema.includes("\0") && schema.isWellFormed();
  if (!isName || Buffer.byteLength(schema) > 63 || schema.startsWith("pg_")) {
    throw new ValidationError(
      "The schema of a PostgreSQL storage must be a name of 1 to 63 bytes that does not begin with pg_, " +
        `but got ${show(schema)}.`,
    );
  }
}

/** SQLSTATEs, and classes of them, after which the same statement may succeed a little later. */
const TRANSIENT_STATES = new RegExp(
  [
    "40001|40P01", // serialization_failure, deadlock_detected
    "57P0[1-5]", // the server goes down, crashed, cannot connect now
    "08...", // connection exceptions, and what PgBouncer reports of its servers
    "53300", // too_many_connections
    "55P03|57014", // lock_not_available; query_canceled, as by statement_timeout
    "25P0[34]", // idle_in_transaction_session_timeout, transaction_timeout
  ]
    .map((states) => `^(${states})$`)
    .join("|"),
);
const TRANSIENT_CODES =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENOTFOUND|EAI_AGAIN)$/;
/** What pg says of a connection that is gone, without a code. */
const TRANSIENT_MESSAGES =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout (exceeded|expired)|Query read timeout)/;

/** Whether the same work may succeed a little later, as it is. */
export function isTransient(error: unknown): boolean {
  if (error instanceof AssayError) return false;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === "string") return TRANSIENT_STATES.test(code) || TRANSIENT_CODES.test(code);
  return TRANSIENT_MESSAGES.test(String(message));
}

/** Why the storage cannot be used, as an error that names it. Our own errors pass. */
export function explain(error: unknown, target: Target): AssayError {
  if (error instanceof AssayError) return error;
  const cause = withoutPassword(error, target.password);
  const [reason, remedy] = reasonOf(cause, target);
  return refusal(target, `${reason} (${cause.message})`, remedy, cause);
}

export function refusal(target: Target, rule: string, remedy: string, cause?: Error): StorageError {
  const { user, host, port, database, schema } = target;
  const place = host.startsWith("/") ? `${host}, port ${port}` : `${host}:${port}`;
  return new StorageError(
    `The PostgreSQL storage in database ${name(database)}, schema ${name(schema)}, at ${place} as ${name(user)} ` +
      `cannot be used: ${rule}. ${remedy}`,
    cause === undefined ? {} : { cause },
  );
}

/** A copy that holds the message, the code and the server's hints, and no more: pg's errors may refer to their client. */
function withoutPassword(error: unknown, password: string): Error & { code?: string } {
  const { message, code, detail, hint } = error as Readonly<Record<string, unknown>>;
  // Node's errors of several addresses have a code and no message.
  const text = message === undefined || message === "" ? String(code ?? error) : String(message);
  const copy = new Error(redact(text, password));
  for (const [key, value] of Object.entries({ code, detail, hint })) {
    if (typeof value === "string") Object.assign(copy, { [key]: redact(value, password) });
  }
  return copy;
}

function redact(text: string, password: string): string {
  if (password === "") return text;
  return text.replaceAll(password, "***").replaceAll(encodeURIComponent(password), "***");
}

/** As an identifier in SQL, which is what the remedies are. */
function name(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

type Reason = readonly [reason: string, remedy: string];

function reasonOf(error: Error & { code?: string }, target: Target): Reason {
  const { code = "", message } = error;
  const { host, port } = target;
  const [user, database, schema] = [name(target.user), name(target.database), name(target.schema)];
  const known: Readonly<Record<string, Reason>> = {
    "3D000": ["there is no such database", `Create it: CREATE DATABASE ${database} OWNER ${user};`],
    "28P01": [
      "the server does not accept this user and password",
      `Correct them, or set a new password: ALTER ROLE ${user} LOGIN PASSWORD '…';`,
    ],
    "28000": [
      "the server does not let this user in",
      `Create the role (CREATE ROLE ${user} LOGIN PASSWORD '…';) or allow it, its database and this host in pg_hba.conf; ` +
        "where the server wants encryption, end the URL with ?sslmode=verify-full.",
    ],
    "42501": [
      "the user lacks a permission",
      `For the first start: GRANT CREATE ON DATABASE ${database} TO ${user}; or CREATE SCHEMA ${schema} AUTHORIZATION ${user}; ` +
        `For tables that are there: GRANT USAGE ON SCHEMA ${schema} TO ${user}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL ` +
        `TABLES IN SCHEMA ${schema} TO ${user}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${user}; ` +
        "(a new version of the tables is made by their owner).",
    ],
    "42P07": ["the schema holds a table of another program", "Name another schema in the option `schema`."],
    "25006": ["the server only reads, as a standby does", "Name the primary server."],
    "53100": ["the server's disk is full", "Free some space there and go on; what was acknowledged is safe."],
    "53200": ["the server is out of memory", "Give it more, or fewer connections."],
    "53300": [
      "the server has no connection left",
      "Raise max_connections, put PgBouncer in front, or lower the option `connections`.",
    ],
    ECONNREFUSED: ["no server answers there", `Start it, or correct host and port (pg_isready -h ${host} -p ${port}).`],
    ENOTFOUND: ["there is no host of this name", "Correct the host."],
    EAI_AGAIN: ["the name of the host cannot be looked up", "Check the network and the host."],
    ETIMEDOUT: ["the server does not answer", "Check the network between here and there."],
  };
  const reason = known[code];
  if (reason !== undefined) return reason;
  if (/password must be a (non-empty )?string/.test(message)) {
    return [
      "the server asks for a password, but none was given",
      "Put it into the URL (through encodeURIComponent), the option `password` or the variable PGPASSWORD.",
    ];
  }
  if (/does not support SSL/.test(message)) {
    return ["encryption was asked for, but the server has none", "Switch ssl on there, or leave sslmode out."];
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/.test(code)) {
    return [
      "the server's certificate is not trusted",
      "Give the certificate of its authority: ?sslmode=verify-full&sslrootcert=FILE in the URL, or ssl: { ca }.",
    ];
  }
  if (isTransient(error)) return ["the server cannot be reached", "Check that it runs and the network between."];
  return ["PostgreSQL reports an error", "See the error's cause."];
}
