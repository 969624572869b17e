/** The configurations of a small finite space with what an ask needs of each, made once for a space. */
import type { FlatParams } from "../../space/parameter.ts";
import { configurations, type Space } from "../../space/space.ts";

export interface Listed {
  readonly params: FlatParams;
  readonly key: string;
  /** [d] */
  readonly x: Float64Array;
}

/** A space of at most so many configurations is listed instead of searched. */
const LISTED_MOST = 4096;

const known = new WeakMap<Space, readonly Listed[]>();

/** Every configuration, or undefined where they are too many. */
export function listing(space: Space): readonly Listed[] | undefined {
  if (space.size > LISTED_MOST) return undefined;
  const made =
    known.get(space) ??
    Array.from(configurations(space), (params) => ({ params, key: space.key(params), x: space.encode(params).x }));
  known.set(space, made);
  return made;
}
