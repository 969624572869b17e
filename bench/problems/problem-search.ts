/** The tuner as its users have it, on a recorded surface: a trial looks up or evaluates its accuracy instead of training. */
import {
  BayesianOptimization,
  type BayesianOptimizationOptions,
  HyperParameters,
  Objective,
  type TunerTrial,
} from "assay/tuner";
import type { Problem } from "./problem.ts";

export class ProblemSearch extends BayesianOptimization<never> {
  readonly #problem: Problem;

  constructor(problem: Problem, settings: BayesianOptimizationOptions<never>) {
    super({ ...settings, hyperparameters: declared(problem), objective: new Objective("accuracy", "max") });
    this.#problem = problem;
  }

  override runTrial({ hyperparameters }: TunerTrial): { accuracy: number } {
    return { accuracy: 1 - this.#problem.evaluate(hyperparameters.values) };
  }
}

/** A problem's space as a hypermodel declares it: numbers by their ranges, levels as ordered choices. */
function declared({ space }: Problem): HyperParameters {
  const hp = new HyperParameters();
  for (const { name, parameter } of space.dimensions) {
    const { type, low, high, log } = parameter.toJSON();
    const range = { min: Number(low), max: Number(high), sampling: log === true ? "log" : "linear" } as const;
    if (type === "float") hp.Float(name, range);
    else if (type === "int") hp.Int(name, range);
    else {
      const values = Array.from({ length: parameter.levels }, (_, i) => Number(parameter.level(i)));
      hp.Choice(name, values, { ordered: true });
    }
  }
  return hp;
}
