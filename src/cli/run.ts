/** `assay run`: a study whose objective is a program, from the options of a command line to its exit code. */
import { join } from "node:path";
import { type CommandObjective, commandObjective } from "../command/command-objective.ts";
import { show, ValidationError } from "../errors.ts";
import { halving } from "../pruner/halving.ts";
import { median } from "../pruner/median.ts";
import type { Pruner } from "../pruner/pruner.ts";
import { auto } from "../sampler/auto.ts";
import { cmaEs } from "../sampler/cma-es/cma-es.ts";
import { gp } from "../sampler/gp/gp.ts";
import { grid } from "../sampler/grid.ts";
import { halton } from "../sampler/halton.ts";
import { random } from "../sampler/random.ts";
import type { Sampler } from "../sampler/sampler.ts";
import { sobol } from "../sampler/sobol.ts";
import { tpe } from "../sampler/tpe/tpe.ts";
import type { Space } from "../space/space.ts";
import { systemClock } from "../storage/clock.ts";
import { sqlite } from "../storage/sql/sqlite.ts";
import { createStudy } from "../study/create.ts";
import type { Study } from "../study/study.ts";
import { agreeOnMetric } from "./agree-on-metric.ts";
import { conclude } from "./conclude.ts";
import { followStudy, type Progress } from "./progress.ts";
import { readSpaceFile } from "./space-file.ts";

/** As commander reads them: see main.ts. */
export interface RunOptions {
  readonly command: readonly string[];
  readonly space: string;
  readonly maximize?: string;
  readonly minimize?: string;
  readonly storage: string;
  readonly study: string;
  readonly trials: number;
  readonly concurrency: number;
  readonly seed?: string;
  readonly sampler: "auto" | "gp" | "tpe" | "cma-es" | "random" | "sobol" | "halton" | "grid";
  readonly pruner?: "median" | "halving";
  readonly minSteps?: number;
  readonly timeout?: number;
  readonly retries: number;
  readonly resultFile?: string;
  readonly resultRegex?: string;
  readonly envPrefix?: string | true;
  readonly configFile?: string;
  readonly json: boolean;
}

/** Runs the study to the end of its budget, or until it is stopped. Returns the exit code. */
export async function run(options: RunOptions): Promise<number> {
  const { trials: budget, concurrency, json } = options;
  const space = await readSpaceFile(options.space);
  const objective = programObjective(options, space);
  const study = await createStudy({
    name: options.study,
    storage: sqlite(options.storage),
    direction: options.maximize === undefined ? "minimize" : "maximize",
    space,
    sampler: SAMPLERS[options.sampler](),
    ...(options.pruner === undefined ? {} : { pruner: PRUNERS[options.pruner](options.minSteps) }),
    ...(options.seed === undefined ? {} : { seed: seedOf(options.seed) }),
  });
  try {
    await agreeOnMetric(study, metricOf(options));
  } catch (error) {
    await study.close();
    throw error;
  }
  const output = json ? process.stdout : process.stderr;
  const progress = await followStudy(study, { output, json, budget, environment: process.env, clock: systemClock });
  if (objective.unused.length > 0) {
    const names = objective.unused.map((name) => `{${name}}`).join(", ");
    progress.say(`Warning: the program is not given all parameters; nothing in the command has ${names}.`);
  }
  const stops = watchSignals(study, progress);
  let fault: unknown;
  try {
    await study.optimize(objective, { trials: budget, concurrency, signal: stops.signal, progress: false });
  } catch (error) {
    if (stops.exitCode() === null) fault = error;
  }
  progress.close();
  const logs = logFolder(options);
  const best = await conclude(study, { json, budget, logs, metric: metricOf(options), argv: process.argv.slice(2) });
  await study.close();
  if (fault !== undefined) throw fault;
  return stops.exitCode() ?? (best === null && budget > 0 ? 1 : 0);
}

const SAMPLERS: Readonly<Record<RunOptions["sampler"], () => Sampler>> = {
  auto: () => auto(),
  gp: () => gp(),
  tpe: () => tpe(),
  "cma-es": () => cmaEs(),
  random: () => random(),
  sobol: () => sobol(),
  halton: () => halton(),
  grid: () => grid({ points: 5 }),
};

const PRUNERS: Readonly<Record<NonNullable<RunOptions["pruner"]>, (minSteps: number | undefined) => Pruner>> = {
  median: (warmupSteps = 0) => median({ warmupSteps }),
  halving: (minResource = 1) => halving({ minResource }),
};

function metricOf({ maximize, minimize }: RunOptions): string {
  return maximize ?? minimize!;
}

function programObjective(options: RunOptions, space: Space): CommandObjective {
  const { command, concurrency, resultFile, resultRegex, configFile, envPrefix, timeout, retries } = options;
  const [program, ...args] = command as readonly [string, ...string[]];
  if (resultFile !== undefined && concurrency > 1 && !resultFile.includes("{trial}")) {
    throw new ValidationError(
      `Trials that run at the same time need result files of their own, but --result-file is ${show(resultFile)}. Put {trial} in its name.`,
    );
  }
  return commandObjective({
    space,
    command: program,
    args,
    metric: metricOf(options),
    retries,
    logs: logFolder(options),
    ...(resultFile === undefined ? {} : { resultFile }),
    ...(resultRegex === undefined ? {} : { resultPattern: patternOf(resultRegex) }),
    ...(configFile === undefined ? {} : { configTemplate: configFile }),
    ...(envPrefix === undefined ? {} : { envPrefix: envPrefix === true ? "ASSAY_PARAM_" : envPrefix }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
  });
}

function patternOf(source: string): RegExp {
  try {
    return new RegExp(source, "g");
  } catch (cause) {
    throw new ValidationError(
      `--result-regex must be a regular expression, but got ${show(source)}: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

/** A seed that looks like a number is one. */
function seedOf(text: string): number | string {
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** Beside the storage; studies other than the default one have a folder of their own in it. */
function logFolder({ storage, study }: RunOptions): string {
  const folder = `${storage}.logs`;
  return study === "default" ? folder : join(folder, encodeURIComponent(study).replaceAll(".", "%2E"));
}

/** How the user stops a run: once to let trials finish, twice to stop them, a third time to leave at once. */
function watchSignals(study: Study, progress: Progress): { readonly signal: AbortSignal; exitCode(): number | null } {
  const abort = new AbortController();
  let exitCode: number | null = null;
  let interrupts = 0;
  const stopNow = (code: number) => () => {
    exitCode = code;
    abort.abort();
  };
  process.on("SIGINT", () => {
    interrupts++;
    exitCode = 130;
    if (interrupts === 1) {
      study.stop();
      progress.say("Finishing the trials that run. Ctrl-C again stops them; they are run anew next time.");
    } else if (interrupts === 2) {
      progress.say("Stopping the trials that run. Ctrl-C again leaves at once.");
      abort.abort();
    } else {
      process.exit(130); // What still runs is killed on exit: see command/process.ts.
    }
  });
  process.on("SIGTERM", stopNow(143));
  process.on("SIGHUP", stopNow(129));
  return { signal: abort.signal, exitCode: () => exitCode };
}
