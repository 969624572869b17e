/** Test functions with a known optimum: two of the literature, and two that catch what those forgive. */
import { categorical, createSpace, type FlatParams, float, int, oneOf } from "assay";
import type { Point, TestFunction } from "assay/testing";
import * as testing from "assay/testing";
import type { Problem } from "./problem.ts";

/** A test function of `assay/testing`; its regret is the distance to the known minimum. */
function known({ name, space, loss, minimum }: TestFunction): Problem {
  return { name, space, evaluate: (params) => loss(params as Point), regret: (value) => value - minimum };
}

export const branin = (): Problem => known(testing.branin);
export const hartmann6 = (): Problem => known(testing.hartmann6);

/** A bowl whose lowest point is a corner of the cube, far from the centre with which a search may begin. */
export function corner(): Problem {
  return {
    name: "corner",
    space: createSpace(Object.fromEntries(Array.from({ length: 5 }, (_, j) => [`x${j}`, float(0, 1)]))),
    evaluate(params) {
      const x = Object.values(numbers(params));
      return x.reduce((sum, xj, j) => sum + (1 + j) * Math.abs(xj - (j % 2)) ** 1.5, 0);
    },
    regret: (loss) => loss / 5.6,
  };
}

/**
 * Three branches, of which the best one looks worst: "plain" is good almost everywhere, "narrow" is bad but for a valley
 * that holds the optimum. A search that judges a branch by its first points stays in "plain" at 0.3 for good.
 */
export function branches(): Problem {
  return {
    name: "branches",
    space: createSpace({
      method: oneOf({
        plain: { a: float(0, 1), b: float(0, 1) },
        wavy: { c: float(0, 1), e: int(1, 8) },
        narrow: { rate: float(1e-4, 1, { log: true }), size: float(0, 1), mode: categorical(["p", "q"]) },
      }),
    }),
    evaluate(params) {
      const p = params as Record<string, number | string>;
      const at = (name: string): number => p[`method.${name}`] as number;
      if (p["method.kind"] === "plain") return 0.3 + 0.2 * ((at("a") - 0.4) ** 2 + (at("b") - 0.7) ** 2);
      if (p["method.kind"] === "wavy") return 0.5 + 0.2 * Math.sin(9 * at("c")) + 0.02 * Math.abs(at("e") - 5);
      const u = Math.log10(at("rate")) / 4 + 1;
      const bowl = ((u - 0.8) / 0.25) ** 2 + ((at("size") - 0.25) / 0.3) ** 2;
      return 1.1 - 1.1 * Math.exp(-bowl) + (p["method.mode"] === "q" ? 0 : 0.05);
    },
    regret: (loss) => loss / 0.43,
  };
}

/** Fourteen parameters of every kind, as in a real tuning job; for timing. */
export function mixed14(): Problem {
  const space = createSpace({
    lr: float(1e-5, 1, { log: true }),
    decay: float(1e-6, 1e-1, { log: true }),
    dropout: float(0, 0.5),
    momentum: float(0, 0.99),
    mix: float(0, 1),
    units1: int(16, 512, { log: true }),
    units2: int(16, 512),
    layers: int(1, 5),
    epochs: int(10, 200, { step: 10 }),
    activation: categorical(["relu", "tanh", "gelu", "elu"]),
    schedule: categorical(["cosine", "step", "none"]),
    optimizer: oneOf({ adam: { beta: float(0.8, 0.999) }, sgd: { nesterov: categorical([true, false]) } }),
  });
  return {
    name: "mixed14",
    space,
    evaluate(params) {
      const { x, active } = space.encode(params);
      return x.reduce((sum, xj, j) => sum + (active[j] ? ((j % 3) + 1) * (xj - 0.3 - 0.03 * j) ** 2 : 0.05), 0);
    },
    regret: (loss) => loss,
  };
}

function numbers(params: FlatParams): Readonly<Record<string, number>> {
  return params as Readonly<Record<string, number>>;
}
