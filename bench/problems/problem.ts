/** What a benchmark runs samplers on: a space, and what a configuration costs in it. */
import type { FlatParams, Rng, Space } from "assay";

export interface Problem {
  readonly name: string;
  readonly space: Space;
  /** The loss of a configuration, without noise; what a sampler is told where there is no `observe`. */
  evaluate(params: FlatParams): number;
  /** One noisy measurement of the loss, drawn from `rng`; what a sampler is told where there is noise. */
  readonly observe?: (params: FlatParams, rng: Rng) => number;
  /** The score of a loss without noise: 0 at the optimum; for recorded and conditional spaces, 1 at the median of the space. */
  regret(loss: number): number;
}
