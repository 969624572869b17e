/**
 * Work for a database: statements that are to run in one transaction, rarely in two, written once as a generator of steps. A driver that
 * blocks, as SQLite's do, runs it within one turn of the event loop, so that an objective that computes for minutes can never
 * come between BEGIN and COMMIT while other processes wait for the file. For a server far away a step is one message and one
 * answer, the transaction's begin and end included; so what happens often is written as a single step, its decisions as
 * conditions in SQL, and only what is rare takes several.
 */
import type { Compilable } from "kysely";

/** What a statement takes and what its columns hold. */
export type SqlValue = string | number | null;

/** Stands among the parameters of a statement for the time at which it is run, where the database has no clock to be asked in SQL. */
export const NOW: unique symbol = Symbol("now");

/** A statement with its parameters, ready to run. */
export interface BoundStatement {
  readonly sql: string;
  readonly parameters: readonly (SqlValue | typeof NOW)[];
  readonly returnsRows: boolean;
}

/** A statement whose rows are of type `R`. */
export interface Query<R> extends BoundStatement {
  /** For the compiler alone. */
  readonly row?: R;
}

/** Statements that go to the database together, in one round trip. */
export interface Step {
  readonly statements: readonly BoundStatement[];
  /** Whether the transaction ends with it, so that the commit goes with it too. */
  readonly isLast: boolean;
  /** What is to be read after that, in the same round trip and a transaction of its own, when nobody is held up by it any more. Their rows follow. */
  readonly reads: readonly BoundStatement[];
}

/** Yields each step, is resumed with the rows of each of its statements, and returns `T`. To throw before the last step is to roll back. */
export type Work<T> = Generator<Step, T, readonly (readonly unknown[])[]>;

/** The rows of each query. */
type Rows<Q extends readonly Query<unknown>[]> = {
  readonly [K in keyof Q]: Q[K] extends Query<infer R> ? readonly R[] : never;
};

/** Runs queries together; more are to follow. */
export function* step<const Q extends readonly Query<unknown>[]>(
  ...queries: Q
): Generator<Step, Rows<Q>, readonly (readonly unknown[])[]> {
  return (yield { statements: queries, isLast: false, reads: [] }) as Rows<Q>;
}

/**
 * Runs queries together, and commits. What may not happen must be in their conditions, for it is too late to roll back after. Steps that
 * follow are a transaction of their own: what is rare, such as why nothing came of the others, is asked there.
 */
export function* lastStep<const Q extends readonly Query<unknown>[]>(
  ...queries: Q
): Generator<Step, Rows<Q>, readonly (readonly unknown[])[]> {
  return (yield { statements: queries, isLast: true, reads: [] }) as Rows<Q>;
}

/** The same, and reads what is there then. @returns the rows of the last of the statements, and those of each query */
export function* lastStepAndRead<T, const Q extends readonly Query<unknown>[]>(
  statements: readonly [...BoundStatement[], Query<T>],
  ...reads: Q
): Generator<Step, readonly [readonly T[], ...Rows<Q>], readonly (readonly unknown[])[]> {
  const rows = yield { statements, isLast: true, reads };
  return rows.slice(statements.length - 1) as unknown as readonly [readonly T[], ...Rows<Q>];
}

/** A statement that was compiled once, to be called with its parameters by name. */
export type Statement<P, R> = (parameters: P) => Query<R>;

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
  return (parameters) => {
    const values = names.map((name, i) => (name === null ? (compiled.parameters[i] as SqlValue) : parameters[name]!));
    return { sql, parameters: values, returnsRows };
  };
}

/** Stands in a query for a value that is not known yet. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}
