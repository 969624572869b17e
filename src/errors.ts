/**
 * Every error the library throws. A message gives the rule, the subject, what was got and, where it is not plain, the
 * remedy: "`low <= high` must hold for parameter 'lr', but got low=1, high=0.1." `code` is for programs, the text for people.
 */

/** What all errors of this library have in common; `code` is stable across versions, the message is not. */
export class AssayError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An argument, a value or a file breaks a rule that the caller can keep. */
export class ValidationError extends AssayError {
  constructor(message: string, options?: ErrorOptions) {
    super("VALIDATION", message, options);
  }
}

/** A study, trial or parameter that was asked for by name or number does not exist. */
export class NotFoundError extends AssayError {
  constructor(message: string, options?: ErrorOptions) {
    super("NOT_FOUND", message, options);
  }
}

/** Something with this name exists already. */
export class DuplicateError extends AssayError {
  constructor(message: string, options?: ErrorOptions) {
    super("DUPLICATE", message, options);
  }
}

/** A trial that has ended is told, reported to or changed again. */
export class TrialFinishedError extends AssayError {
  constructor(message: string, options?: ErrorOptions) {
    super("TRIAL_FINISHED", message, options);
  }
}

/** A computation could not be carried out to the accuracy that is promised. */
export class NumericalError extends AssayError {
  constructor(message: string, options?: ErrorOptions) {
    super("NUMERICAL", message, options);
  }
}

/** The storage could not be opened, read or written; `cause` has the driver's own error. */
export class StorageError extends AssayError {
  constructor(message: string, options?: ErrorOptions) {
    super("STORAGE", message, options);
  }
}

/** The study's budget of trials, cost or time is spent, so no trial may begin. */
export class BudgetSpentError extends AssayError {
  constructor(message: string, options?: ErrorOptions) {
    super("BUDGET_SPENT", message, options);
  }
}

/** Every configuration of a finite space has been tried, so there is none left to ask for. */
export class SpaceExhaustedError extends AssayError {
  constructor(message: string, options?: ErrorOptions) {
    super("SPACE_EXHAUSTED", message, options);
  }
}

/** No configuration was found that keeps the constraints of its space; the message says how many were tried. */
export class SpaceInfeasibleError extends AssayError {
  constructor(message: string, options?: ErrorOptions) {
    super("SPACE_INFEASIBLE", message, options);
  }
}

/** The study stopped because too many trials failed in a row; the last failures are in the message. */
export class TooManyFailuresError extends AssayError {
  constructor(message: string, options?: ErrorOptions) {
    super("TOO_MANY_FAILURES", message, options);
  }
}

/** A worker thread ended (out of memory, `process.exit`, a native fault) before its task did; only that task fails. */
export class WorkerCrashedError extends AssayError {
  constructor(message: string, options?: ErrorOptions) {
    super("WORKER_CRASHED", message, options);
  }
}

/** A program that was run for a trial ended without a result: it failed, was stopped, or printed none. */
export class ProgramError extends AssayError {
  constructor(message: string, options?: ErrorOptions) {
    super("PROGRAM", message, options);
  }
}

/** Thrown by an objective to end its trial early: a signal, not a failure. */
export class TrialPruned extends Error {
  constructor(message = "The objective pruned this trial.") {
    super(message);
    this.name = "TrialPruned";
  }
}

/** How the name of a file or a command is printed in an error: whole, for what is cut cannot be looked up or told from another. */
export function showWhole(text: string): string {
  return JSON.stringify(text);
}

/** How an offending value is printed in an error: short, quoted, never throwing. */
export function show(value: unknown): string {
  if (typeof value === "string")
    return value.length > 60 ? `${JSON.stringify(value.slice(0, 57))}…` : JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[function ${value.name || "anonymous"}]`;
  if (Object.is(value, -0)) return "-0";
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (ArrayBuffer.isView(value))
    return `${value.constructor.name}(${(value as unknown as { length?: number }).length ?? value.byteLength})`;
  if (typeof value === "object" && value !== null) {
    try {
      const text = JSON.stringify(value);
      if (text !== undefined) return text.length > 80 ? `${text.slice(0, 77)}…` : text;
    } catch {
      return Object.prototype.toString.call(value);
    }
  }
  return String(value);
}
