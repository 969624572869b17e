/**
 * A study of Optuna's, from its SQLite database or its journal, as one of ours. Optuna's spaces are defined by the objective as it runs,
 * so the parameters are marked as such, and an objective here may ask for them or a study declare them. What Optuna does not keep (a
 * seed, attempts) the copy does not have.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { AssayError, NotFoundError, StorageError, show, ValidationError } from "../../../errors.ts";
import { categorical } from "../../../space/choice.ts";
import { float, int } from "../../../space/numeric.ts";
import type { FlatParams, Parameter, ParamValue } from "../../../space/parameter.ts";
import type { FrozenTrial, Json, TrialState } from "../../../trial/trial.ts";
import { frozenCopy } from "../../exact-json.ts";
import { LEASES, type Storage, type StoredStudy, type StudyCopy } from "../../storage.ts";
import { checkPath } from "../sqlite-file.ts";
import { readDatabase } from "./database.ts";
import { readJournal } from "./journal.ts";
import { type OptunaStudy, type OptunaTrial, readPythonJson } from "./record.ts";

export interface OptunaImportOptions {
  /** The name of the study in the file; may be left out where there is one only. */
  readonly study?: string;
  /** Under which it is stored. Default: the name that it had. */
  readonly name?: string;
  /** Seeds the random numbers with which it goes on, for Optuna keeps none. Default 0. */
  readonly seed?: number | string;
}

/**
 * Stores a study of Optuna's. The file may be its SQLite database (schema version 12) or its journal, and is only read. Trials that ran
 * wait, as do those that were enqueued; NaN in attributes becomes null.
 *
 * @throws NotFoundError when the file has no such study, StorageError when it is none of Optuna's, ValidationError when the study has
 *   several objectives, or a parameter of which this library has no like, DuplicateError when the storage has a study of its name
 * @example await importOptunaStudy(sqlite("studies.db"), "optuna.db", { study: "churn" })
 */
export async function importOptunaStudy(
  storage: Storage,
  path: string | URL,
  options: OptunaImportOptions = {},
): Promise<StoredStudy> {
  return storage.restoreStudy(readCopy(checkPath(path), options));
}

function readCopy(file: string, options: OptunaImportOptions): StudyCopy {
  try {
    const magic = Buffer.alloc(16);
    const descriptor = openSync(file, "r");
    readSync(descriptor, magic);
    closeSync(descriptor);
    const studies = magic.toString("latin1") === "SQLite format 3\0" ? readDatabase(file) : readJournal(file);
    return copyOf(choose(studies, options.study), options);
  } catch (error) {
    if (error instanceof AssayError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw new StorageError(`A file of Optuna must exist to be imported, but there is no ${JSON.stringify(file)}.`);
    }
    throw new StorageError(
      `A file to be imported must be as Optuna writes it, but ${JSON.stringify(file)} is not (${(error as Error).message}). ` +
        "See whether Optuna itself can read it.",
      { cause: error },
    );
  }
}

function choose(studies: readonly OptunaStudy[], name: string | undefined): OptunaStudy {
  const [first, ...others] = name === undefined ? studies : studies.filter((it) => it.name === name);
  if (first !== undefined && others.length === 0) return first;
  const names = studies.map((it) => show(it.name)).join(", ") || "none";
  if (first === undefined)
    throw new NotFoundError(`There is no study ${show(name)} in this file of Optuna. It has: ${names}.`);
  throw new ValidationError(`\`study\` must say which of several studies to import. The file has: ${names}.`);
}

function copyOf(found: OptunaStudy, { name = found.name, seed = 0 }: OptunaImportOptions): StudyCopy {
  const { directions, attributes } = found;
  const direction = directions.length === 1 ? directions[0]!.toLowerCase() : undefined;
  if (direction !== "minimize" && direction !== "maximize") {
    throw new ValidationError(
      `A study of Optuna must have one objective, to be minimized or maximized, but ${show(found.name)} has ${show(directions)}.`,
    );
  }
  const space = spaceOf(found.trials);
  const trials = found.trials.map((trial, number) => trialOf(trial, number, space));
  return {
    study: {
      name,
      direction,
      space: [...space].map(([name, parameter]) => ({ name, parameter: parameter.toJSON() })),
      seed,
      attributes: {
        order: "asap",
        definedByRun: [...space.keys()],
        optuna: frozenCopy(attributes as Json, "attributes"),
      },
      createdAt: trials.find(({ startedAt }) => startedAt !== null)?.startedAt ?? 0,
      leases: LEASES,
    },
    trials,
    attempts: [],
  };
}

const STATES: Readonly<Record<string, TrialState>> = {
  RUNNING: "running",
  WAITING: "waiting",
  COMPLETE: "completed",
  PRUNED: "pruned",
  FAIL: "failed",
};

function trialOf(trial: OptunaTrial, number: number, space: ReadonlyMap<string, Parameter>): FrozenTrial {
  const state = STATES[trial.state];
  if (state === undefined)
    throw new ValidationError(`Trial ${number} must have a state of Optuna's, but has ${show(trial.state)}.`);
  const [value = null] = trial.values;
  const reports = [...trial.reports].map(([step, it]) => ({ step, value: it ?? Number.NaN }));
  return {
    number,
    state,
    attempt: state === "waiting" ? 0 : 1,
    params: { ...enqueued(trial), ...paramsOf(trial, number, space) },
    value: state === "pruned" ? (value ?? lastNumber(reports)) : state === "completed" ? value : null,
    metrics: {},
    reports: state === "waiting" ? [] : reports,
    attributes: frozenCopy(
      Object.fromEntries(trial.attributes) as Record<string, Json>,
      `attributes of trial ${number}`,
    ),
    note: null,
    error:
      state === "failed" ? { message: String(trial.system.get("fail_reason") ?? "The trial failed in Optuna.") } : null,
    startedAt: state === "waiting" ? null : trial.startedAt,
    finishedAt: trial.finishedAt,
  };
}

function lastNumber(reports: readonly { readonly value: number }[]): number | null {
  const value = reports.at(-1)?.value;
  return value === undefined || Number.isNaN(value) ? null : value;
}

/** What `enqueue_trial` fixed. */
function enqueued({ system }: OptunaTrial): FlatParams {
  const fixed = system.get("fixed_params");
  if (typeof fixed !== "object" || fixed === null) return {};
  return Object.fromEntries(Object.entries(fixed).filter(([, value]) => typeof (value ?? 0) !== "object"));
}

function paramsOf({ params }: OptunaTrial, number: number, space: ReadonlyMap<string, Parameter>): FlatParams {
  return Object.fromEntries(
    [...params].map(([name, { value, distribution }]) => {
      const parameter = space.get(name)!;
      const { choices } = readDistribution(distribution).attributes;
      // On a grid Optuna's value is the nearest double but one or two; ours is low + k·step rounded once.
      const own: ParamValue = choices === undefined ? value : choices[value]!;
      const known = parameter.contains(own) ? own : parameter.decode(parameter.encode(own));
      const isNear =
        typeof known === "number" && typeof own === "number" && Math.abs(known - own) <= 1e-9 * Math.abs(own);
      if (known !== own && !isNear) {
        throw new ValidationError(
          `Parameter ${show(name)} of trial ${number} must be a value of ${parameter.describe()}, but is ${show(own)}.`,
        );
      }
      return [name, known];
    }),
  );
}

/** What the JSON of a distribution holds. */
interface Distribution {
  readonly name: string;
  readonly attributes: {
    readonly low: number;
    readonly high: number;
    readonly step?: number | null;
    /** Of distributions before Optuna 3. */
    readonly q?: number;
    readonly log?: boolean;
    readonly choices?: readonly ParamValue[];
  };
}

function readDistribution(text: string): Distribution {
  return readPythonJson(text) as Distribution;
}

/** The parameters, each as wide as all its distributions together, for Optuna lets a range change from trial to trial. */
function spaceOf(trials: readonly OptunaTrial[]): ReadonlyMap<string, Parameter> {
  const texts = new Map<string, Set<string>>();
  for (const { params } of trials) {
    for (const [name, { distribution }] of params) texts.set(name, (texts.get(name) ?? new Set()).add(distribution));
  }
  return new Map(
    [...texts].map(([name, all]) => [name, parameterOf(name, [...all].map(readDistribution).reduce(widened))]),
  );
}

function widened(a: Distribution, b: Distribution): Distribution {
  if (kindOf(a) !== kindOf(b)) {
    throw new ValidationError(
      `A parameter must keep its kind in all trials to be imported, but Optuna has ${show(a)} and ${show(b)} for one.`,
    );
  }
  const [low, high] = [Math.min(a.attributes.low, b.attributes.low), Math.max(a.attributes.high, b.attributes.high)];
  return { name: a.name, attributes: { ...a.attributes, low, high } };
}

/** All of a distribution but its ends. */
function kindOf({ name, attributes: { step, q, log, choices } }: Distribution): string {
  return JSON.stringify([name, step, q, log, choices]);
}

function parameterOf(name: string, { name: kind, attributes }: Distribution): Parameter {
  const { low, high, choices } = attributes;
  const step = attributes.step ?? attributes.q;
  const options = {
    ...(step === undefined ? {} : { step }),
    ...(attributes.log || /LogUniform/.test(kind) ? { log: true } : {}),
  };
  try {
    if (kind === "CategoricalDistribution") return categorical(choices!);
    if (/^Int(?:Log)?(?:Uniform)?Distribution$/.test(kind)) return int(low, high, options);
    if (/^(?:Float|(?:Discrete|Log)?Uniform)Distribution$/.test(kind)) return float(low, high, options);
  } catch (error) {
    throw new ValidationError(`Parameter ${show(name)} cannot be imported: ${(error as Error).message}`, {
      cause: error,
    });
  }
  throw new ValidationError(`Parameter ${show(name)} must have a distribution of Optuna's, but has ${show(kind)}.`);
}
