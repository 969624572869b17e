/**
 * `assay worker`: one of any number of workers of a study, on any number of machines. It takes the next trial as it comes (order
 * "asap"), and stays until the study is complete: while others still run trials, one of them may be lost and need a worker.
 */
import { hostname } from "node:os";
import { NotFoundError, show, showWhole, ValidationError } from "../errors.ts";
import { systemClock } from "../storage/clock.ts";
import type { Objective } from "../study/optimize.ts";
import type { Study } from "../study/study.ts";
import { isFinal } from "../trial/trial.ts";
import { compareProgram } from "./agree-on-methods.ts";
import { addressOf } from "./health.ts";
import { type JoinOptions, joinStudy } from "./join-study.ts";
import { readObjectiveFile } from "./objective-file.ts";
import { logFolder, openPlace, type Place, placeOf } from "./place.ts";
import { type ProgramOptions, programObjective, warningOf } from "./program.ts";
import { followStudy, type Progress } from "./progress.ts";
import { type Stops, watchSignals } from "./signals.ts";
import { readSpaceFile } from "./space-file.ts";
import { watchHealth } from "./watch-health.ts";

/** As commander reads them: see declare-run.ts. */
export interface WorkerOptions extends ProgramOptions, JoinOptions {
  readonly objective?: string;
  readonly space?: string;
  readonly storage: string;
  readonly idleTimeout?: number;
  readonly grace: number;
  readonly health?: string;
  readonly name?: string;
  readonly json: boolean;
}

/** Why a worker ends: the study has ended, it did its share, it had nothing to do for too long, or a signal came. */
type Reason = "complete" | "share" | "idle" | "stopped";

const POLL_MS = 2000;

/** Works until there is nothing more to do, or it is stopped. Returns the exit code. */
export async function worker(options: WorkerOptions): Promise<number> {
  const place = placeOf(options.storage);
  const address = options.health === undefined ? null : addressOf(options.health);
  const space = options.space === undefined ? undefined : await readSpaceFile(options.space);
  const storage = await openPlace(place, { mustExist: space === undefined });
  try {
    const study = await joinStudy(storage, options, space, place.shown);
    const { objective, warnings } = await objectiveOf(options, study, place);
    const name = options.name ?? `${hostname()}:${process.pid}`;
    const output = options.json ? process.stdout : process.stderr;
    const progress = await followStudy(study, {
      ...{ output, json: options.json, budget: null },
      ...{ environment: process.env, clock: systemClock },
    });
    const stops = watchSignals(study, (message) => progress.say(message), options.grace * 1000);
    const health = await watchHealth(study, name, address, () => stops.exitCode() !== null);
    progress.say(greeting(study, name, place, health?.port));
    for (const warning of warnings) progress.say(warning);
    const tally = tallyOf(study, options.maxTrials);
    try {
      const reason = await work(study, signed(objective, name), options, stops, tally, progress);
      progress.close();
      await conclude(study, reason, tally.ended, options.json);
    } finally {
      progress.close();
      health?.close();
      await study.close();
    }
    return stops.exitCode() ?? 0;
  } finally {
    await storage.close();
  }
}

async function work(
  study: Study,
  objective: Objective<unknown>,
  { study: name, concurrency, idleTimeout = Number.POSITIVE_INFINITY }: WorkerOptions,
  stops: Stops,
  tally: Tally,
  progress: Progress,
): Promise<Reason> {
  let idleSince: number | null = null;
  for (;;) {
    const { begun } = tally;
    const stored = await study.storage.findStudy(name);
    if (stored === null) throw new NotFoundError(`The study ${show(name)} has been deleted.`);
    try {
      const trials = stored.budget.trials ?? Number.MAX_SAFE_INTEGER;
      await study.optimize(objective, { trials, concurrency, signal: stops.stopping, progress: false });
    } catch (error) {
      if (stops.exitCode() === null) throw error;
    }
    if (stops.exitCode() !== null) return "stopped";
    if (tally.isFull()) return "share";
    const open = (await study.trials()).filter(({ state }) => !isFinal(state)).length;
    if (open === 0) return "complete";
    if (idleSince === null || tally.begun > begun) {
      idleSince = systemClock();
      progress.say(`Nothing to do, but ${open} running elsewhere: waiting, for a worker may be lost.`);
    }
    const restMs = idleSince + idleTimeout * 1000 - systemClock();
    if (restMs <= 0) return "idle";
    await pause(Math.min(POLL_MS, restMs), stops.leaving);
    if (stops.exitCode() !== null) return "stopped";
  }
}

/** Says who runs a trial, for `assay workers` and for later. */
function signed(objective: Objective<unknown>, name: string): Objective<unknown> {
  return async (trial) => {
    // It is for people, and nothing to wait for or to fail by.
    const signing = trial.setAttribute("worker", name).catch(() => {});
    try {
      return await objective(trial);
    } finally {
      await signing;
    }
  };
}

async function objectiveOf(
  options: WorkerOptions,
  study: Study,
  place: Place,
): Promise<{ readonly objective: Objective<unknown>; readonly warnings: readonly string[] }> {
  const { command, objective: file, maximize, minimize } = options;
  const program = file === undefined ? command : [file];
  let objective: Objective<unknown>;
  let unused: string | null = null;
  if (file !== undefined) objective = await readObjectiveFile(file);
  else {
    const stored = await study.storage.findStudy(study.name);
    const metric = maximize ?? minimize ?? stored?.attributes.metric;
    if (typeof metric !== "string") {
      throw new ValidationError(
        `The study ${show(study.name)} does not say what its value is called. Give --maximize NAME or --minimize NAME.`,
      );
    }
    const made = programObjective(options, { space: study.space, metric, logs: logFolder(place, study.name) });
    [objective, unused] = [made, warningOf(made)];
  }
  const other = await compareProgram(study, program);
  const differs =
    other === null
      ? null
      : `Warning: the study's trials are measured by ${showWhole(other.join(" "))}, here by ${showWhole(program.join(" "))}; values compare only if both measure the same.`;
  return { objective, warnings: [unused, differs].filter((it) => it !== null) };
}

/** The trials of this worker. */
interface Tally {
  begun: number;
  readonly ended: Record<string, number>;
  /** Whether it has begun all that it may. */
  isFull(): boolean;
}

/** Counts, and stops the study when this worker has begun its share. */
function tallyOf(study: Study, maxTrials = Number.POSITIVE_INFINITY): Tally {
  const tally: Tally = { begun: 0, ended: {}, isFull: () => tally.begun >= maxTrials };
  const count = (state: string) => {
    tally.ended[state] = (tally.ended[state] ?? 0) + 1;
  };
  study.on("ask", () => {
    tally.begun++;
    if (tally.isFull()) study.stop();
  });
  study.on("tell", ({ trial }) => count(trial.state));
  study.on("release", () => count("given back"));
  study.on("late", () => count("late"));
  return tally;
}

function greeting(study: Study, name: string, place: Place, port: number | undefined): string {
  const health = port === undefined ? "" : `; health at port ${port}`;
  return `Worker ${name} of study ${show(study.name)} in ${place.shown}: sampler ${study.sampler.name}${health}`;
}

const REASONS: Readonly<Record<Reason, string>> = {
  complete: "The study is complete.",
  share: "This worker has done its share.",
  idle: "There was nothing to do here for too long; others still run trials.",
  stopped: "Stopped; what was not finished waits for another worker.",
};

async function conclude(study: Study, reason: Reason, here: Record<string, number>, json: boolean): Promise<void> {
  if (json) {
    process.stdout.write(`${JSON.stringify({ event: "end", reason, trials: here })}\n`);
    return;
  }
  const counts = Object.entries(here).map(([state, count]) => `${count} ${state}`);
  process.stderr.write(`${REASONS[reason]} Trials here: ${counts.join(", ") || "none"}.\n`);
  if (reason === "complete") process.stderr.write(`Its result: assay study show ${study.name}\n`);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ms);
  signal.addEventListener("abort", () => over.resolve(), { once: true });
  await over.promise;
  clearTimeout(timer);
}
