/**
 * Random cases for samplers: a space of a few parameters of any kind, some of them conditional or under a constraint, and a history
 * of it with any mixture of results; all of it from one number, by which a failing case is found again.
 */
import { createRng, type Rng } from "../math/rng.ts";
import { randomParams } from "../sampler/feasible.ts";
import { boolean, categorical, fixed, ordinal } from "../space/choice.ts";
import { createSpace, list, oneOf, type SpaceNode, type SpaceSpec } from "../space/declare.ts";
import { float, int } from "../space/numeric.ts";
import type { FlatParams, ParamValue } from "../space/parameter.ts";
import { type Dimension, read, type Space } from "../space/space.ts";
import type { History, Observation } from "../trial/history.ts";

export interface RandomCase {
  readonly space: Space;
  readonly trials: History;
}

/** The case of this number, with a history of at most `longest` trials. */
export function randomCase(number: number, longest = 8): RandomCase {
  const rng = createRng("random case").fork(number);
  const space = randomSpace(rng.fork("space"));
  return { space, trials: randomHistory(space, rng.fork("history"), longest) };
}

function randomSpace(rng: Rng): Space {
  const space = createSpace(randomSpec(rng, 1 + rng.int(4), 2)) as Space;
  if (rng.next() >= 0.2 || space.coordinates.length < 2) return space;
  // A rule on the places of two parameters, which holds often, and always where one of them is inactive.
  const [a, b] = [space.coordinates[0]!, space.coordinates[1]!];
  return space.constrain(
    (params) => {
      const [u, v] = [placeOf(space, a, params), placeOf(space, b, params)];
      return u === undefined || v === undefined || u <= v + 0.5;
    },
    { name: `${a.name} <= ${b.name} + 1/2` },
  );
}

/** Where the value of a dimension lies in its unit interval; undefined where it is inactive. Reads only it and what it depends on. */
function placeOf(space: Space, dimension: Dimension, params: unknown): number | undefined {
  const value = readValue(space, dimension, params);
  return value === undefined ? undefined : dimension.parameter.encode(value);
}

function readValue(space: Space, dimension: Dimension, params: unknown): ParamValue | undefined {
  const parents = dimension.conditions.map(({ parent }) => space.get(parent)!);
  const known = parents.map((parent) => [parent.name, readValue(space, parent, params)] as const);
  if (known.some(([, value]) => value === undefined)) return undefined;
  if (!space.isActive(dimension, Object.fromEntries(known) as FlatParams)) return undefined;
  const value = read(params, dimension.path);
  return (dimension.listLength ? (value as readonly unknown[]).length : value) as ParamValue;
}

function randomSpec(rng: Rng, count: number, depth: number): SpaceSpec {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, randomNode(rng, depth)]));
}

const KINDS: readonly ((rng: Rng) => SpaceNode)[] = [
  (rng) => {
    const low = rng.normal() * randomScale(rng);
    return float(low, low + rng.next() * randomScale(rng));
  },
  (rng) => {
    const low = randomScale(rng);
    return float(low, low * (1 + rng.next() * randomScale(rng)), { log: true });
  },
  (rng) => float(-1, 1, { step: [0.1, 0.25, 0.3, 1][rng.int(4)]! }),
  (rng) => float(0.001, 1 + rng.int(10), { step: 0.001, log: true }),
  (rng) => int(-rng.int(5), rng.int(1000)),
  (rng) => int(1, 1 + rng.int(100_000), { log: true }),
  (rng) => categorical(Array.from({ length: 1 + rng.int(9) }, (_, i) => (i % 2 === 0 ? i : `${i}`))),
  (rng) => ordinal(Array.from({ length: 1 + rng.int(5) }, (_, i) => 2 * i)),
  () => boolean(),
  () => fixed(null),
];

function randomNode(rng: Rng, depth: number): SpaceNode {
  const draw = rng.next();
  if (depth > 0 && draw < 0.1) {
    return oneOf({ a: {}, b: randomSpec(rng, 1, depth - 1), c: randomSpec(rng, 1 + rng.int(2), depth - 1) });
  }
  if (depth > 0 && draw < 0.15) return list(randomSpec(rng, 1, depth - 1), { min: rng.int(2), max: 1 + rng.int(3) });
  return KINDS[rng.int(KINDS.length)]!(rng);
}

/** A power of ten from 10⁻⁹ to 10⁹. */
function randomScale(rng: Rng): number {
  return Number(`1e${rng.int(19) - 9}`);
}

/** What the losses of one history are like. */
const LOSSES: readonly ((rng: Rng, base: number) => number)[] = [
  (_, base) => base,
  (rng) => rng.normal(),
  () => 1,
  (rng, base) => base + 1e12 * rng.int(2),
  (_, base) => base * 1e300,
  (rng) => rng.int(9) * 1e-320,
  (rng) => (rng.next() < 0.5 ? 1 : -1) * Number.MAX_VALUE,
  (rng) => 1 + rng.int(4) * Number.EPSILON,
];

function randomHistory(space: Space, rng: Rng, longest: number): History {
  const lossOf = LOSSES[rng.int(LOSSES.length)]!;
  const isRepeating = rng.next() < 0.1;
  const trials: Observation[] = [];
  const length = rng.int(longest + 1);
  for (let number = 0; number < length; number++) {
    const params =
      number > 0 && (isRepeating || rng.next() < 0.1) ? trials[rng.int(number)]!.params : randomParams(space, rng);
    trials.push(outcome(space, params, number, rng, lossOf));
  }
  return trials;
}

function outcome(
  space: Space,
  params: FlatParams,
  number: number,
  rng: Rng,
  lossOf: (rng: Rng, base: number) => number,
): Observation {
  const draw = rng.next();
  const common = { number, params, reports: [], note: null };
  if (draw < 0.1) return { ...common, state: "failed", loss: null };
  if (draw < 0.2) return { ...common, state: "pending", loss: null };
  const base = space.encode(params).x.reduce((sum, x, j) => sum + Math.abs(x - 1 / (j + 2)), 0);
  const loss = lossOf(rng, base);
  if (draw < 0.3) return { ...common, state: "pruned", loss: rng.next() < 0.5 ? null : loss };
  return { ...common, state: "completed", loss, ...(draw < 0.4 ? { variance: rng.next() } : {}) };
}
