/** What a benchmark runs samplers on: a space, and what a configuration costs in it. */
import type { FlatParams, Rng, Space } from "assay";

/** One that is computed at once. */
export type Problem = Evaluated<number>;

/** One that may have to be waited for. */
export type AnyProblem = Evaluated<number | Promise<number>>;

export interface Evaluated<out L> {
  readonly name: string;
  readonly space: Space;
  /** The loss of a configuration, without noise; what a sampler is told where there is no `observe`. */
  evaluate(params: FlatParams): L;
  /** One noisy measurement of the loss, drawn from `rng`; what a sampler is told where there is noise. */
  readonly observe?: (params: FlatParams, rng: Rng) => number;
  /** The score of a loss without noise: 0 at the optimum; for recorded and conditional spaces, 1 at the median of the space. */
  regret(loss: number): number;
}
