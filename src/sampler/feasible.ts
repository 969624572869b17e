/**
 * Configurations that keep the constraints of their space. A constraint is a function that answers yes or no, so nothing tells
 * how far a configuration is from keeping it: the search draws at random until it finds a feasible point, and from then on
 * walks from feasible points along random lines, cut back towards the start until they end in a feasible point.
 *
 * The walk is hit-and-run with the shrinking interval of slice sampling, which leaves the uniform distribution over the
 * feasible points as it is. Sources: Smith 1984, "Efficient Monte Carlo procedures for generating points uniformly distributed
 * over bounded regions"; Neal 2003, "Slice sampling", figure 8.
 *
 * Its limit: without a feasible trial, it finds sets of a share of 10⁻⁴ of the space with all but certainty; several constraints
 * are approached one after another, so that each may have such a share of what the others leave. Equalities between continuous
 * parameters cannot be met by chance: derive one of the parameters in the objective instead.
 */
import { SpaceInfeasibleError, show } from "../errors.ts";
import type { Rng } from "../math/rng.ts";
import type { FlatParams } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";

/** Random configurations to look for a first feasible one among. A share of 10⁻⁴ is missed once in e¹² searches. */
const DRAWS_MOST = 120_000;
/** After so many draws, the search goes on from those that break the fewest constraints. */
const DRAWS_PLAIN = 20_000;
/** Moves of one walk: enough to forget its start in the dimensions there are, within reason. */
const MOVES_MOST = 48;
/** Cuts of one line; 2⁻³² of it is a point. */
const CUTS_MOST = 32;

/** Any configuration, each parameter uniform in its own scale. */
export function randomParams(space: Space, rng: Rng): FlatParams {
  return space.build(({ parameter }) => parameter.decode(rng.next()));
}

/**
 * A feasible configuration, found without knowing one.
 *
 * @param drawn  draws the configurations to choose from, where only some may be taken: then nothing is walked
 * @throws SpaceInfeasibleError with the number of draws and the constraint that most of them broke
 */
export function searchFeasible(space: Space, rng: Rng, drawn?: () => FlatParams): FlatParams {
  const draw = drawn ?? (() => randomParams(space, rng));
  const breaks = new Map(space.constraints.map(({ name }) => [name, 0]));
  let closest: FlatParams | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < DRAWS_MOST; i++) {
    const isWalk =
      drawn === undefined &&
      closest !== undefined &&
      i >= DRAWS_PLAIN &&
      i % 2 === 1 &&
      fewest < space.constraints.length;
    const params = isWalk ? walk(space, closest!, [], rng, (at) => space.broken(at).length <= fewest) : draw();
    const broken = space.broken(params);
    if (broken.length === 0) return params;
    for (const { name } of broken) breaks.set(name, breaks.get(name)! + 1);
    if (broken.length < fewest || isWalk) closest = params;
    fewest = Math.min(fewest, broken.length);
  }
  const [worst] = [...breaks].sort((a, b) => b[1] - a[1]);
  const [name, count] = worst!;
  throw new SpaceInfeasibleError(
    `No configuration that keeps all constraints of the space was found in ${DRAWS_MOST} draws; ${show(name)} was broken most often, in ${count} of them. ` +
      "Enqueue a configuration that keeps them, or declare the parameters so that they hold more often.",
  );
}

/**
 * A feasible configuration some random moves away from one.
 *
 * @param from     feasible itself
 * @param others   further feasible ones, whose differences are directions along which linear equations stay true
 * @param accepts  what counts as feasible
 */
export function walk(
  space: Space,
  from: FlatParams,
  others: readonly FlatParams[],
  rng: Rng,
  accepts: (params: FlatParams) => boolean = (params) => space.isFeasible(params),
): FlatParams {
  const { x, active } = space.encode(from);
  // What was inactive has any value, should a move make it active.
  for (let j = 0; j < x.length; j++) if (active[j] === 0) x[j] = rng.next();
  const ends = others.map((params) => space.encode(params).x);
  const moves = Math.min(MOVES_MOST, 8 + 2 * x.length);
  let at = from;
  for (let move = 0; move < moves && x.length > 0; move++) at = step(space, x, ends, rng, accepts) ?? at;
  return at;
}

/** One move of x along a line; undefined, with x where it was, if the line has no other feasible point. */
function step(
  space: Space,
  x: Float64Array,
  others: readonly Float64Array[],
  rng: Rng,
  accepts: (params: FlatParams) => boolean,
): FlatParams | undefined {
  const direction = drawDirection(space, x, others, rng);
  let [low, high] = reach(x, direction);
  for (let cut = 0; cut < CUTS_MOST && high > low; cut++) {
    const t = low + rng.next() * (high - low);
    const z = x.map((value, j) => Math.min(1, Math.max(0, value + t * direction[j]!)));
    const params = space.decode(z);
    if (accepts(params)) {
      x.set(z);
      return params;
    }
    if (t < 0) low = t;
    else high = t;
  }
  return undefined;
}

/** One coordinate, all ordered ones, or the difference of two feasible points. */
function drawDirection(space: Space, x: Float64Array, others: readonly Float64Array[], rng: Rng): Float64Array {
  const d = x.length;
  const direction = new Float64Array(d);
  const kind = rng.int(others.length >= 2 ? 3 : 2);
  if (kind === 0) direction[rng.int(d)] = 1;
  else if (kind === 1) {
    for (let j = 0; j < d; j++) if (!space.coordinates[j]!.parameter.nominal) direction[j] = rng.normal();
  } else {
    const a = others[rng.int(others.length)]!;
    const b = others[rng.int(others.length)]!;
    for (let j = 0; j < d; j++) direction[j] = a[j]! - b[j]!;
  }
  return direction;
}

/** The interval of t for which x + t · direction lies in the unit cube. */
function reach(x: Float64Array, direction: Float64Array): [number, number] {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (let j = 0; j < x.length; j++) {
    const slope = direction[j]!;
    if (slope === 0) continue;
    const a = -x[j]! / slope;
    const b = (1 - x[j]!) / slope;
    low = Math.max(low, Math.min(a, b));
    high = Math.min(high, Math.max(a, b));
  }
  return Number.isFinite(low) && Number.isFinite(high) ? [low, high] : [0, 0];
}
