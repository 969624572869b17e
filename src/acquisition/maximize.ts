/**
 * The search for the point where an acquisition function is largest, on a space that may mix continuous, stepped and
 * unordered coordinates, some of them active only under others. A pool of spread and nearby points is scored in one batch;
 * the best few are climbed, alternating between L-BFGS-B on the continuous coordinates and the best of all single moves on
 * the discrete ones. A move of a coordinate that others depend on is tried together with several settings of those others:
 * judged with one setting only, a good branch looks bad.
 */
import { minimizeLbfgsb } from "../math/lbfgsb.ts";
import type { Rng } from "../math/rng.ts";
import { sobol } from "../math/sobol.ts";
import { exp } from "../math/special.ts";
import type { Domain, SearchCoordinate } from "./domain.ts";
import type { Target } from "./target.ts";

/** `lbfgs`: pool, then climb from the best of it. `random`: the best of uniformly random points. */
export type Maximizer = "lbfgs" | "random";

export interface MaximizeOptions {
  readonly maximizer: Maximizer;
  readonly rng: Rng;
  /** Good points known, best first: their neighbourhood joins the pool, and the first is climbed from. Each [d]. */
  readonly anchors: readonly Float64Array[];
}

/** A point of the domain, its discrete coordinates at their levels, and its utility. */
export interface Candidate {
  /** [d] */
  readonly x: Float64Array;
  readonly value: number;
}

const POOL_SPREAD = 512;
const POOL_NEAR = 256;
const POOL_RANDOM = 2048;
const STARTS = 6;
const ROUNDS = 12;
const CLIMB_ITERATIONS = 30;
/** A coordinate with more levels than this is climbed as if it were continuous, and only then moved level by level. */
const LEVELS_TRIED = 24;
/** Moves scored in one round, so that a space of a thousand grids is no slower than one of ten. */
const MOVES_MOST = 400;
/** Settings of the children that a move of their parent is tried with. */
const CHILD_SETTINGS = 4;
/** An improvement below this is rounding. */
const TOLERANCE = 1e-9;

/**
 * Candidates in order of utility, best first: more than one, so that the caller can pass over those it has tried.
 *
 * @returns at least one candidate; x differs between any two only by chance
 */
export function maximize(target: Target, domain: Domain, options: MaximizeOptions): Candidate[] {
  const search = new Search(target, domain, options.rng);
  if (options.maximizer === "random") return ranked(search.score(randomPoints(domain, POOL_RANDOM, options.rng)));
  const pool = search.score([
    ...options.anchors,
    ...spreadPoints(domain, POOL_SPREAD, options.rng),
    ...nearPoints(domain, options.anchors, POOL_NEAR, options.rng),
  ]);
  const starts = chooseStarts(pool, options.anchors.length > 0 ? pool[0] : undefined, options.rng);
  return ranked([...pool, ...starts.flatMap((start) => search.climb(start, options.anchors))]);
}

/** Scores given points, best first: for a space small enough to list. */
export function rank(target: Target, domain: Domain, points: readonly Float64Array[]): Candidate[] {
  return ranked(scoreAll(target, domain, points));
}

function ranked(candidates: Candidate[]): Candidate[] {
  return candidates.sort((a, b) => b.value - a.value);
}

function scoreAll(target: Target, domain: Domain, points: readonly Float64Array[]): Candidate[] {
  const { width } = domain;
  const rows = new Float64Array(points.length * width);
  const active = new Uint8Array(domain.coordinates.length);
  points.forEach((x, i) => {
    domain.activity(x, active);
    domain.embed(x, active, rows, i * width);
  });
  const values = target.values(rows, points.length);
  const { isFeasible } = domain;
  return points.map((x, i) => ({ x, value: isFeasible === undefined || isFeasible(x) ? values[i]! : -Infinity }));
}

/** One maximisation: what all climbs share. */
class Search {
  readonly #target: Target;
  readonly #domain: Domain;
  readonly #rng: Rng;

  constructor(target: Target, domain: Domain, rng: Rng) {
    this.#target = target;
    this.#domain = domain;
    this.#rng = rng;
  }

  score(points: readonly Float64Array[]): Candidate[] {
    return scoreAll(this.#target, this.#domain, points);
  }

  /** The points passed on the way up from `start`, the summit last. */
  climb(start: Candidate, anchors: readonly Float64Array[]): Candidate[] {
    const path: Candidate[] = [];
    let at = start;
    for (let round = 0; round < ROUNDS; round++) {
      const smooth = this.#climbContinuous(at);
      if (smooth !== undefined) path.push(smooth);
      const from = smooth ?? at;
      const moves = this.score(this.#moves(from.x, anchors));
      const best = moves.reduce((a, b) => (b.value > a.value ? b : a), from);
      // The runners-up stand in where the summit itself has been tried already.
      path.push(...ranked(moves).slice(0, 8));
      at = best;
      if (best === from) break;
    }
    return path;
  }

  /**
   * L-BFGS-B over the active coordinates that are continuous, or have too many levels to try each; undefined if no better. Each is measured in its
   * length-scale, in which the target bends alike in all directions: the first step, down the gradient, is then no worse than the later ones.
   */
  #climbContinuous(start: Candidate): Candidate | undefined {
    const { coordinates, width } = this.#domain;
    const active = new Uint8Array(coordinates.length);
    this.#domain.activity(start.x, active);
    const free = coordinates.flatMap((coordinate, j) => (active[j] && isSmooth(coordinate) ? [j] : []));
    if (free.length === 0) return undefined;
    // A length-scale beyond the box says no more than that the box is short.
    const unit = Float64Array.from(free, (j) => Math.min(1, this.#target.lengthScales?.[j] ?? 1));
    const row = new Float64Array(width);
    const rowGradient = new Float64Array(width);
    this.#domain.embed(start.x, active, row, 0);
    const result = minimizeLbfgsb(
      (u, gradient) => {
        for (let i = 0; i < free.length; i++) row[free[i]!] = u[i]! * unit[i]!;
        const value = this.#target.gradient(row, rowGradient);
        for (let i = 0; i < free.length; i++) gradient[i] = -rowGradient[free[i]!]! * unit[i]!;
        return -value;
      },
      Float64Array.from(free, (j, i) => start.x[j]! / unit[i]!),
      {
        lower: new Float64Array(free.length),
        upper: unit.map((length) => 1 / length),
        maxIterations: CLIMB_ITERATIONS,
        gradientTolerance: 1e-5,
      },
    );
    const x = start.x.slice();
    for (let i = 0; i < free.length; i++) x[free[i]!] = coordinates[free[i]!]!.snap(result.x[i]! * unit[i]!);
    const end = this.score([x])[0]!;
    return end.value > start.value + TOLERANCE ? end : undefined;
  }

  /** The points one discrete move away from x, or some of them where they are many. */
  #moves(x: Float64Array, anchors: readonly Float64Array[]): Float64Array[] {
    const { coordinates } = this.#domain;
    const active = new Uint8Array(coordinates.length);
    this.#domain.activity(x, active);
    const steps = coordinates.flatMap((coordinate, j) =>
      active[j] ? otherValues(coordinate, x[j]!, this.#rng).map((value) => ({ j, value })) : [],
    );
    const tried = steps.length <= MOVES_MOST ? steps : pickSome(steps, MOVES_MOST, this.#rng);
    return tried.flatMap(({ j, value }) => {
      const moved = x.slice();
      moved[j] = value;
      return coordinates[j]!.children.length === 0 ? [moved] : [moved, ...this.#withChildren(moved, j, anchors)];
    });
  }

  /** A moved parent with other settings of its children: those of the best points that have its new value, then random ones. */
  #withChildren(moved: Float64Array, parent: number, anchors: readonly Float64Array[]): Float64Array[] {
    const { coordinates } = this.#domain;
    const descendants = descendantsOf(coordinates, parent);
    const settings: Float64Array[] = anchors.filter((anchor) => anchor[parent] === moved[parent]).slice(0, 2);
    while (settings.length < CHILD_SETTINGS) settings.push(randomPoint(this.#domain, this.#rng));
    return settings.map((setting) => {
      const x = moved.slice();
      for (const j of descendants) x[j] = setting[j]!;
      return x;
    });
  }
}

function isSmooth(coordinate: SearchCoordinate): boolean {
  return !coordinate.nominal && coordinate.levels > LEVELS_TRIED;
}

/** The values that a discrete coordinate is tried at from `value`: each level if they are few, else some near and some far. */
function otherValues(coordinate: SearchCoordinate, value: number, rng: Rng): number[] {
  const { levels } = coordinate;
  if (levels === Infinity) return [];
  const values = new Set<number>();
  if (levels <= LEVELS_TRIED) {
    for (let k = 0; k < levels; k++) values.add(coordinate.position(k));
  } else if (coordinate.nominal) {
    for (let k = 0; k < LEVELS_TRIED; k++) values.add(coordinate.position(rng.int(levels)));
  } else {
    for (let step = 1 / levels; step < 0.5; step *= 4) {
      values.add(coordinate.snap(value - step)).add(coordinate.snap(value + step));
    }
  }
  values.delete(value);
  return [...values];
}

function pickSome<T>(all: readonly T[], count: number, rng: Rng): T[] {
  return Array.from(rng.permutation(all.length).subarray(0, count), (i) => all[i]!);
}

function descendantsOf(coordinates: readonly SearchCoordinate[], parent: number): Set<number> {
  const found = new Set(coordinates[parent]!.children);
  for (const j of found) for (const child of coordinates[j]!.children) found.add(child);
  return found;
}

function snapAll(domain: Domain, x: Float64Array): Float64Array {
  for (let j = 0; j < x.length; j++) x[j] = domain.coordinates[j]!.snap(x[j]!);
  return x;
}

function randomPoint(domain: Domain, rng: Rng): Float64Array {
  return snapAll(
    domain,
    Float64Array.from(domain.coordinates, () => rng.next()),
  );
}

function randomPoints(domain: Domain, count: number, rng: Rng): Float64Array[] {
  return Array.from({ length: count }, () => randomPoint(domain, rng));
}

/** Points that fill the cube: scrambled Sobol. */
function spreadPoints(domain: Domain, count: number, rng: Rng): Float64Array[] {
  const d = domain.coordinates.length;
  if (d === 0) return randomPoints(domain, count, rng);
  const sequence = sobol(d, rng.fork("spread"));
  return Array.from({ length: count }, (_, i) => snapAll(domain, sequence.point(i)));
}

/** Points that differ from an anchor in a few coordinates: numbers by a wide or a narrow step, levels by any other level. */
function nearPoints(domain: Domain, anchors: readonly Float64Array[], count: number, rng: Rng): Float64Array[] {
  const d = domain.coordinates.length;
  if (anchors.length === 0 || d === 0) return [];
  return Array.from({ length: count }, (_, i) => {
    const x = anchors[i % anchors.length]!.slice();
    const changes = 1 + rng.int(Math.min(3, d));
    const width = rng.next() < 0.5 ? 0.1 : 0.02;
    for (let change = 0; change < changes; change++) {
      const j = rng.int(d);
      const coordinate = domain.coordinates[j]!;
      x[j] = coordinate.nominal
        ? coordinate.position(rng.int(coordinate.levels))
        : coordinate.snap(Math.min(1, Math.max(0, x[j]! + Math.max(width, 0.7 / coordinate.levels) * rng.normal())));
    }
    return x;
  });
}

/** The best of the pool, the best anchor, and others drawn with probability ∝ exp(value − best), so that starts differ. */
function chooseStarts(pool: readonly Candidate[], anchor: Candidate | undefined, rng: Rng): Candidate[] {
  const order = ranked([...pool]);
  const top = order[0]!;
  if (top.value === -Infinity) return [];
  const starts = new Set(anchor === undefined ? [top] : [top, anchor]);
  const weights = order.map(({ value }) => exp(value - top.value));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (let attempt = 0; attempt < 10 * STARTS && starts.size < STARTS; attempt++) {
    let left = rng.next() * total;
    let drawn = 0;
    while (drawn < order.length - 1 && left >= weights[drawn]!) left -= weights[drawn++]!;
    starts.add(order[drawn]!);
  }
  return [...starts];
}
