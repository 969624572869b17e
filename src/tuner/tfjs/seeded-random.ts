/**
 * `Math.random` replaced while TensorFlow.js draws: it is what its initialisers and dropout use when they have no seed of
 * their own, and there is no other way to seed them. The rest of the house never calls it; see docs/architecture.md.
 */
import type { Rng } from "../../math/rng.ts";

/** Streams in use, the one that draws last; several where asynchronous builds overlap. */
const streams: Rng[] = [];
let original: typeof Math.random = Math.random;

/** Runs `run` with `Math.random` drawing from `rng`, and puts back what was there however it ends. */
export function withSeededRandom<T>(rng: Rng, run: () => T): T {
  if (streams.length === 0) {
    original = Math.random;
    Math.random = () => streams[streams.length - 1]!.next();
  }
  streams.push(rng);
  const leave = () => {
    streams.splice(streams.lastIndexOf(rng), 1);
    if (streams.length === 0) Math.random = original;
  };
  let result: T;
  try {
    result = run();
  } catch (error) {
    leave();
    throw error;
  }
  if (result instanceof Promise) return result.finally(leave) as T;
  leave();
  return result;
}
