/**
 * How weights get their first values: Keras's initialisers, drawn from a keyed stream so that a layer's values depend on
 * the model's seed and the layer's place alone.
 */
import type { Rng } from "../math/rng.ts";
import { choose, finiteNumber } from "./choose.ts";

const INITIALIZERS = ["glorotUniform", "heNormal", "zeros", "constant"] as const;

/** An initialiser as a plain record, the same in a model's JSON. */
export type Initializer =
  | { readonly name: "glorotUniform" | "heNormal" | "zeros" }
  | { readonly name: "constant"; readonly value: number };

/** What a layer's option accepts: a record, or the name of an initialiser that needs no argument. */
export type InitializerLike = Initializer | "glorotUniform" | "heNormal" | "zeros";

/**
 * Uniform on [−a, a] with a = √(6 / (fanIn + fanOut)): Keras's default for kernels.
 *
 * Source: Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks", eq. 16.
 */
export function glorotUniform(): Initializer {
  return { name: "glorotUniform" };
}

/**
 * Normal with variance 2 / fanIn, cut at two standard deviations and widened so that the variance holds after the cut:
 * suits relu.
 *
 * Source: He et al. 2015, "Delving deep into rectifiers", eq. 10; the cut as in Keras's `VarianceScaling`.
 */
export function heNormal(): Initializer {
  return { name: "heNormal" };
}

/** All 0: Keras's default for biases. */
export function zeros(): Initializer {
  return { name: "zeros" };
}

/** All `value`; with `initialBias(y)` on the last bias, the untrained network predicts the base rate. */
export function constant(value: number): Initializer {
  return { name: "constant", value: finiteNumber("The value of `constant(…)`", value) };
}

/** The record behind a name or a record. @throws ValidationError for an unknown name, listing the known ones */
export function toInitializer(subject: string, given: InitializerLike): Initializer {
  const name = choose(subject, typeof given === "string" ? given : given?.name, INITIALIZERS);
  if (name !== "constant") return { name };
  return constant((given as { value: number }).value);
}

/**
 * First values of one weight, row-major f32.
 *
 * @param shape  [fanIn, fanOut] of a kernel, or [n] of a vector, for which Keras takes fanIn = fanOut = n
 */
export function initialValues(initializer: Initializer, shape: readonly number[], rng: Rng): Float32Array {
  const fanIn = shape[0]!;
  const fanOut = shape[shape.length - 1]!;
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  switch (initializer.name) {
    case "zeros":
      return values;
    case "constant":
      return values.fill(initializer.value);
    case "glorotUniform": {
      const limit = Math.sqrt(6 / (fanIn + fanOut));
      return values.map(() => limit * (2 * rng.next() - 1));
    }
    case "heNormal": {
      const scale = Math.sqrt(2 / fanIn) / DEVIATION_OF_CUT_NORMAL;
      return values.map(() => scale * cutNormal(rng));
    }
  }
}

/** Standard deviation of a standard normal that is cut at ±2. */
const DEVIATION_OF_CUT_NORMAL = 0.8796256610342398;

function cutNormal(rng: Rng): number {
  for (;;) {
    const z = rng.normal();
    if (Math.abs(z) <= 2) return z;
  }
}
