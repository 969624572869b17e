/**
 * YAHPO Gym's surrogate of LCBench (Apache-2.0): networks on a data set, seven numbers to tune, their validation accuracy after 52
 * epochs. Python evaluates it, in a process of its own; the surrogate is read from a folder, not kept here.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  BayesianOptimization,
  type BayesianOptimizationOptions,
  HyperParameters,
  Objective,
  type TunerTrial,
} from "assay/tuner";
import { AnsweringPeer } from "../peers/python.ts";

/** The instances searched, by their OpenML tasks. */
export const LCBENCH_INSTANCES = ["3945", "7593", "34539", "126025"] as const;
/** Random configurations of an instance that its best and its median are estimated by, from seed 0. */
export const LCBENCH_SAMPLE = 20_000;

interface Parameter {
  readonly name: string;
  readonly type: "categorical" | "uniform_int" | "uniform_float";
  readonly log: boolean;
  readonly lower: number;
  readonly upper: number;
}

/** Where the surrogate is: `yahpo-lcbench` in the folder that ASSAY_DATA names, or in `../shared/data` beside the repository. */
export function lcbenchFolder(): string {
  return join(process.env.ASSAY_DATA ?? join(import.meta.dirname, "../../../shared/data"), "yahpo-lcbench");
}

export function hasLcbench(): boolean {
  return existsSync(join(lcbenchFolder(), "model.onnx"));
}

/** What answers `LcbenchSearch` and `lcbenchEnds`; to be closed. */
export function lcbenchEvaluator(python: string): AnsweringPeer {
  return new AnsweringPeer(python, "lcbench_evaluator.py", [lcbenchFolder()]);
}

/** The best and the median accuracy of LCBENCH_SAMPLE random configurations. */
export function lcbenchEnds(
  evaluator: AnsweringPeer,
  instance: string,
): Promise<{ readonly best: number; readonly median: number }> {
  return evaluator.ask({ instance, sample: LCBENCH_SAMPLE, seed: 0 });
}

export class LcbenchSearch extends BayesianOptimization<never> {
  readonly #evaluator: AnsweringPeer;
  readonly #instance: string;

  constructor(evaluator: AnsweringPeer, instance: string, settings: BayesianOptimizationOptions<never>) {
    super({ ...settings, hyperparameters: hyperparameters(), objective: new Objective("accuracy", "max") });
    this.#evaluator = evaluator;
    this.#instance = instance;
  }

  override runTrial({ hyperparameters: hp }: TunerTrial): Promise<{ accuracy: number }> {
    return this.#evaluator.ask({ instance: this.#instance, params: hp.values });
  }
}

function hyperparameters(): HyperParameters {
  const text = readFileSync(join(lcbenchFolder(), "config_space.json"), "utf8");
  const space = JSON.parse(text) as { readonly hyperparameters: readonly Parameter[] };
  const hp = new HyperParameters();
  for (const { name, type, log, lower, upper } of space.hyperparameters) {
    if (type === "categorical" || name === "epoch") continue;
    const range = { min: lower, max: upper, sampling: log ? "log" : "linear" } as const;
    if (type === "uniform_int") hp.Int(name, range);
    else hp.Float(name, range);
  }
  return hp;
}
