/** Callbacks for many trainings from one list: each training gets fresh ones, for a callback remembers its training. */
import { show } from "../errors.ts";
import type { Callback } from "../nn/callbacks.ts";
import { TrainingMisused } from "./training-result.ts";

/**
 * A function that makes a callback, or a callback: one with `copy()` is copied, any other used as it is and so must begin
 * anew at `onTrainBegin`, as the contract of callbacks has it.
 */
export type CallbackSource = Callback | (() => Callback);

/** @throws TrainingMisused when one is neither a callback nor a function that makes one */
export function freshCallbacks(sources: readonly CallbackSource[] = []): Callback[] {
  if (!Array.isArray(sources)) {
    throw new TrainingMisused(`\`callbacks\` must be a list of callbacks or functions, but got ${show(sources)}.`);
  }
  return sources.map((source: CallbackSource, index) => {
    const callback = typeof source === "function" ? source() : source;
    if (typeof callback !== "object" || callback === null) {
      throw new TrainingMisused(
        `\`callbacks[${index}]\` must be a callback or a function that makes one, but got ${show(callback)}.`,
      );
    }
    const { copy } = callback as { copy?: () => Callback };
    return typeof source !== "function" && typeof copy === "function" ? copy() : callback;
  });
}
