/**
 * A space as the maximiser and the surrogate see it: coordinates of the unit cube with their levels, and which of them are
 * active, compiled into look-ups, since an ask goes through a thousand points.
 */
import type { Domain, SearchCoordinate } from "../../acquisition/domain.ts";
import { createEmbedding, type Embedding } from "../../gp/embedding.ts";
import type { FlatParams } from "../../space/parameter.ts";
import type { Dimension, Space } from "../../space/space.ts";

export interface SpaceDomain extends Domain {
  readonly embedding: Embedding;
  /** A configuration as a point, and which of its coordinates are active, [d] both. */
  encode(params: FlatParams): { readonly x: Float64Array; readonly active: Uint8Array };
  /** The configuration of a point, [d]. */
  decode(x: Float64Array): FlatParams;
}

/** A grid of more levels is not tabulated. */
const LEVELS_TABULATED = 4096;

const known = new WeakMap<Space, SpaceDomain>();

/** The domain of a space, made once for each. */
export function domainOf(space: Space): SpaceDomain {
  const made = known.get(space) ?? createDomain(space);
  known.set(space, made);
  return made;
}

function createDomain(space: Space): SpaceDomain {
  const place = new Map(space.coordinates.map((dimension, j) => [dimension.name, j]));
  const axes = space.coordinates.map((dimension) => createAxis(dimension));
  const children: number[][] = axes.map(() => []);
  for (const [j, dimension] of space.coordinates.entries()) {
    for (const parent of parentsWithCoordinate(space, dimension, place)) children[parent]!.push(j);
  }
  const embedding = createEmbedding(
    space.coordinates.map(({ parameter, conditions }) => ({
      nominal: parameter.nominal,
      ...(conditions.length === 0 ? {} : { branch: JSON.stringify(conditions) }),
    })),
  );
  return {
    coordinates: axes.map((axis, j) => ({ ...axis, children: children[j]! })),
    width: embedding.width,
    embedding,
    activity: compileActivity(space, axes, place),
    ...(space.constraints.length === 0 ? {} : { isFeasible: (x: Float64Array) => space.isFeasible(space.decode(x)) }),
    embed: embedding.embed,
    encode: (params) => space.encode(params),
    decode: (x) => space.decode(x),
  };
}

/** A coordinate with the index of the level that a value belongs to; −1 where the levels are too many to tabulate. */
interface Axis extends Omit<SearchCoordinate, "children"> {
  index(u: number): number;
}

function createAxis({ parameter }: Dimension): Axis {
  const { levels, nominal } = parameter;
  const position = (index: number): number => parameter.encode(parameter.level(index));
  if (levels === Infinity) return { levels, nominal, position, index: () => -1, snap: clamp };
  if (levels > LEVELS_TABULATED)
    return { levels, nominal, position, index: () => -1, snap: (u) => parameter.encode(parameter.decode(u)) };
  const positions = Float64Array.from({ length: levels }, (_, k) => position(k));
  const index = (u: number): number => nearest(positions, u);
  return { levels, nominal, position: (k) => positions[k]!, index, snap: (u) => positions[index(u)]! };
}

function clamp(u: number): number {
  return u > 0 ? (u < 1 ? u : 1) : 0;
}

/** The index of the element of a sorted list that is nearest to u. */
function nearest(sorted: Float64Array, u: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (u > (sorted[middle]! + sorted[middle + 1]!) / 2) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The coordinates on which the activity of a dimension rests directly, or through parents that have only one value. */
function parentsWithCoordinate(space: Space, dimension: Dimension, place: ReadonlyMap<string, number>): Set<number> {
  const found = new Set<number>();
  for (const { parent } of dimension.conditions) {
    const j = place.get(parent);
    if (j !== undefined) found.add(j);
    else for (const above of parentsWithCoordinate(space, space.get(parent)!, place)) found.add(above);
  }
  return found;
}

function compileActivity(
  space: Space,
  axes: readonly Axis[],
  place: ReadonlyMap<string, number>,
): (x: Float64Array, active: Uint8Array) => void {
  if (space.coordinates.every(({ conditions }) => conditions.length === 0)) return (_, active) => void active.fill(1);
  const number = new Map(space.dimensions.map(({ name }, i) => [name, i]));
  const conditional = space.dimensions.flatMap((dimension, i) =>
    dimension.conditions.length === 0
      ? []
      : [
          {
            i,
            tests: dimension.conditions.map((condition) => compileCondition(space, condition, axes, place, number)),
          },
        ],
  );
  const coordinate = space.coordinates.map(({ name }) => number.get(name)!);
  const all = new Uint8Array(space.dimensions.length);
  return (x, active) => {
    all.fill(1);
    for (const { i, tests } of conditional) {
      let holds = true;
      for (const { parent, test } of tests) holds &&= all[parent] === 1 && test(x);
      all[i] = Number(holds);
    }
    for (let j = 0; j < coordinate.length; j++) active[j] = all[coordinate[j]!]!;
  };
}

interface CompiledCondition {
  /** Place of the parent among all dimensions. */
  readonly parent: number;
  readonly test: (x: Float64Array) => boolean;
}

function compileCondition(
  space: Space,
  condition: Dimension["conditions"][number],
  axes: readonly Axis[],
  place: ReadonlyMap<string, number>,
  number: ReadonlyMap<string, number>,
): CompiledCondition {
  const { parameter } = space.get(condition.parent)!;
  const parent = number.get(condition.parent)!;
  const allows = (value: unknown): boolean =>
    "values" in condition
      ? condition.values.some((allowed) => allowed === value)
      : (value as number) >= condition.atLeast;
  const j = place.get(condition.parent);
  if (j === undefined) {
    const holds = allows(parameter.level(0));
    return { parent, test: () => holds };
  }
  const axis = axes[j]!;
  if (parameter.levels > LEVELS_TABULATED) return { parent, test: (x) => allows(parameter.decode(x[j]!)) };
  const table = Uint8Array.from({ length: parameter.levels }, (_, k) => Number(allows(parameter.level(k))));
  return { parent, test: (x) => table[axis.index(x[j]!)] === 1 };
}
