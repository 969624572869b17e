/**
 * Work for a database: statements that are to run in one transaction, written once as a generator. A driver that blocks,
 * as SQLite's do, runs it within one turn of the event loop, so that an objective that computes for minutes can never come
 * between BEGIN and COMMIT while other processes wait for the file; a driver that does not, awaits every statement.
 */
import type { Compilable } from "kysely";

/** What a statement takes and what its columns hold. */
export type SqlValue = string | number | null;

/** A statement with its parameters, ready to run. */
export interface BoundStatement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  readonly returnsRows: boolean;
}

/** Yields each statement, is resumed with its rows, and returns `T`. To throw is to roll back. */
export type Work<T> = Generator<BoundStatement, T, readonly unknown[]>;

/** A statement that was compiled once. Called with its parameters by name it is a piece of work that returns the rows. */
export type Statement<P, R> = (parameters: P) => Work<readonly R[]>;

/**
 * Compiles the query that `build` makes of placeholders, which stand where values of the types in `P` will. Kysely takes
 * about as long to compile a query as SQLite to run it, so no query is compiled twice.
 */
export function statement<P extends Readonly<Record<string, SqlValue>>, R>(
  build: (placeholders: P) => Compilable<R>,
): Statement<P, R> {
  const compiled = build(new Proxy({} as P, { get: (_, name) => new Placeholder(String(name)) })).compile();
  const names = compiled.parameters.map((parameter) => (parameter instanceof Placeholder ? parameter.name : null));
  const { sql, query } = compiled;
  const returnsRows = query.kind === "SelectQueryNode" || ("returning" in query && query.returning !== undefined);
  return function* (parameters) {
    const values = names.map((name, i) => (name === null ? (compiled.parameters[i] as SqlValue) : parameters[name]!));
    return (yield { sql, parameters: values, returnsRows }) as readonly R[];
  };
}

/** Stands in a query for a value that is not known yet. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}
