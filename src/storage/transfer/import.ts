/**
 * A study from the lines that `exportStudy` wrote. All of them are read and checked before anything is stored: their checksums, their
 * order and counts, and every field. What is stored is then the whole study, in one transaction.
 */
import { show, ValidationError } from "../../errors.ts";
import { spaceFromJson } from "../../space/json.ts";
import type { FrozenTrial } from "../../trial/trial.ts";
import { checkStudyName } from "../rules.ts";
import type { Attempt, Storage, StoredStudy, StudyCopy, StudyDefinition } from "../storage.ts";
import { FORMAT } from "./export.ts";
import { fault, lineReader } from "./lines.ts";
import {
  type Check,
  count,
  exactly,
  finite,
  json,
  list,
  Misfit,
  nullable,
  number,
  object,
  oneOf,
  record,
  scalar,
  text,
} from "./schema.ts";

export interface ImportOptions {
  /** Under which the study is stored. Default: the name that it had. */
  readonly name?: string;
}

/**
 * Stores the study of these lines, whole or not at all. Trials that ran when it was exported wait, to be run again.
 *
 * @param lines  one by one, with or without their newlines
 * @throws ValidationError naming the first line that is not as it was written, DuplicateError when the storage has a study of this name
 * @example await importStudy(storage, (await open("churn.jsonl")).readLines())
 */
export async function importStudy(
  storage: Storage,
  lines: AsyncIterable<string> | Iterable<string>,
  options: ImportOptions = {},
): Promise<StoredStudy> {
  const { name } = options;
  if (name !== undefined) checkStudyName(name);
  const { study, trials, attempts } = await readCopy(lines);
  return storage.restoreStudy({ study: name === undefined ? study : { ...study, name }, trials, attempts });
}

/** The study of these lines. @throws ValidationError */
export async function readCopy(lines: AsyncIterable<string> | Iterable<string>): Promise<StudyCopy> {
  const read = lineReader();
  const reader = new CopyReader();
  let at = 0;
  for await (const line of lines) {
    at++;
    reader.take(read(line, at), at);
  }
  return reader.copy(at);
}

/** What an event's line holds, once it was checked. */
type StudyLine = { readonly study: StudyDefinition };
type TrialLine = { readonly trial: Omit<FrozenTrial, "reports"> };
type ReportsLine = { readonly number: number; readonly reports: readonly { step: number; value: number | null }[] };
type AttemptsLine = { readonly number: number; readonly attempts: readonly Omit<Attempt, "number">[] };
type EndLine = { readonly trials: number; readonly reports: number; readonly attempts: number };
type Event = keyof typeof LINES;

/** What may follow each event; "" is the beginning. */
const FOLLOWS: Readonly<Record<Event | "", readonly Event[]>> = {
  "": ["study"],
  study: ["trial", "end"],
  trial: ["trial", "reports", "attempts", "end"],
  reports: ["trial", "attempts", "end"],
  attempts: ["trial", "end"],
  end: [],
};

/** Takes the lines in their order. */
class CopyReader {
  #study: StudyDefinition | undefined;
  readonly #trials: FrozenTrial[] = [];
  readonly #attempts: Attempt[] = [];
  #reports = 0;
  #last: Event | "" = "";

  /** @throws ValidationError for a line that cannot follow those before it, or does not hold what its event does */
  take(line: Readonly<Record<string, unknown>>, at: number): void {
    const event = FOLLOWS[this.#last].find((it) => it === line.event);
    if (event === undefined) {
      const rule =
        this.#last === "end"
          ? "be none, for the one before it is the end"
          : `have event ${FOLLOWS[this.#last].join(" or ")}`;
      throw fault(at, `must ${rule}, but has ${show(line.event)}`);
    }
    if (event === "study" && line.format !== FORMAT) {
      throw fault(at, `has format ${show(line.format)}, but this version of the library reads ${FORMAT}. Update it`);
    }
    try {
      LINES[event](line, event);
    } catch (error) {
      throw error instanceof Misfit ? fault(at, error.message) : error;
    }
    this.#last = event;
    const known: unknown = line;
    if (event === "study") this.#takeStudy(known as StudyLine, at);
    else if (event === "trial") this.#takeTrial(known as TrialLine, at);
    else if (event === "reports") this.#takeReports(known as ReportsLine, at);
    else if (event === "attempts") this.#takeAttempts(known as AttemptsLine, at);
    else this.#takeEnd(known as EndLine, at);
  }

  /** All that was taken. @throws ValidationError when the end is missing */
  copy(lines: number): StudyCopy {
    if (this.#last !== "end" || this.#study === undefined) {
      throw new ValidationError(
        `An exported study must close with a line of event "end", but there is none among its ${lines} lines: it was cut off. Export it again.`,
      );
    }
    return { study: this.#study, trials: this.#trials, attempts: this.#attempts };
  }

  #takeStudy({ study }: StudyLine, at: number): void {
    try {
      checkStudyName(study.name);
      spaceFromJson(study.space);
    } catch (error) {
      throw fault(at, `must hold a study that can be resumed, but: ${(error as Error).message.replace(/\.$/, "")}`);
    }
    this.#study = study;
  }

  #takeTrial({ trial }: TrialLine, at: number): void {
    if (trial.number !== this.#trials.length) {
      throw fault(at, `must hold trial ${this.#trials.length}, but holds trial ${trial.number}`);
    }
    this.#trials.push({ ...trial, metrics: withNaN(trial.metrics), reports: [] });
  }

  #takeReports({ number, reports }: ReportsLine, at: number): void {
    const trial = this.#lastTrial(number, at);
    // A set holds 0 and −0 for the same, as a trial does with steps.
    if (new Set(reports.map(({ step }) => step)).size < reports.length) {
      throw fault(at, "must hold one report for each step, but one step stands twice");
    }
    this.#reports += reports.length;
    const read = reports.map(({ step, value }) => ({ step, value: value ?? Number.NaN }));
    this.#trials[number] = { ...trial, reports: read };
  }

  #takeAttempts({ number, attempts }: AttemptsLine, at: number): void {
    const trial = this.#lastTrial(number, at);
    let before = 0;
    for (const attempt of attempts) {
      if (attempt.attempt <= before || attempt.attempt > trial.attempt) {
        throw fault(
          at,
          `must hold attempts of 1 to ${trial.attempt} in order, but ${attempt.attempt} follows ${before}`,
        );
      }
      before = attempt.attempt;
      const { late } = attempt;
      this.#attempts.push({
        ...attempt,
        number,
        late: late === null ? null : { ...late, metrics: withNaN(late.metrics) },
      });
    }
  }

  #takeEnd(line: EndLine, at: number): void {
    const counted = { trials: this.#trials.length, reports: this.#reports, attempts: this.#attempts.length };
    for (const what of ["trials", "reports", "attempts"] as const) {
      if (line[what] !== counted[what]) throw fault(at, `counts ${line[what]} ${what}, but there are ${counted[what]}`);
    }
  }

  /** The trial to which a line belongs that follows it. */
  #lastTrial(number: number, at: number): FrozenTrial {
    const trial = this.#trials.at(-1)!;
    if (number === trial.number) return trial;
    throw fault(at, `must belong to trial ${trial.number}, which it follows, but names trial ${number}`);
  }
}

function withNaN(metrics: Readonly<Record<string, number | null>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, value ?? Number.NaN]));
}

const error = nullable(object({ message: text }, { stack: text }));
const metrics = record(nullable(number));
const outcome = object(
  { state: oneOf("completed", "pruned", "failed"), value: nullable(number), metrics, error, finishedAt: number },
  { params: record(scalar), standardError: number, cost: number },
);
const bound = object({}, { trials: count, cost: number, wallMs: number });

/** What the line of each event holds. */
const LINES = {
  study: object({
    event: json,
    format: exactly(FORMAT),
    study: object({
      name: text,
      direction: oneOf("minimize", "maximize"),
      space: list(json),
      seed: (value, path) => (typeof value === "string" ? text : finite)(value, path),
      attributes: record(json),
      createdAt: number,
      budget: bound,
      leases: object({ graceMs: number, retries: count }),
    }),
  }),
  trial: object({
    event: json,
    trial: object(
      {
        number: count,
        state: oneOf("waiting", "running", "completed", "pruned", "failed", "lost"),
        attempt: count,
        params: record(scalar),
        value: nullable(number),
        metrics,
        attributes: record(json),
        note: json,
        error,
        startedAt: nullable(number),
        finishedAt: nullable(number),
      },
      { standardError: number, cost: number },
    ),
  }),
  reports: object({ event: json, number: count, reports: list(object({ step: number, value: nullable(number) })) }),
  attempts: object({
    event: json,
    number: count,
    attempts: list(
      object({
        attempt: count,
        owner: text,
        startedAt: number,
        endedAt: nullable(number),
        end: nullable(oneOf("told", "released", "lapsed", "died")),
        late: nullable(outcome),
      }),
    ),
  }),
  end: object({ event: json, trials: count, reports: count, attempts: count }),
} satisfies Record<string, Check>;
