/** Test functions with a known optimum: two of the literature, and two that catch what those forgive. */
import { categorical, createSpace, type FlatParams, float, int, oneOf } from "assay";
import type { Problem } from "./problem.ts";

/** Branin on [−5, 10] × [0, 15]; three minima of 0.397887. Source: Picheny et al. 2013, table 1. */
export function branin(): Problem {
  return {
    name: "branin",
    space: createSpace({ x: float(-5, 10), y: float(0, 15) }),
    evaluate(params) {
      const { x, y } = numbers(params);
      const parabola = y! - (5.1 / (4 * Math.PI ** 2)) * x! ** 2 + (5 / Math.PI) * x! - 6;
      return parabola ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x!) + 10;
    },
    regret: (loss) => loss - 0.39788735772973816,
  };
}

/** Hartmann's function in six dimensions on the unit cube; minimum −3.32237. Source: Picheny et al. 2013, table 3. */
export function hartmann6(): Problem {
  return {
    name: "hartmann6",
    space: createSpace(Object.fromEntries(Array.from({ length: 6 }, (_, j) => [`x${j}`, float(0, 1)]))),
    evaluate(params) {
      const x = Object.values(numbers(params));
      return -HARTMANN_ALPHA.reduce((sum, alpha, i) => {
        const inner = x.reduce((s, xj, j) => s + HARTMANN_A[i]![j]! * (xj - 1e-4 * HARTMANN_P[i]![j]!) ** 2, 0);
        return sum + alpha * Math.exp(-inner);
      }, 0);
    },
    regret: (loss) => loss + 3.322368011415515,
  };
}

const HARTMANN_ALPHA = [1, 1.2, 3, 3.2];
const HARTMANN_A = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const HARTMANN_P = [
  [1312, 1696, 5569, 124, 8283, 5886],
  [2329, 4135, 8307, 3736, 1004, 9991],
  [2348, 1451, 3522, 2883, 3047, 6650],
  [4047, 8828, 8732, 5743, 1091, 381],
];

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
