import type { Rng } from "../../math/rng.ts";
import { type Network, partsOf } from "./framework.ts";
import { withSeededRandom } from "./seeded-random.ts";

/**
 * Draws that depend on the training's seed and the step alone. A dropout layer with a seed of its own starts the same
 * stream at every step and so drops the same units for ever; it gets a new seed for each step instead, made of its own.
 */
export interface KeyedDraws {
  with<T>(rng: Rng, run: () => T): T;
  /** Gives the layers their seeds back. */
  end(): void;
}

export function keyedDraws(network: Network): KeyedDraws {
  const layers = (partsOf(network) as { seed?: unknown }[]).filter((layer) => typeof layer.seed === "number");
  const seeds = layers.map(({ seed }) => seed as number);
  return {
    with: (rng, run) => {
      // TensorFlow.js takes a seed of 0 for none.
      for (const [index, layer] of layers.entries()) layer.seed = 1 + rng.fork(index).fork(seeds[index]!).uint32();
      return withSeededRandom(rng, run);
    },
    end: () => {
      for (const [index, layer] of layers.entries()) layer.seed = seeds[index];
    },
  };
}
