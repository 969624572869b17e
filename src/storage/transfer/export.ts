/**
 * A study as lines of JSON: one for the study, then for each trial one for itself, one for its reports and one for its attempts
 * where there are any, and an end that counts them. The same study gives the same lines, whatever stores it.
 */
import { NotFoundError, show } from "../../errors.ts";
import type { FrozenTrial, Report } from "../../trial/trial.ts";
import type { Attempt, Storage, StoredStudy, TrialOutcome } from "../storage.ts";
import { lineWriter } from "./lines.ts";

/** Of the lines; a newer one is refused. */
export const FORMAT = 1;

/**
 * The lines of a study as it is when the first is asked for, each with its newline. Those who work on it are not disturbed.
 *
 * @throws NotFoundError when there is no study of this name
 * @example await writeFile("churn.jsonl", exportStudy(storage, "churn"))
 */
export async function* exportStudy(storage: Storage, name: string): AsyncGenerator<string, void, undefined> {
  const { study, trials, attempts } = await readStudy(storage, name);
  const line = lineWriter();
  yield line({ event: "study", format: FORMAT, study: studyJson(study) }, `study ${show(name)}`);
  const counts = { trials: trials.length, reports: 0, attempts: 0 };
  for (const trial of trials) {
    const { number, reports } = trial;
    const subject = `trial ${number}`;
    const own = attempts.get(number) ?? [];
    counts.reports += reports.length;
    counts.attempts += own.length;
    yield line({ event: "trial", trial: trialJson(trial) }, subject);
    if (reports.length > 0) yield line({ event: "reports", number, reports: reports.map(reportJson) }, subject);
    if (own.length > 0) yield line({ event: "attempts", number, attempts: own.map(attemptJson) }, subject);
  }
  yield line({ event: "end", ...counts }, "the end");
}

interface StudyRead {
  readonly study: StoredStudy;
  readonly trials: readonly FrozenTrial[];
  readonly attempts: ReadonlyMap<number, readonly Attempt[]>;
}

/** @throws NotFoundError */
export async function readStudy(storage: Storage, name: string): Promise<StudyRead> {
  const study = await storage.findStudy(name);
  if (study === null)
    throw new NotFoundError(`There is no study ${show(name)} in this storage. Look at its list of studies.`);
  const { trials } = await storage.trialsSince(study.id, 0);
  // The attempts are read a moment after the trials, which may go on meanwhile: what began since is left out.
  const attempts = (await storage.attempts(study.id)).filter((it) => it.attempt <= (trials[it.number]?.attempt ?? 0));
  return { study, trials, attempts: Map.groupBy(attempts, ({ number }) => number) };
}

type Fields = Readonly<Record<string, unknown>>;

// Fields are named one by one, for their order is part of a line and storages hand them out in different ones.
function studyJson({ name, direction, space, seed, attributes, createdAt, budget, leases }: StoredStudy): Fields {
  const { trials, cost, wallMs } = budget;
  const { graceMs, retries } = leases;
  const bounds = defined({ trials, cost, wallMs });
  return { name, direction, space, seed, attributes, createdAt, budget: bounds, leases: { graceMs, retries } };
}

function trialJson(trial: FrozenTrial): Fields {
  const { number, state, attempt, attributes, note, startedAt } = trial;
  return { number, state, attempt, attributes, note, startedAt, ...outcomeJson(trial) };
}

function outcomeJson(outcome: Omit<TrialOutcome, "state" | "finishedAt"> & Pick<FrozenTrial, "finishedAt">): Fields {
  const { params, value, standardError, cost, metrics, error, finishedAt } = outcome;
  return defined({ params, value, standardError, cost, metrics: withoutNaN(metrics), error, finishedAt });
}

function reportJson({ step, value }: Report): Fields {
  return { step, value: Number.isNaN(value) ? null : value };
}

function attemptJson({ attempt, owner, startedAt, endedAt, end, late }: Attempt): Fields {
  const told = late === null ? null : { state: late.state, ...outcomeJson(late) };
  return { attempt, owner, startedAt, endedAt, end, late: told };
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** NaN is null in metrics and reports, where null has no meaning of its own. */
function withoutNaN(metrics: Readonly<Record<string, number>>): Fields {
  return Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, Number.isNaN(value) ? null : value]));
}
