/**
 * When to look where the model would not. A surrogate that begins after a handful of trials can lock itself into one branch
 * of a conditional space, or one level of a category, because a single bad point was all it saw of the others. So while a
 * choice has levels that were hardly tried, some asks go to a random point with the least-tried levels. Numbers need none of
 * that: between two tried values the model's own uncertainty grows.
 */
import type { Rng } from "../../math/rng.ts";
import type { FlatParams, ParamValue } from "../../space/parameter.ts";
import type { Dimension, Space } from "../../space/space.ts";
import type { History } from "../../trial/history.ts";
import { type Design, towardsEdges } from "../design.ts";

/** One ask in so many explores, as long as some level is behind. */
const SHARE = 1 / 4;
/** Choices with more levels are left to the model: their levels cannot all be tried. */
const LEVELS_MOST = 12;

/**
 * A random point with the least-tried level of every choice, if it is time for one.
 *
 * @param design how its numbers are laid out: as those of the first trials
 */
export function exploration(space: Space, trials: History, rng: Rng, design: Design): FlatParams | undefined {
  const choices = space.coordinates.filter((dimension) => isChoice(space, dimension));
  if (choices.length === 0 || rng.next() >= SHARE) return undefined;
  const tries = new Map(choices.map((dimension) => [dimension, countLevels(dimension, trials)]));
  const enough = 1 + Math.sqrt(trials.length);
  if (![...tries.values()].some((counts) => Math.min(...counts.values()) < enough)) return undefined;
  return space.build((dimension) => {
    const counts = tries.get(dimension);
    if (counts !== undefined) return leastTried(counts, rng);
    const u = rng.next();
    return dimension.parameter.decode(design === "edges" ? towardsEdges(dimension, u) : u);
  });
}

/** Whether a dimension opens others, or has unordered levels. */
function isChoice(space: Space, { name, parameter }: Dimension): boolean {
  if (parameter.levels > LEVELS_MOST) return false;
  return (
    parameter.nominal || space.dimensions.some(({ conditions }) => conditions.some(({ parent }) => parent === name))
  );
}

function countLevels({ name, parameter }: Dimension, trials: History): Map<ParamValue, number> {
  const counts = new Map<ParamValue, number>();
  for (let k = 0; k < parameter.levels; k++) counts.set(parameter.level(k), 0);
  for (const { params } of trials) {
    const value = params[name];
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

function leastTried(counts: ReadonlyMap<ParamValue, number>, rng: Rng): ParamValue {
  const least = Math.min(...counts.values());
  const values = [...counts].flatMap(([value, count]) => (count === least ? [value] : []));
  return values[rng.int(values.length)]!;
}
