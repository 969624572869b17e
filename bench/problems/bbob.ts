/**
 * The 24 noise-free functions of the Black-Box Optimization Benchmark on [-5, 5]ᵈ, with the instances of its legacy generator, so
 * that values equal those of COCO and IOHexperimenter. In a formula R and Q are the rotations of seeds s + 10⁶ and s, Λᵃ the diagonal matrix
 * of a^(½ i/(d−1)), and i counts from 0.
 *
 * Source: Hansen, Finck, Ros, Auger 2009, "Real-parameter black-box optimization benchmarking 2009: noiseless functions definitions"
 * (INRIA RR-6829).
 */
import { createSpace, type FlatParams, float } from "assay";
import type { Problem } from "./problem.ts";

type Vector = readonly number[];
type Matrix = readonly Vector[];
/** f − f_opt at x, [d]. */
type Evaluate = (x: Vector) => number;

const { abs, cos, exp, floor, log, max, min, PI, sin, sqrt } = Math;

/** How many functions there are: 1 to 24. */
export const BBOB_FUNCTIONS = 24;

/** 51 precisions f − f_opt, 10² to 10⁻⁸, evenly spaced in their logarithms. */
export const BBOB_TARGETS: Vector = Array.from({ length: 51 }, (_, k) => 10 ** (2 - k / 5));

/** The share of the targets that a run reaches whose best value is `precision` above the optimum. */
export function targetsReached(precision: number): number {
  return BBOB_TARGETS.filter((target) => precision <= target).length / BBOB_TARGETS.length;
}

/** Function 1 to 24 in `d` ≥ 2 dimensions; its regret is the precision f − f_opt. */
export function bbob(number: number, d: number, instance: number): Problem {
  const { evaluate, minimum } = bbobFunction(number, d, instance);
  const names = Array.from({ length: d }, (_, i) => `x${i}`);
  return {
    name: `f${number}-d${d}-i${instance}`,
    space: createSpace(Object.fromEntries(names.map((name) => [name, float(-5, 5)]))),
    evaluate: (params: FlatParams) => evaluate(names.map((name) => params[name] as number)) + minimum,
    regret: (loss) => loss - minimum,
  };
}

/** The function less its minimum, and its minimum. */
export function bbobFunction(
  number: number,
  d: number,
  instance: number,
): { readonly evaluate: Evaluate; readonly minimum: number } {
  const make = FUNCTIONS[number - 1];
  if (make === undefined || d < 2) {
    throw new Error(
      `BBOB has functions 1 to ${BBOB_FUNCTIONS} in 2 dimensions or more, but got function ${number} in ${d}.`,
    );
  }
  // Functions 4 and 18 share their instances with 3 and 17.
  const seed = (number === 4 ? 3 : number === 18 ? 17 : number) + 10_000 * instance;
  const ratio = gaussian(1, seed)[0]! / gaussian(1, seed + 1)[0]!;
  return { evaluate: make(d, seed), minimum: min(1000, max(-1000, round(10_000 * ratio) / 100)) };
}

const FUNCTIONS: readonly ((d: number, seed: number) => Evaluate)[] = [
  shifted(() => (z) => sum(z, (it) => it ** 2)),
  shifted(ellipsoid),
  shifted((d) => (z) => rastrigin(scale(asymmetric(oscillated(z), 0.2), 10, d))),
  buecheRastrigin,
  linearSlope,
  attractiveSector,
  stepEllipsoid,
  (d, seed) => {
    const optimum = optimumOf(d, seed).map((it) => 0.75 * it);
    return (x) =>
      rosenbrock(
        minus(x, optimum).map((it) => stretch(d) * it + 1),
        100,
      );
  },
  (d, seed) => {
    const Q = rotation(d, seed);
    return (x) =>
      rosenbrock(
        times(Q, x).map((it) => stretch(d) * it + 0.5),
        100,
      );
  },
  rotated(ellipsoid),
  rotated(() => (z) => {
    const [first, ...rest] = oscillated(z);
    return 1e6 * first! ** 2 + sum(rest, (it) => it ** 2);
  }),
  (d, seed) => {
    const optimum = optimumOf(d, seed + 1e6);
    const R = rotation(d, seed + 1e6);
    return (x) => {
      const [first, ...rest] = times(R, asymmetric(times(R, minus(x, optimum)), 0.5));
      return first! ** 2 + 1e6 * sum(rest, (it) => it ** 2);
    };
  },
  (d, seed) => {
    const optimum = optimumOf(d, seed);
    const M = conditioned(d, seed, 10);
    return (x) => {
      const [first, ...rest] = times(M, minus(x, optimum));
      return first! ** 2 + 100 * sqrt(sum(rest, (it) => it ** 2));
    };
  },
  rotated((d) => (z) => sqrt(sum(z, (it, i) => abs(it) ** (2 + (4 * i) / (d - 1))))),
  (d, seed) => {
    const M = conditioned(d, seed, 10);
    return rotated(() => (z) => rastrigin(times(M, asymmetric(oscillated(z), 0.2))))(d, seed);
  },
  weierstrass,
  (d, seed) => schaffers(d, seed, 10),
  (d, seed) => schaffers(d, seed, 1000),
  (d, seed) => {
    const Q = rotation(d, seed);
    return (x) => {
      const z = times(Q, x).map((it) => stretch(d) * it + 0.5);
      const terms = z.slice(1).map((next, i) => 100 * (z[i]! ** 2 - next) ** 2 + (1 - z[i]!) ** 2);
      return 10 + (10 / (d - 1)) * sum(terms, (it) => it / 4000 - cos(it));
    };
  },
  schwefel,
  (d, seed) => gallagher(d, seed, { peaks: 101, condition: sqrt(1000), width: 10 }),
  (d, seed) => gallagher(d, seed, { peaks: 21, condition: 1000, width: 9.8 }),
  katsuura,
  lunacek,
];

/** A function of x − x_opt. */
function shifted(make: (d: number) => Evaluate) {
  return (d: number, seed: number): Evaluate => {
    const optimum = optimumOf(d, seed);
    const evaluate = make(d);
    return (x) => evaluate(minus(x, optimum));
  };
}

/** A function of R (x − x_opt). */
function rotated(make: (d: number) => Evaluate) {
  return (d: number, seed: number): Evaluate => {
    const R = rotation(d, seed + 1e6);
    return shifted((n) => (z) => make(n)(times(R, z)))(d, seed);
  };
}

function ellipsoid(d: number): Evaluate {
  return (z) => sum(oscillated(z), (it, i) => 10 ** ((6 * i) / (d - 1)) * it ** 2);
}

function rastrigin(z: Vector): number {
  return 10 * (z.length - sum(z, (it) => cos(2 * PI * it))) + sum(z, (it) => it ** 2);
}

function buecheRastrigin(d: number, seed: number): Evaluate {
  const optimum = optimumOf(d, seed).map((it, i) => (i % 2 === 0 ? abs(it) : it));
  return (x) => {
    const z = oscillated(minus(x, optimum)).map(
      (it, i) => it * sqrt(10) ** (i / (d - 1)) * (it > 0 && i % 2 === 0 ? 10 : 1),
    );
    return rastrigin(z) + 100 * outside(x);
  };
}

function linearSlope(d: number, seed: number): Evaluate {
  const signs = optimumOf(d, seed).map((it) => (it < 0 ? -1 : 1));
  return (x) =>
    sum(x, (it, i) => {
      const slope = signs[i]! * 10 ** (i / (d - 1));
      return 5 * abs(slope) - slope * (signs[i]! * it < 5 ? it : 5 * signs[i]!);
    });
}

function attractiveSector(d: number, seed: number): Evaluate {
  const optimum = optimumOf(d, seed);
  const M = conditioned(d, seed, 10);
  return (x) => {
    const z = times(M, minus(x, optimum));
    return (
      oscillate(
        sum(z, (it, i) => ((it * optimum[i]! > 0 ? 100 : 1) * it) ** 2),
        0.1,
      ) ** 0.9
    );
  };
}

function stepEllipsoid(d: number, seed: number): Evaluate {
  const optimum = optimumOf(d, seed);
  const R = rotation(d, seed + 1e6);
  const Q = rotation(d, seed);
  return (x) => {
    const raw = scale(times(Q, minus(x, optimum)), 10, d);
    const z = times(
      R,
      raw.map((it) => (abs(it) > 0.5 ? round(it) : round(10 * it) / 10)),
    );
    return (
      0.1 *
        max(
          abs(raw[0]!) / 1e4,
          sum(z, (it, i) => 100 ** (i / (d - 1)) * it ** 2),
        ) +
      outside(x)
    );
  };
}

function rosenbrock(z: Vector, weight: number): number {
  return sum(z.slice(1), (next, i) => weight * (z[i]! ** 2 - next) ** 2 + (z[i]! - 1) ** 2);
}

function weierstrass(d: number, seed: number): Evaluate {
  const M = conditioned(d, seed, 1 / 100);
  const k = Array.from({ length: 12 }, (_, i) => i);
  const waves = (z: number) => sum(k, (i) => 0.5 ** i * cos(2 * PI * 3 ** i * (z + 0.5)));
  const optimum = optimumOf(d, seed);
  const R = rotation(d, seed + 1e6);
  return (x) => {
    const z = times(M, oscillated(times(R, minus(x, optimum))));
    return 10 * (sum(z, waves) / d - waves(0)) ** 3 + (10 / d) * outside(x);
  };
}

function schaffers(d: number, seed: number, condition: number): Evaluate {
  const optimum = optimumOf(d, seed);
  const R = rotation(d, seed + 1e6);
  const Q = rotation(d, seed);
  return (x) => {
    const z = scale(times(Q, asymmetric(times(R, minus(x, optimum)), 0.5)), condition, d);
    const terms = z.slice(1).map((next, i) => z[i]! ** 2 + next ** 2);
    return (sum(terms, (it) => it ** 0.25 * (1 + sin(50 * it ** 0.1) ** 2)) / (d - 1)) ** 2 + 10 * outside(x);
  };
}

function schwefel(d: number, seed: number): Evaluate {
  const top = 4.2096874633;
  const signs = uniform(d, seed).map((it) => (it < 0.5 ? -1 : 1));
  return (x) => {
    const y = x.map((it, i) => 2 * signs[i]! * it);
    const leaning = y.map((it, i) => (i === 0 ? it : it + 0.25 * (y[i - 1]! - top)));
    const z = scale(
      leaning.map((it) => it - top),
      10,
      d,
    ).map((it) => 100 * (it + top));
    const penalty = sum(z, (it) => max(0, abs(it) - 500) ** 2);
    return 0.01 * (penalty + 418.9828872724338 - sum(z, (it) => it * sin(sqrt(abs(it)))) / d);
  };
}

function gallagher(
  d: number,
  seed: number,
  { peaks, condition, width }: { readonly peaks: number; readonly condition: number; readonly width: number },
): Evaluate {
  const Q = rotation(d, seed);
  const order = permutation(uniform(peaks - 1, seed));
  const places = uniform(d * peaks, seed);
  const all = Array.from({ length: peaks }, (_, p) => {
    const conditionOfPeak = p === 0 ? condition : 1000 ** (order[p - 1]! / (peaks - 2));
    const at = places.slice(p * d, (p + 1) * d).map((it) => (p === 0 ? 0.8 : 1) * (width * it - width / 2));
    return {
      height: p === 0 ? 10 : 1.1 + (8 * (p - 1)) / (peaks - 2),
      centre: times(Q, at),
      scales: permutation(uniform(d, seed + 1000 * p)).map((it) => conditionOfPeak ** (it / (d - 1) - 0.5)),
    };
  });
  return (x) => {
    const z = times(Q, x);
    const heights = all.map(
      ({ height, centre, scales }) => height * exp((-0.5 / d) * sum(z, (it, i) => scales[i]! * (it - centre[i]!) ** 2)),
    );
    return oscillate(10 - max(...heights), 0.1) ** 2 + outside(x);
  };
}

function katsuura(d: number, seed: number): Evaluate {
  const optimum = optimumOf(d, seed);
  const M = conditioned(d, seed, 100);
  const powers = Array.from({ length: 32 }, (_, j) => 2 ** (j + 1));
  return (x) => {
    const product = times(M, minus(x, optimum)).reduce((total, it, i) => {
      const roughness = sum(powers, (power) => abs(power * it - round(power * it)) / power);
      return total * (1 + (i + 1) * roughness) ** (10 / d ** 1.2);
    }, 1);
    return (10 / d ** 2) * (product - 1) + outside(x);
  };
}

function lunacek(d: number, seed: number): Evaluate {
  const mu0 = 2.5;
  const s = 1 - 0.5 / (sqrt(d + 20) - 4.1);
  const mu1 = -sqrt((mu0 ** 2 - 1) / s);
  const signs = gaussian(d, seed).map((it) => (it < 0 ? -1 : 1));
  const R = rotation(d, seed + 1e6);
  const Q = rotation(d, seed);
  return (x) => {
    const y = x.map((it, i) => 2 * signs[i]! * it);
    const z = times(
      R,
      scale(
        times(
          Q,
          y.map((it) => it - mu0),
        ),
        100,
        d,
      ),
    );
    const spheres = min(
      sum(y, (it) => (it - mu0) ** 2),
      d + s * sum(y, (it) => (it - mu1) ** 2),
    );
    return spheres + 10 * (d - sum(z, (it) => cos(2 * PI * it))) + 1e4 * outside(x);
  };
}

/** The larger scale of the Rosenbrock functions in many dimensions. */
function stretch(d: number): number {
  return max(1, sqrt(d) / 8);
}

/** T_osz: a monotone wobble that keeps 0, raised to the power 1/a and back. */
function oscillate(x: number, a: number): number {
  if (x === 0) return 0;
  const t = log(abs(x)) / a;
  const wobble = x > 0 ? sin(t) + sin(0.79 * t) : sin(0.55 * t) + sin(0.31 * t);
  return (x > 0 ? 1 : -1) * exp(t + 0.49 * wobble) ** a;
}

function oscillated(x: Vector): Vector {
  return x.map((it) => oscillate(it, 0.1));
}

/** T_asy: positive coordinates are raised to a power that grows with i. */
function asymmetric(x: Vector, beta: number): Vector {
  return x.map((it, i) => (it > 0 ? it ** (1 + ((beta * i) / (x.length - 1)) * sqrt(it)) : it));
}

/** Λ x. */
function scale(x: Vector, condition: number, d: number): Vector {
  return x.map((it, i) => it * sqrt(condition) ** (i / (d - 1)));
}

/** R Λ Q. */
function conditioned(d: number, seed: number, condition: number): Matrix {
  const R = rotation(d, seed + 1e6);
  const Q = rotation(d, seed);
  return R.map((row) => Q.map((_, j) => sum(row, (it, k) => it * sqrt(condition) ** (k / (d - 1)) * Q[k]![j]!)));
}

/** The penalty beyond the box. */
function outside(x: Vector): number {
  return sum(x, (it) => max(0, abs(it) - 5) ** 2);
}

function optimumOf(d: number, seed: number): Vector {
  return uniform(d, seed).map((it) => (8 * floor(1e4 * it)) / 1e4 - 4 || -1e-5);
}

/** Gaussian columns, made orthonormal one after another. */
function rotation(d: number, seed: number): Matrix {
  const g = gaussian(d * d, seed);
  const columns: number[][] = [];
  for (let j = 0; j < d; j++) {
    let column = g.slice(j * d, (j + 1) * d);
    for (const other of columns) {
      const overlap = sum(column, (it, k) => it * other[k]!);
      column = column.map((it, k) => it - overlap * other[k]!);
    }
    const norm = sqrt(sum(column, (it) => it ** 2));
    columns.push(column.map((it) => it / norm));
  }
  return columns.map((_, i) => columns.map((column) => column[i]!));
}

/** The legacy generator: Park and Miller's with a shuffling table of 32. */
function uniform(n: number, seed: number): number[] {
  const next = (state: number): number => {
    const high = floor(state / 127773);
    const low = 16807 * (state - high * 127773) - 2836 * high;
    return low < 0 ? low + 2147483647 : low;
  };
  const table = new Array<number>(32);
  let state = max(1, abs(seed));
  for (let i = 39; i >= 0; i--) {
    state = next(state);
    if (i < 32) table[i] = state;
  }
  let drawn = table[0]!;
  return Array.from({ length: n }, () => {
    state = next(state);
    const at = floor(drawn / 67108865);
    drawn = table[at]!;
    table[at] = state;
    return drawn / 2.147483647e9 || 1e-99;
  });
}

function gaussian(n: number, seed: number): number[] {
  const u = uniform(2 * n, seed);
  return Array.from({ length: n }, (_, i) => sqrt(-2 * log(u[i]!)) * cos(2 * PI * u[n + i]!) || 1e-99);
}

/** The indices in the order of their values. */
function permutation(values: Vector): number[] {
  return values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
}

function round(x: number): number {
  return floor(x + 0.5);
}

function minus(x: Vector, y: Vector): Vector {
  return x.map((it, i) => it - y[i]!);
}

function times(M: Matrix, x: Vector): Vector {
  return M.map((row) => sum(row, (it, j) => it * x[j]!));
}

function sum(values: Vector, term: (value: number, i: number) => number): number {
  return values.reduce((total, value, i) => total + term(value, i), 0);
}
