/**
 * The tuner as its users have it, on a recorded table: a trial looks up its accuracy instead of training.
 */
import {
  BayesianOptimization,
  type BayesianOptimizationOptions,
  HyperParameters,
  Objective,
  type TunerTrial,
} from "assay/tuner";
import type { Problem } from "./problem.ts";

export class TableSearch extends BayesianOptimization<never> {
  readonly #problem: Problem;

  constructor(problem: Problem, settings: BayesianOptimizationOptions<never>) {
    const hyperparameters = new HyperParameters();
    for (const { name, parameter } of problem.space.dimensions) {
      const values = Array.from({ length: parameter.levels }, (_, i) => parameter.level(i) as number);
      hyperparameters.Choice(name, values, { ordered: true });
    }
    super({ ...settings, hyperparameters, objective: new Objective("accuracy", "max") });
    this.#problem = problem;
  }

  override runTrial({ hyperparameters }: TunerTrial): { accuracy: number } {
    return { accuracy: 1 - this.#problem.evaluate(hyperparameters.values) };
  }
}
