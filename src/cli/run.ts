/** `assay run`: a study whose objective is a program, from the options of a command line to its exit code. */
import { systemClock } from "../storage/clock.ts";
import { createStudy } from "../study/create.ts";
import type { Study } from "../study/study.ts";
import { keepMethods } from "./agree-on-methods.ts";
import { agreeOnMetric } from "./agree-on-metric.ts";
import { conclude } from "./conclude.ts";
import { type Methods, makeMethods, seedOf } from "./methods.ts";
import { logFolder, openPlace, placeOf } from "./place.ts";
import { type ProgramOptions, programObjective, warningOf } from "./program.ts";
import { followStudy } from "./progress.ts";
import { watchSignals } from "./signals.ts";
import { readSpaceFile } from "./space-file.ts";

/** As commander reads them: see declare-run.ts. */
export interface RunOptions extends ProgramOptions, Methods {
  readonly space: string;
  readonly maximize?: string;
  readonly minimize?: string;
  readonly storage: string;
  readonly study: string;
  readonly trials: number;
  readonly seed?: string;
  readonly json: boolean;
}

/** Runs the study to the end of its budget, or until it is stopped. Returns the exit code. */
export async function run(options: RunOptions): Promise<number> {
  const { trials: budget, concurrency, json } = options;
  const metric = options.maximize ?? options.minimize!;
  const place = placeOf(options.storage);
  const logs = logFolder(place, options.study);
  const space = await readSpaceFile(options.space);
  const objective = programObjective(options, { space, metric, logs });
  const storage = await openPlace(place);
  let study: Study;
  try {
    study = await createStudy({
      name: options.study,
      storage,
      direction: options.maximize === undefined ? "minimize" : "maximize",
      space,
      ...makeMethods(options),
      ...(options.seed === undefined ? {} : { seed: seedOf(options.seed) }),
    });
    await agreeOnMetric(study, metric);
    await keepMethods(study, options, options.command);
  } catch (error) {
    await storage.close();
    throw error;
  }
  const output = json ? process.stdout : process.stderr;
  const progress = await followStudy(study, { output, json, budget, environment: process.env, clock: systemClock });
  const warning = warningOf(objective);
  if (warning !== null) progress.say(warning);
  const stops = watchSignals(study, (message) => progress.say(message), 0);
  let fault: unknown;
  try {
    await study.optimize(objective, { trials: budget, concurrency, signal: stops.stopping, progress: false });
  } catch (error) {
    if (stops.exitCode() === null) fault = error;
  }
  progress.close();
  const best = await conclude(study, { json, budget, logs, metric, argv: process.argv.slice(2) });
  await study.close();
  if (fault !== undefined) throw fault;
  return stops.exitCode() ?? (best === null && budget > 0 ? 1 : 0);
}
