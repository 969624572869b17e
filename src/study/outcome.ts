/**
 * What an objective may return or a caller may tell, checked once at the study's edge and turned into the outcome that a
 * storage keeps.
 */
import { show, TrialPruned, ValidationError } from "../errors.ts";
import type { TrialOutcome } from "../storage/storage.ts";
import type { Report, TrialError } from "../trial/trial.ts";

/** A completed trial's result: the value alone, or with what else is known of it. */
export type ObjectiveResult =
  | number
  | {
      readonly value: number;
      /** Standard error of the value, in its unit. */
      readonly standardError?: number;
      /** In any unit of the user's. */
      readonly cost?: number;
      readonly metrics?: Readonly<Record<string, number>>;
    };

/** What `study.tell` takes. */
export type TellResult =
  | ObjectiveResult
  | { readonly failed: unknown }
  | { readonly pruned: true; readonly value?: number };

type Outcome = Omit<TrialOutcome, "finishedAt" | "params">;

/**
 * The outcome of a result. A value that is not finite makes a failed trial with a reason, for it can be neither best nor
 * modelled; a result of a wrong shape is the caller's mistake.
 *
 * @throws ValidationError when `result` is none of the shapes
 */
export function outcomeOf(result: TellResult, reports: readonly Report[]): Outcome {
  if (typeof result === "number") return completed({ value: result });
  if (typeof result === "object" && result !== null) {
    if ("failed" in result) return failed(result.failed);
    if ("pruned" in result) return pruned(result.value ?? reports.at(-1)?.value ?? null);
    if ("value" in result) return completed(result);
  }
  throw new ValidationError(
    `A trial's result must be a number, { value, standardError?, cost?, metrics? }, { failed: error } or { pruned: true }, but got ${show(result)}.`,
  );
}

/** The outcome of an objective that threw. */
export function outcomeOfThrown(thrown: unknown, reports: readonly Report[]): Outcome {
  return thrown instanceof TrialPruned ? pruned(reports.at(-1)?.value ?? null) : failed(thrown);
}

function completed(result: Exclude<ObjectiveResult, number>): Outcome {
  const { value, standardError, cost, metrics = {} } = result;
  if (typeof value !== "number") {
    throw new ValidationError(
      `A trial's value must be a number, but got ${show(value)}. Return a number from the objective.`,
    );
  }
  for (const [name, number] of [
    ["standardError", standardError],
    ["cost", cost],
  ] as const) {
    if (number !== undefined && !(typeof number === "number" && number >= 0 && Number.isFinite(number))) {
      throw new ValidationError(`A trial's ${name} must be a finite number >= 0, but got ${show(number)}.`);
    }
  }
  const known = checkMetrics(metrics);
  if (!Number.isFinite(value)) {
    return {
      ...failed(new Error(`The value of a trial must be finite, but the objective returned ${value}.`)),
      metrics: known,
    };
  }
  return {
    state: "completed",
    value,
    ...(standardError === undefined ? {} : { standardError }),
    ...(cost === undefined ? {} : { cost }),
    metrics: known,
    error: null,
  };
}

/** The metrics that are known: an undefined one, such as the AUC of a single class, comes as NaN and is left out. */
function checkMetrics(metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  for (const [name, number] of Object.entries(metrics)) {
    if (typeof number !== "number") {
      throw new ValidationError(`A trial's metrics must be numbers, but ${show(name)} is ${show(number)}.`);
    }
  }
  return Object.fromEntries(Object.entries(metrics).filter(([, number]) => !Number.isNaN(number)));
}

function pruned(value: number | null): Outcome {
  return { state: "pruned", value: value !== null && Number.isFinite(value) ? value : null, metrics: {}, error: null };
}

function failed(thrown: unknown): Outcome {
  return { state: "failed", value: null, metrics: {}, error: describeThrown(thrown) };
}

/** An error record of anything that can be thrown. */
export function describeThrown(thrown: unknown): TrialError {
  if (thrown instanceof Error) {
    const message = thrown.message === "" ? thrown.name : thrown.message;
    return thrown.stack === undefined ? { message } : { message, stack: thrown.stack };
  }
  return { message: typeof thrown === "string" ? thrown : show(thrown) };
}
