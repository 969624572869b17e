/**
 * Functions on which optimisers are compared, with their known minima. Each is a space and a loss, so that a study can run it:
 * `createStudy({ space: f.space, … }).optimize((trial) => f.loss(trial.params), …)`.
 *
 * Source: Surjanovic & Bingham, "Virtual library of simulation experiments"; Hartmann 6 after Dixon & Szegő 1978.
 */
import { exp } from "../math/special.ts";
import { createSpace } from "../space/declare.ts";
import { float } from "../space/numeric.ts";
import type { Parameter } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";

/** Coordinates by name: x0, x1, … */
export type Point = Record<string, number>;

export interface TestFunction {
  readonly name: string;
  readonly space: Space<Point>;
  /** To be minimised. */
  loss(params: Readonly<Point>): number;
  /** The smallest loss in the space. */
  readonly minimum: number;
  /** Where it is reached: all such points, each a list of coordinates. */
  readonly minimisers: readonly (readonly number[])[];
}

/** (x₁ − 5.1 x₀²/4π² + 5 x₀/π − 6)² + 10 (1 − 1/8π) cos x₀ + 10 on [−5, 10] × [0, 15]: three equal minima. */
export const branin: TestFunction = testFunction({
  name: "branin",
  bounds: [
    [-5, 10],
    [0, 15],
  ],
  f([x0 = 0, x1 = 0]) {
    const valley = x1 - (5.1 * x0 * x0) / (4 * Math.PI * Math.PI) + (5 * x0) / Math.PI - 6;
    return valley * valley + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x0) + 10;
  },
  minimum: 0.3978873577297383,
  minimisers: [
    [-Math.PI, 12.275],
    [Math.PI, 2.275],
    [3 * Math.PI, 2.475],
  ],
});

const HARTMANN_WEIGHTS = [1, 1.2, 3, 3.2];
const HARTMANN_SCALES = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const HARTMANN_CENTRES = [
  [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
];

/** −Σᵢ wᵢ exp(−Σⱼ Aᵢⱼ (xⱼ − Pᵢⱼ)²) on [0, 1]⁶: one global and several local minima. */
export const hartmann6: TestFunction = testFunction({
  name: "hartmann6",
  bounds: Array.from({ length: 6 }, () => [0, 1] as const),
  f: (x) =>
    -sum(
      HARTMANN_WEIGHTS.map((weight, i) => {
        const distance = sum(
          HARTMANN_SCALES[i]!.map((scale, j) => {
            const difference = x[j]! - HARTMANN_CENTRES[i]![j]!;
            return scale * difference * difference;
          }),
        );
        return weight * exp(-distance);
      }),
    ),
  minimum: -3.3223680114155147,
  minimisers: [
    [
      0.20168951100670543, 0.15001069182345797, 0.476873974221897, 0.2753324304940561, 0.31165161660011326,
      0.6573005340656204,
    ],
  ],
});

/** −20 exp(−0.2 √(mean x²)) − exp(mean cos 2πx) + 20 + e on [−32.768, 32.768]ᵈ: a funnel with many dents. */
export function ackley(d: number): TestFunction {
  return testFunction({
    name: `ackley${d}`,
    bounds: Array.from({ length: d }, () => [-32.768, 32.768] as const),
    f(x) {
      const spread = Math.sqrt(sum(x.map((v) => v * v)) / d);
      const waves = sum(x.map((v) => Math.cos(2 * Math.PI * v))) / d;
      return 20 - 20 * exp(-0.2 * spread) + exp(1) - exp(waves);
    },
    minimum: 0,
    minimisers: [new Array(d).fill(0)],
  });
}

/** Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² on [−5, 10]ᵈ: a long bent valley. */
export function rosenbrock(d: number): TestFunction {
  return testFunction({
    name: `rosenbrock${d}`,
    bounds: Array.from({ length: d }, () => [-5, 10] as const),
    f(x) {
      return sum(
        x.slice(1).map((next, i) => {
          const off = next - x[i]! * x[i]!;
          const away = 1 - x[i]!;
          return 100 * off * off + away * away;
        }),
      );
    },
    minimum: 0,
    minimisers: [new Array(d).fill(1)],
  });
}

interface Definition {
  readonly name: string;
  readonly bounds: readonly (readonly [low: number, high: number])[];
  readonly minimum: number;
  readonly minimisers: readonly (readonly number[])[];
  f(x: readonly number[]): number;
}

function testFunction({ name, bounds, f, minimum, minimisers }: Definition): TestFunction {
  const parameters: Record<string, Parameter<number>> = {};
  for (const [j, [low, high]] of bounds.entries()) parameters[`x${j}`] = float(low, high);
  return {
    name,
    space: createSpace(parameters),
    loss: (params) => f(bounds.map((_, j) => params[`x${j}`]!)),
    minimum,
    minimisers,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
