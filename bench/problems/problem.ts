/** What a benchmark runs samplers on: a space, and what a configuration costs in it. */
import type { FlatParams, Space } from "assay";

export interface Problem {
  readonly name: string;
  readonly space: Space;
  /** The loss of a configuration; what a sampler is told. */
  evaluate(params: FlatParams): number;
  /** The score of the lowest loss found: 0 at the optimum; for tables and conditional spaces, 1 at the median of the space. */
  regret(loss: number): number;
}
