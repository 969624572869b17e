/**
 * Minimises a smooth function in a box by limited-memory quasi-Newton steps along a projected path.
 *
 * This is the two-metric projection method, not the L-BFGS-B of Byrd et al. 1995: instead of a generalised Cauchy point and
 * a subspace minimisation, each iteration fixes the variables that lie at a bound and would leave, takes the L-BFGS direction
 * in the others, and searches along x(t) = P(x + t d), P the projection onto the box. It needs a tenth of the code; in
 * dimensions of tens, where a function evaluation costs far more than a step, it is as good.
 *
 * Sources: Bertsekas 1982, "Projected Newton methods for optimization problems with simple constraints", section 2 (the set
 * of fixed variables); Nocedal & Wright 2006, algorithm 7.4 (two-loop recursion); Lewis & Overton 2013, algorithm 2.6 (weak
 * Wolfe line search by bracketing).
 */
import { show, ValidationError } from "../errors.ts";

export interface LbfgsbOptions {
  /** Lower bounds, [n]; none by default. */
  readonly lower?: Float64Array;
  /** Upper bounds, [n]; a variable with equal bounds stays there. */
  readonly upper?: Float64Array;
  /** Pairs of steps and gradient changes that are kept: 8. */
  readonly memory?: number;
  /** 100. */
  readonly maxIterations?: number;
  /** Converged when no element of P(x − gradient) − x is larger: 1e-6. */
  readonly gradientTolerance?: number;
  /** Converged when an iteration gains no more than this times max(1, |value|): 0, that is, nothing. */
  readonly functionTolerance?: number;
  /** The largest change of a variable in one iteration, before the line search lengthens it; unlimited by default. */
  readonly maxStep?: number;
}

export interface LbfgsbResult {
  /** The best point found, [n], inside the box. */
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
  readonly evaluations: number;
  /**
   * `converged`: a tolerance was met; `stalled`: no descent could be found, at the limit of the function's precision or for
   * a gradient that is not its own; `iterations`: the limit was reached; `not-finite`: the function is not finite at x0.
   */
  readonly status: "converged" | "stalled" | "iterations" | "not-finite";
}

/** Writes the gradient at x to `gradient` and returns the value; both arrays belong to the minimiser, and x is not to be changed. */
export type DifferentiableFunction = (x: Float64Array, gradient: Float64Array) => number;

const SUFFICIENT_DECREASE = 1e-4;
const CURVATURE = 0.9;
const MAX_TRIALS_PER_SEARCH = 40;

/**
 * A local minimum of `fn` in lower <= x <= upper, from x0 projected onto the box. Points where the value or a gradient element is
 * NaN or infinite are treated as too far away, and stepped back from.
 *
 * @throws ValidationError when bounds have another length than x0, or a lower one is above its upper one
 */
export function minimizeLbfgsb(
  fn: DifferentiableFunction,
  x0: Float64Array,
  options: LbfgsbOptions = {},
): LbfgsbResult {
  const n = x0.length;
  const {
    lower = new Float64Array(n).fill(-Infinity),
    upper = new Float64Array(n).fill(Infinity),
    memory = 8,
    maxIterations = 100,
    gradientTolerance = 1e-6,
    functionTolerance = 0,
    maxStep = Infinity,
  } = options;
  checkBox(n, lower, upper);

  let current = newPoint(n);
  let candidate = newPoint(n);
  let spare = newPoint(n);
  const direction = new Float64Array(n);
  const free = new Uint8Array(n);
  const history = newHistory(n, memory);
  let evaluations = 0;

  /** Evaluates at P(origin + t·direction); false where that is not finite. */
  const evaluate = (point: Point, origin: Float64Array, t: number): boolean => {
    for (let i = 0; i < n; i++) point.x[i] = clamp(origin[i]! + t * direction[i]!, lower[i]!, upper[i]!);
    point.value = fn(point.x, point.gradient);
    evaluations++;
    return Number.isFinite(point.value) && point.gradient.every(Number.isFinite);
  };

  const finish = (status: LbfgsbResult["status"], iterations: number): LbfgsbResult => {
    return { x: current.x.slice(), value: current.value, iterations, evaluations, status };
  };

  if (!evaluate(current, x0, 0)) return finish("not-finite", 0);

  for (let iteration = 0; ; iteration++) {
    const residual = projectedGradientNorm(current, lower, upper);
    if (residual <= gradientTolerance) return finish("converged", iteration);
    if (iteration >= maxIterations) return finish("iterations", iteration);

    for (let i = 0; i < n; i++) free[i] = isFree(current, lower, upper, i, residual) ? 1 : 0;
    quasiNewtonDirection(history, current.gradient, free, direction);
    limitStep(direction, maxStep);
    // A fixed variable that is not quite at its bound goes there.
    for (let i = 0; i < n; i++) {
      if (!free[i]) direction[i] = (current.gradient[i]! > 0 ? lower[i]! : upper[i]!) - current.x[i]!;
    }

    const found = searchLine();
    if (found === null) {
      if (history.count === 0) return finish("stalled", iteration);
      // The curvature that was learned does not describe this place: forget it, and go down the gradient.
      history.count = 0;
      continue;
    }
    remember(history, current, found);
    const gain = current.value - found.value;
    const kept = current;
    current = found;
    if (found === candidate) candidate = kept;
    else spare = kept;
    if (gain <= functionTolerance * Math.max(1, Math.abs(current.value))) return finish("converged", iteration + 1);
  }

  /**
   * A point on the projected path with sufficient decrease and, unless the path ends, a slope that has flattened (weak Wolfe
   * conditions); the best with sufficient decrease when the trials run out; null when there is none.
   */
  function searchLine(): Point | null {
    const slope = dot(current.gradient, direction);
    if (!(slope < 0)) return null;
    let tooShort = 0;
    let tooLong = Infinity;
    let best: Point | null = null;
    let t = 1;
    for (let trial = 0; trial < MAX_TRIALS_PER_SEARCH; trial++) {
      const finite = evaluate(candidate, current.x, t);
      let decrease = 0;
      for (let i = 0; i < n; i++) decrease += current.gradient[i]! * (candidate.x[i]! - current.x[i]!);
      // The step has become too short to change a variable.
      if (decrease === 0) return best;
      if (!finite || !(candidate.value <= current.value + SUFFICIENT_DECREASE * decrease)) {
        tooLong = t;
        if (best !== null) t = (tooShort + tooLong) / 2;
        else if (finite) t *= clamp(parabolaMinimum(slope * t, candidate.value - current.value), 0.1, 0.5);
        else t *= 0.1;
      } else {
        if (pathSlope(candidate) >= CURVATURE * slope) return candidate;
        // Still falling steeply: this one counts, but a longer step may be better.
        if (best !== null && best.value <= candidate.value) return best;
        const kept = candidate;
        candidate = best ?? spare;
        spare = kept;
        best = kept;
        tooShort = t;
        t = tooLong === Infinity ? 2 * t : (tooShort + tooLong) / 2;
      }
    }
    return best;
  }

  /** d/dt fn(P(x + t d)) at a point on the path: only variables that have not come to a bound still move. */
  function pathSlope(point: Point): number {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const x = point.x[i]!;
      const step = direction[i]!;
      if (step > 0 ? x < upper[i]! : x > lower[i]!) sum += point.gradient[i]! * step;
    }
    return sum;
  }
}

interface Point {
  readonly x: Float64Array;
  readonly gradient: Float64Array;
  value: number;
}

function newPoint(n: number): Point {
  return { x: new Float64Array(n), gradient: new Float64Array(n), value: NaN };
}

/** The last steps s and gradient changes y, a ring of `memory` rows [n]. */
interface History {
  readonly steps: readonly Float64Array[];
  readonly changes: readonly Float64Array[];
  readonly weights: Float64Array;
  /** How many pairs there are, and where the next one goes. */
  count: number;
  next: number;
}

function newHistory(n: number, memory: number): History {
  const rows = (): Float64Array[] => Array.from({ length: memory }, () => new Float64Array(n));
  return { steps: rows(), changes: rows(), weights: new Float64Array(memory), count: 0, next: 0 };
}

function remember(history: History, from: Point, to: Point): void {
  const memory = history.steps.length;
  if (memory === 0) return;
  const s = history.steps[history.next]!;
  const y = history.changes[history.next]!;
  for (let i = 0; i < s.length; i++) {
    s[i] = to.x[i]! - from.x[i]!;
    y[i] = to.gradient[i]! - from.gradient[i]!;
  }
  // Without positive curvature the approximation would lose its positive definiteness.
  if (!(dot(s, y) > 1e-12 * dot(y, y))) return;
  history.next = (history.next + 1) % memory;
  history.count = Math.min(history.count + 1, memory);
}

/**
 * direction = −H g in the free variables, H the L-BFGS approximation to the inverse Hessian there, by the two-loop recursion on
 * the free parts of the pairs; down the gradient, by at most 1 in all, while there are none. Source: Nocedal & Wright, algorithm 7.4.
 */
function quasiNewtonDirection(
  history: History,
  gradient: Float64Array,
  free: Uint8Array,
  direction: Float64Array,
): void {
  const n = gradient.length;
  const { steps, changes, weights, count, next } = history;
  const memory = steps.length;
  for (let i = 0; i < n; i++) direction[i] = free[i] ? -gradient[i]! : 0;
  let scale = 0;
  for (let age = 1; age <= count; age++) {
    const row = (next - age + memory) % memory;
    const s = steps[row]!;
    const y = changes[row]!;
    const sy = freeDot(s, y, free);
    const yy = freeDot(y, y, free);
    weights[row] = 0;
    if (!(sy > 1e-12 * yy)) continue;
    if (scale === 0) scale = sy / yy;
    weights[row] = freeDot(s, direction, free) / sy;
    for (let i = 0; i < n; i++) if (free[i]) direction[i] = direction[i]! - weights[row]! * y[i]!;
  }
  if (scale === 0) {
    let total = 0;
    for (let i = 0; i < n; i++) total += Math.abs(direction[i]!);
    scale = total > 1 ? 1 / total : 1;
  }
  for (let i = 0; i < n; i++) direction[i] = direction[i]! * scale;
  for (let age = count; age >= 1; age--) {
    const row = (next - age + memory) % memory;
    const s = steps[row]!;
    const y = changes[row]!;
    const sy = freeDot(s, y, free);
    if (!(sy > 1e-12 * freeDot(y, y, free))) continue;
    const correction = weights[row]! - freeDot(y, direction, free) / sy;
    for (let i = 0; i < n; i++) if (free[i]) direction[i] = direction[i]! + correction * s[i]!;
  }
}

/**
 * Whether a variable may move: not where the gradient presses it against a bound that is (nearly) reached. The margin shrinks
 * with the residual, so that it vanishes at a solution. Source: Bertsekas 1982, section 2.
 */
function isFree(point: Point, lower: Float64Array, upper: Float64Array, i: number, residual: number): boolean {
  const low = lower[i]!;
  const high = upper[i]!;
  if (low === high) return false;
  const width = high - low;
  const margin = Math.min(residual, width < Infinity ? 1e-3 * width : 1e-3);
  const slope = point.gradient[i]!;
  return slope > 0 ? point.x[i]! - low > margin : slope < 0 ? high - point.x[i]! > margin : true;
}

/** max |P(x − g) − x|, zero exactly at the points that satisfy the first-order conditions. */
function projectedGradientNorm(point: Point, lower: Float64Array, upper: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < point.x.length; i++) {
    const x = point.x[i]!;
    largest = Math.max(largest, Math.abs(clamp(x - point.gradient[i]!, lower[i]!, upper[i]!) - x));
  }
  return largest;
}

function limitStep(direction: Float64Array, maxStep: number): void {
  let largest = 0;
  for (const step of direction) largest = Math.max(largest, Math.abs(step));
  if (largest > maxStep) for (let i = 0; i < direction.length; i++) direction[i] = (direction[i]! * maxStep) / largest;
}

/** Where, in parts of the step, the parabola with this slope at 0 and this rise over the step is lowest. */
function parabolaMinimum(slope: number, rise: number): number {
  return -slope / (2 * (rise - slope));
}

function checkBox(n: number, lower: Float64Array, upper: Float64Array): void {
  if (lower.length !== n || upper.length !== n) {
    throw new ValidationError(
      `Bounds must have one element for each of the ${n} variables, but got ${lower.length} lower and ${upper.length} upper ones.`,
    );
  }
  for (let i = 0; i < n; i++) {
    if (!(lower[i]! <= upper[i]!)) {
      throw new ValidationError(
        `\`lower <= upper\` must hold for every variable, but variable ${i} has lower=${show(lower[i])}, upper=${show(upper[i])}.`,
      );
    }
  }
}

function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function freeDot(a: Float64Array, b: Float64Array, free: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) if (free[i]) sum += a[i]! * b[i]!;
  return sum;
}
