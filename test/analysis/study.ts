/** A seeded study over every kind of parameter, with a known shape: what the tests of analyses and charts look at. */
import type { ConfiguredEvaluation } from "../../src/analysis/index.ts";
import { createRng } from "../../src/math/rng.ts";
import { boolean, categorical, ordinal } from "../../src/space/choice.ts";
import { createSpace, type InferParams, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";

const SPEC = {
  learningRate: float(1e-4, 1e-1, { log: true }),
  dropout: float(0, 0.5),
  neurons: int(20, 60, { step: 10 }),
  width: int(1, 1000),
  batch: ordinal([16, 32, 64]),
  activation: categorical(["relu", "tanh"]),
  shuffle: boolean(),
  optimizer: oneOf({ adam: {}, sgd: { momentum: float(0, 0.99) } }),
};

export const space = createSpace(SPEC);

/** Learning rate decides, dropout and activation count a little, the others not at all. */
export function score(params: InferParams<typeof SPEC>): number {
  const far = Math.log10(params.learningRate) + 2.5;
  return 0.8 - 0.08 * far * far - 0.4 * (params.dropout - 0.2) ** 2 - (params.activation === "tanh" ? 0.03 : 0);
}

/** `n` trials at random points, to be maximised; every ninth failed. */
export function trials(
  n: number,
  seed: number,
  noise: number = 0.005,
): (ConfiguredEvaluation & { readonly state: "completed" | "failed" })[] {
  const rng = createRng(seed);
  return Array.from({ length: n }, (_, number) => {
    const x = Float64Array.from({ length: space.coordinates.length }, () => rng.next());
    const params = space.nest(space.decode(x));
    const value = score(params) + noise * rng.normal();
    return number % 9 === 8
      ? { number, params, state: "failed", value: null }
      : { number, params, state: "completed", value };
  });
}
