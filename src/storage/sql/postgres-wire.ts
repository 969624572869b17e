/**
 * Several statements as one message to a PostgreSQL server and one answer: Parse, Bind and Execute of each, then a single
 * Sync. If one fails the server passes over the rest, so that nothing ever runs outside of the transaction that was to hold
 * it. The pipeline of pg itself ends each statement with a Sync: were BEGIN cancelled there, those after it would run and
 * commit one by one. Numbers are told by their types here, for pg's parsers are common to all users of a process.
 *
 * Source: PostgreSQL documentation, "Frontend/Backend Protocol", extended query and pipelining.
 */
import { createHash } from "node:crypto";
import type { ClientBase } from "pg";
import { type Clock, systemClock } from "../clock.ts";
import { type BoundStatement, NOW, type SqlValue } from "./work.ts";

/** A server that says nothing for so long is taken for lost. */
const SILENCE_MS = 30_000;

export interface SendOptions {
  readonly silenceMs?: number;
  /** What `NOW` stands for. */
  readonly clock?: Clock;
  /** Whether the session is to keep the statements, so that it need not parse them each time; see `isForgotten`. */
  readonly prepare?: boolean;
}

/** The statements that each session keeps, by their text, with the columns of their rows. */
const prepared = new WeakMap<ClientBase, Map<string, readonly Column[]>>();

/** Sends the statements and resolves with the rows of each. Rejects with what the server or the connection reports. */
export function send(
  client: ClientBase,
  statements: readonly BoundStatement[],
  { silenceMs = SILENCE_MS, clock = systemClock, prepare = false }: SendOptions = {},
): Promise<readonly (readonly Row[])[]> {
  const bound = statements.map((statement) => ({
    ...statement,
    values: statement.parameters.map((value) => encode(value === NOW ? clock() : value)),
  }));
  const kept = prepared.get(client) ?? new Map<string, readonly Column[]>();
  prepared.set(client, kept);
  return new Promise((resolve, reject) => {
    // Types of pg 8 know of `submit` only; the rest of what a client expects is in its lib/client.js, as pg-cursor relies on too.
    client.query(new Batch(bound, prepare ? kept : null, silenceMs, resolve, reject) as never);
  });
}

type Row = Readonly<Record<string, SqlValue>>;

/** The part of pg's `Connection` that is written to. */
interface Wire {
  readonly stream: { write(message: Uint8Array): void; destroy(error: Error): void };
}

interface EncodedStatement extends BoundStatement {
  /** The parameters as text. */
  readonly values: readonly (string | null)[];
}

interface Column {
  readonly name: string;
  readonly dataTypeID: number;
}

class Batch {
  readonly #statements: readonly EncodedStatement[];
  readonly #kept: Map<string, readonly Column[]> | null;
  readonly #silenceMs: number;
  readonly #resolve: (rows: readonly (readonly Row[])[]) => void;
  readonly #reject: (error: unknown) => void;
  readonly #rows: Row[][];
  #silence: NodeJS.Timeout | undefined;
  /** How many messages came. */
  #heard = 0;
  /** The columns of those that the session has not kept. */
  readonly #described = new Map<string, readonly Column[]>();
  /** The statement that is being answered. */
  #current = 0;

  constructor(
    statements: readonly EncodedStatement[],
    kept: Map<string, readonly Column[]> | null,
    silenceMs: number,
    resolve: (rows: readonly (readonly Row[])[]) => void,
    reject: (error: unknown) => void,
  ) {
    this.#statements = statements;
    this.#kept = kept;
    this.#silenceMs = silenceMs;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#rows = statements.map(() => []);
  }

  submit(wire: Wire): void {
    this.#silence = setTimeout(() => this.#endSilence(wire), this.#silenceMs);
    const messages = new Messages();
    const parsed = new Set<string>();
    for (const { sql, values, returnsRows } of this.#statements) {
      const name = this.#kept === null ? "" : nameOf(sql);
      const isNew = !(this.#kept?.has(sql) || parsed.has(sql));
      if (isNew) {
        // The session may have one of this name that nobody knows of; to close one that it does not have is no error.
        if (name !== "") messages.begin("C").text(`S${name}`).end();
        messages.begin("P").text(name, sql).int16(0).end();
        if (name !== "") parsed.add(sql);
      }
      messages.begin("B").text("", name).int16(0).int16(values.length).values(values).int16(0).end();
      if (isNew && returnsRows) messages.begin("D").text("P").end();
      messages.begin("E").text("").int32(0).end();
    }
    wire.stream.write(messages.begin("S").end().all());
  }

  handleRowDescription({ fields }: { fields: readonly Column[] }): void {
    this.#hear();
    this.#described.set(this.#statements[this.#current]!.sql, fields);
  }

  handleDataRow({ fields: values }: { fields: readonly (string | null)[] }): void {
    this.#hear();
    const { sql, returnsRows } = this.#statements[this.#current]!;
    if (!returnsRows) return;
    const columns = this.#described.get(sql) ?? this.#kept!.get(sql)!;
    const row: Record<string, SqlValue> = {};
    for (let i = 0; i < columns.length; i++) row[columns[i]!.name] = decode(columns[i]!.dataTypeID, values[i]!);
    this.#rows[this.#current]!.push(row);
  }

  handleCommandComplete(): void {
    this.#hear();
    this.#current++;
  }

  handleReadyForQuery(): void {
    clearTimeout(this.#silence);
    // After an error nothing is known of those that were new; they are prepared again.
    for (const { sql } of this.#statements) {
      if (this.#kept?.has(sql) === false) this.#kept.set(sql, this.#described.get(sql) ?? []);
    }
    this.#resolve(this.#rows);
  }

  /** What the server refuses, or a connection that is lost. */
  handleError(error: unknown): void {
    clearTimeout(this.#silence);
    this.#reject(error);
  }

  #hear(): void {
    this.#heard++;
    this.#silence?.refresh();
  }

  /** When the event loop was blocked, the answer may be there already and is read before `setImmediate`. */
  #endSilence(wire: Wire): void {
    const heard = this.#heard;
    setImmediate(() => {
      if (this.#heard > heard) return;
      const error = new Error(`Connection terminated: no answer for ${this.#silenceMs / 1000} s`);
      wire.stream.destroy(Object.assign(error, { code: "ETIMEDOUT" }));
    });
  }
}

/** Messages of a client, one after the other: a letter, the length of what follows, and its fields. One write of them costs less than one of each. */
class Messages {
  #bytes = Buffer.allocUnsafe(4096);
  #length = 0;
  #begin = 0;

  begin(letter: string): this {
    this.#begin = this.#length + 1;
    this.#grow(5);
    this.#length += this.#bytes.write(letter, this.#length, "latin1") + 4;
    return this;
  }

  end(): this {
    this.#bytes.writeInt32BE(this.#length - this.#begin, this.#begin);
    return this;
  }

  int16(value: number): this {
    this.#grow(2);
    this.#length = this.#bytes.writeInt16BE(value, this.#length);
    return this;
  }

  int32(value: number): this {
    this.#grow(4);
    this.#length = this.#bytes.writeInt32BE(value, this.#length);
    return this;
  }

  /** Each ends with a zero. */
  text(...texts: readonly string[]): this {
    for (const text of texts) {
      this.#grow(MOST_BYTES * text.length + 1);
      this.#length += this.#bytes.write(text, this.#length);
      this.#length = this.#bytes.writeUInt8(0, this.#length);
    }
    return this;
  }

  /** Each after its length, which is −1 for null. */
  values(values: readonly (string | null)[]): this {
    for (const value of values) {
      if (value === null) this.int32(-1);
      else {
        this.#grow(MOST_BYTES * value.length + 4);
        const length = this.#bytes.write(value, this.#length + 4);
        this.#length = this.#bytes.writeInt32BE(length, this.#length) + length;
      }
    }
    return this;
  }

  all(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafe(2 * (this.#length + more));
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }
}

/** Of one character of a string in UTF-8. */
const MOST_BYTES = 3;

/** Whether the session has not kept a statement after all, as another one behind PgBouncer, or keeps it for a table that has changed. */
export function isForgotten(error: unknown): boolean {
  const { code, routine } = error as { code?: unknown; routine?: unknown };
  return code === "26000" || (code === "0A000" && routine === "RevalidateCachedQuery");
}

/** The same name is the same text, whoever prepared it: sessions may be shared. */
function nameOf(sql: string): string {
  let name = names.get(sql);
  if (name === undefined) {
    name = `assay_${createHash("sha256").update(sql).digest("hex").slice(0, 40)}`;
    names.set(sql, name);
  }
  return name;
}

const names = new Map<string, string>();

function encode(value: SqlValue): string | null {
  return Object.is(value, -0) ? "-0" : value === null ? null : String(value);
}

const BOOLEAN = 16;
/** int8, int2, int4, oid, float4, float8, numeric. */
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 1700]);

/** Booleans are 0 and 1, as in SQLite. What the server writes of a double is read back bit for bit: −0, Infinity and NaN too. */
function decode(type: number, text: string | null): SqlValue {
  if (text === null) return null;
  if (type === BOOLEAN) return text === "t" ? 1 : 0;
  return NUMBERS.has(type) ? Number(text) : text;
}
