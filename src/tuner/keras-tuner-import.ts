/**
 * A project directory of KerasTuner as a study: its space, and its trials with values, metrics and failures. The directory is
 * only read, and nothing is stored before all of it has been understood.
 *
 * A trial that was running or was to be retried waits in the study, to be run again, as KerasTuner's own reload has it. What a
 * study has no place for (the trial's id and best step, values such as `tuner/epochs` of a Hyperband) stands in the trial's
 * attribute `kerasTuner`. Floats with a step are taken to the decimal that they mean: 0.30000000000000004 to 0.3.
 *
 * Source: KerasTuner 1.4.8, `Oracle.get_state`, `Trial.get_state`, `MetricsTracker.get_config`.
 */
import { NotFoundError, show, showWhole, ValidationError } from "../errors.ts";
import type { Sampler } from "../sampler/sampler.ts";
import { boolean, fixed } from "../space/choice.ts";
import type { FlatParams, Parameter, ParamValue } from "../space/parameter.ts";
import { type Dimension, Space } from "../space/space.ts";
import { memory } from "../storage/memory.ts";
import type { Storage, TrialOutcome } from "../storage/storage.ts";
import { createStudy } from "../study/create.ts";
import type { Study } from "../study/study.ts";
import type { Json } from "../trial/trial.ts";
import { choice, numeric } from "./hyper-parameter-kinds.ts";
import { HyperParameters, type WhenParent } from "./hyper-parameters.ts";
import { Objective, type ObjectiveLike, toObjective } from "./objective.ts";

export interface KerasTunerImportOptions {
  /** The study's name. Default: the directory's. */
  readonly name?: string;
  /** Where the study is kept. Default: in memory. */
  readonly storage?: Storage;
  /**
   * What the project was searched for, which its files do not say. Default: the one metric that equals the score in all trials;
   * needed where there is none or more than one, as for a list of objectives.
   */
  readonly objective?: ObjectiveLike;
  /** What suggests the trials that are run from now on. Default as for every study. */
  readonly sampler?: Sampler;
}

/**
 * The study of a KerasTuner project. To go on with it, `study.optimize`, or tune with its parameters.
 *
 * @param path the project's directory, in which its `oracle.json` lies
 * @throws NotFoundError when there is no `oracle.json`; ValidationError for files that are not what KerasTuner writes, and where
 *   the objective cannot be inferred; DuplicateError when the storage has a study of that name
 * @example const study = await importKerasTunerProject("runs/fraud", { storage: sqlite("studies.db") });
 */
export async function importKerasTunerProject(
  path: string,
  options: KerasTunerImportOptions = {},
): Promise<Study<unknown>> {
  const files = await readProject(path);
  const space = new Space(dimensionsOf(files));
  const objective = objectiveOf(files.trials, options.objective);
  const trials = files.trials.map((file) => readTrial(file, space));

  const { storage = memory(), sampler } = options;
  const { basename, resolve } = await import("node:path");
  const study = (await createStudy({
    name: options.name ?? basename(resolve(path)),
    storage,
    direction: objective.direction === "min" ? "minimize" : "maximize",
    space,
    ifExists: "fail",
    ...(sampler === undefined ? {} : { sampler }),
    ...(files.seed === undefined ? {} : { seed: files.seed }),
  })) as unknown as Study<unknown>;
  const { id } = (await storage.findStudy(study.name))!;
  try {
    const owner = storage.newOwner();
    for (const [number, { params, attributes, startedAt, outcome }] of trials.entries()) {
      const waiting = { state: "waiting", startedAt: null, owner: null } as const;
      const running = { state: "running", startedAt, owner } as const;
      await storage.createTrial(id, {
        number,
        params,
        note: null,
        attributes,
        ...(outcome === null ? waiting : running),
      });
      if (outcome !== null) await storage.finishTrial(id, number, outcome);
    }
  } catch (error) {
    await storage.deleteStudy(id);
    throw error;
  }
  return study;
}

/** A parameter as `HyperParameters.get_config` writes it. */
interface ParameterFile {
  readonly class_name: string;
  readonly config: {
    readonly name: string;
    readonly default?: ParamValue;
    readonly conditions: readonly {
      readonly config: { readonly name: string; readonly values: readonly ParamValue[] };
    }[];
    readonly min_value?: number;
    readonly max_value?: number;
    readonly step?: number | null;
    readonly sampling?: string | null;
    readonly values?: readonly (string | number | boolean)[];
    readonly ordered?: boolean;
    readonly value?: ParamValue;
  };
}

interface HyperParametersFile {
  readonly space: readonly ParameterFile[];
  readonly values: Readonly<Record<string, ParamValue>>;
}

interface MetricFile {
  readonly direction: "min" | "max";
  readonly observations: readonly { readonly value: readonly (number | null)[]; readonly step: number }[];
}

interface TrialFile {
  readonly place: string;
  readonly trial_id: string;
  readonly hyperparameters: HyperParametersFile;
  readonly metrics: { readonly metrics: Readonly<Record<string, MetricFile>> };
  readonly score: number | null;
  readonly best_step: number;
  readonly status: "RUNNING" | "INVALID" | "COMPLETED" | "FAILED";
  readonly message: string | null;
  readonly startedAt: number;
  readonly finishedAt: number;
}

interface ProjectFiles {
  readonly place: string;
  readonly hyperparameters: HyperParametersFile;
  readonly seed: number | undefined;
  /** In the order in which they began. */
  readonly trials: readonly TrialFile[];
}

async function readProject(path: string): Promise<ProjectFiles> {
  const { readdir, readFile, stat } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const place = join(path, "oracle.json");
  const read = async (file: string): Promise<unknown> => parse(file, await readFile(file, "utf8"));
  let names: readonly string[];
  try {
    names = await readdir(path);
  } catch (cause) {
    throw new NotFoundError(`A project of KerasTuner is a directory, but ${showWhole(path)} is none.`, { cause });
  }
  if (!names.includes("oracle.json")) {
    throw new NotFoundError(
      `A project of KerasTuner has a file oracle.json, but ${showWhole(path)} has none. Give the directory \`directory/project_name\`.`,
    );
  }
  const oracle = (await read(place)) as Partial<OracleFile>;
  if (!isHyperParameters(oracle.hyperparameters) || !isStrings(oracle.start_order)) {
    throw foreign(place, "has no `hyperparameters` and `start_order`");
  }
  const starts = oracle.display?.trial_start ?? {};
  const found = names.filter((name) => name.startsWith("trial_")).map((name) => name.slice("trial_".length));
  const order = [...oracle.start_order, ...found.filter((id) => !oracle.start_order!.includes(id)).sort()];
  const trials: TrialFile[] = [];
  for (const id of order) {
    const file = join(path, `trial_${id}`, "trial.json");
    if (!found.includes(id)) throw foreign(place, `names a trial ${show(id)}, which has no ${show(`trial_${id}`)}`);
    const modified = Math.floor((await stat(file)).mtimeMs);
    const begun = Date.parse(starts[id] ?? "");
    const startedAt = Number.isFinite(begun) ? Math.min(begun, modified) : modified;
    trials.push({ ...checkTrial(file, await read(file), id), startedAt, finishedAt: modified });
  }
  const { seed } = oracle;
  return {
    place,
    hyperparameters: oracle.hyperparameters,
    seed: Number.isFinite(seed) ? (seed as number) : undefined,
    trials,
  };
}

interface OracleFile {
  readonly hyperparameters: HyperParametersFile;
  readonly start_order: readonly string[];
  readonly seed: unknown;
  readonly display: { readonly trial_start?: Readonly<Record<string, string>> };
}

/** Python writes NaN and Infinity, which JSON has not: they are read as null. */
function parse(file: string, text: string): unknown {
  try {
    const json: unknown = JSON.parse(
      text.replaceAll(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) => (token.startsWith('"') ? token : "null")),
    );
    if (typeof json === "object" && json !== null) return json;
  } catch (cause) {
    throw foreign(file, "is not JSON", cause);
  }
  throw foreign(file, "is not an object");
}

const STATES = ["RUNNING", "INVALID", "COMPLETED", "FAILED"];

function checkTrial(place: string, json: unknown, id: string): Omit<TrialFile, "startedAt" | "finishedAt"> {
  const trial = json as Partial<TrialFile>;
  if (trial.trial_id !== id) throw foreign(place, `has the \`trial_id\` ${show(trial.trial_id)}`);
  if (!isHyperParameters(trial.hyperparameters)) throw foreign(place, "has no `hyperparameters`");
  if (!STATES.includes(String(trial.status))) throw foreign(place, `has the \`status\` ${show(trial.status)}`);
  if (trial.status === "COMPLETED" && typeof trial.score !== "number")
    throw foreign(place, "is completed without a score");
  const metrics = trial.metrics?.metrics;
  const isComplete =
    typeof metrics === "object" &&
    Object.values(metrics ?? {}).every(({ observations }) => Array.isArray(observations));
  if (!isComplete) throw foreign(place, "has no `metrics`");
  return { ...(trial as TrialFile), place };
}

function isHyperParameters(json: unknown): json is HyperParametersFile {
  const { space, values } = (json ?? {}) as Partial<HyperParametersFile>;
  const isParameter = ({ class_name, config }: Partial<ParameterFile>) =>
    typeof class_name === "string" && typeof config?.name === "string" && Array.isArray(config.conditions);
  return Array.isArray(space) && space.every(isParameter) && typeof values === "object" && values !== null;
}

function isStrings(json: unknown): json is readonly string[] {
  return Array.isArray(json) && json.every((item) => typeof item === "string");
}

function foreign(file: string, what: string, cause?: unknown): ValidationError {
  return new ValidationError(
    `A project of KerasTuner 1.4 must be whole to be imported, but ${showWhole(file)} ${what}. Nothing was changed.`,
    cause === undefined ? {} : { cause },
  );
}

/** The parameters of the whole search, and those that only trials have, since they were not to be tuned. */
function dimensionsOf({ place, hyperparameters, trials }: ProjectFiles): readonly Dimension[] {
  const hp = new HyperParameters();
  const known = new Set<string>();
  const add = (file: string, { class_name: kind, config }: ParameterFile) => {
    const key = JSON.stringify([config.name, config.conditions]);
    if (known.has(key)) return;
    known.add(key);
    try {
      const parents = config.conditions.map(
        (condition): WhenParent => ({ parentName: condition.config.name, parentValues: condition.config.values }),
      );
      hp.adopt(config.name, parameterOf(kind, config), parents);
    } catch (cause) {
      throw foreign(file, `has a parameter that cannot be read. ${(cause as Error).message}`, cause);
    }
  };
  for (const parameter of hyperparameters.space) add(place, parameter);
  for (const trial of trials) for (const parameter of trial.hyperparameters.space) add(trial.place, parameter);
  return hp.dimensions;
}

function parameterOf(kind: string, config: ParameterFile["config"]): Parameter {
  const make = (initial: object): Parameter => {
    const { name, min_value: min = Number.NaN, max_value: max = Number.NaN, step, sampling, values, ordered } = config;
    switch (kind) {
      case "Int":
      case "Float": {
        const scale = sampling === "reverse_log" ? "reverseLog" : (sampling ?? "linear");
        const stepped = typeof step === "number" ? { step } : {};
        return numeric(kind, name, {
          min,
          max,
          ...stepped,
          sampling: scale as "linear" | "log" | "reverseLog",
          ...initial,
        });
      }
      case "Choice":
        return choice<string | number | boolean>(name, values!, {
          ...(ordered === undefined ? {} : { ordered }),
          ...initial,
        });
      case "Boolean":
        return boolean(initial);
      case "Fixed":
        return fixed(config.value ?? null);
      default:
        throw new ValidationError(
          `A parameter must be an Int, Float, Choice, Boolean or Fixed, but got ${show(kind)}.`,
        );
    }
  };
  const plain = make({});
  // KerasTuner takes any default; one that is no value of the parameter is left out.
  const initial = snap(plain, config.default ?? null);
  return initial === undefined || kind === "Fixed" ? plain : make({ default: initial });
}

/** The parameter's value that `value` means; undefined where it means none. */
function snap(parameter: Parameter, value: ParamValue): ParamValue | undefined {
  if (parameter.contains(value)) return value;
  if (typeof value !== "number") return undefined;
  const near = (other: ParamValue) =>
    typeof other === "number" && Math.abs(other - value) <= 1e-9 * Math.max(1e-3, Math.abs(value));
  const decoded = parameter.decode(parameter.encode(value));
  if (near(decoded)) return decoded;
  // A list of values does not know where one lies that is not in it.
  const listed = parameter.levels <= LISTED_MOST ? Array.from({ length: parameter.levels }, (_, k) => k) : [];
  return listed.map((k) => parameter.level(k)).find(near);
}

const LISTED_MOST = 10_000;

/** @throws ValidationError when it is not said and cannot be inferred, or is not what the trials have */
function objectiveOf(trials: readonly TrialFile[], given: ObjectiveLike | undefined): Objective {
  const completed = trials.filter(({ status }) => status === "COMPLETED");
  const names = [...new Set(completed.flatMap(({ metrics }) => Object.keys(metrics.metrics)))];
  const directionOf = (name: string) =>
    completed.map(({ metrics }) => metrics.metrics[name]?.direction).find((direction) => direction !== undefined);
  if (given !== undefined) {
    const written = typeof given === "string" ? directionOf(given) : undefined;
    const objective = written === undefined ? toObjective(given) : new Objective(given as string, written);
    const absent = objective.names.find((name) => completed.length > 0 && !names.includes(name));
    if (absent === undefined) return objective;
    throw new ValidationError(
      `The objective must be among the project's metrics, but ${show(absent)} is not: ${names.join(", ")}.`,
    );
  }
  const [only, ...others] = names.filter((name) =>
    completed.every((trial) => trial.score !== null && metricsOf(trial)[name] === trial.score),
  );
  const direction = only === undefined ? undefined : directionOf(only);
  if (only !== undefined && direction !== undefined && others.length === 0) return new Objective(only, direction);
  throw new ValidationError(
    `The files of KerasTuner do not say what was searched for, and it cannot be inferred from ${completed.length} completed trials with the metrics ${names.join(", ") || "none"}. Say it: { objective: new Objective("val_loss", "min") }.`,
  );
}

interface ImportedTrial {
  readonly params: FlatParams;
  readonly attributes: Readonly<Record<string, Json>>;
  readonly startedAt: number;
  /** null for a trial that is to be run again. */
  readonly outcome: TrialOutcome | null;
}

function readTrial(file: TrialFile, space: Space): ImportedTrial {
  const { values } = file.hyperparameters;
  const params: Record<string, ParamValue> = {};
  const used = new Set<string>();
  for (const dimension of space.dimensions) {
    const name = String(dimension.path[0]);
    if (!Object.hasOwn(values, name) || !space.isActive(dimension, params)) continue;
    const value = snap(dimension.parameter, values[name]!);
    if (value === undefined) {
      throw foreign(file.place, `has ${show(values[name])} for ${show(name)}, ${dimension.parameter.describe()}`);
    }
    params[dimension.name] = value;
    used.add(name);
  }
  const rest = Object.entries(values).filter(([name]) => !used.has(name));
  const attributes = {
    kerasTuner: { trialId: file.trial_id, bestStep: file.best_step, values: Object.fromEntries(rest) },
  };
  return { params, attributes, startedAt: file.startedAt, outcome: outcomeOf(file) };
}

function outcomeOf(file: TrialFile): TrialOutcome | null {
  const { status, score, message, finishedAt } = file;
  const metrics = metricsOf(file);
  if (status === "COMPLETED") {
    return { state: "completed", value: score, metrics, error: null, finishedAt };
  }
  if (status !== "FAILED") return null;
  const stack = message?.trim() ?? "";
  const summary = stack === "" ? "KerasTuner gave no reason." : stack.split("\n").at(-1)!;
  return { state: "failed", value: null, metrics, error: { message: summary, stack }, finishedAt };
}

/** Every metric at the trial's best step, the mean over its executions. */
function metricsOf({ metrics, best_step: step }: TrialFile): Record<string, number> {
  const means = Object.entries(metrics.metrics).flatMap(([name, { observations }]) => {
    const at = observations.find((observation) => observation.step === step) ?? observations.at(-1);
    const values = at?.value ?? [];
    if (values.length === 0 || values.some((value) => value === null)) return [];
    return [[name, values.reduce<number>((sum, value) => sum + value!, 0) / values.length] as const];
  });
  return Object.fromEntries(means);
}
