import { expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { memory } from "../../src/storage/memory.ts";
import { TrialsView } from "../../src/study/view.ts";
import { type FrozenTrial, isFinal, type TrialState } from "../../src/trial/trial.ts";
import { trialOf } from "./frozen-trial.ts";

const STATES: readonly TrialState[] = ["waiting", "running", "completed", "pruned", "failed", "lost"];
const VALUES = [null, 0, 1, 2, Number.POSITIVE_INFINITY];

test.each(["minimize", "maximize"] as const)(
  "the trials known of a study have the best and the first open one that a look at all of them finds (%s)",
  (direction) => {
    const rng = createRng(direction);
    const view = new TrialsView(memory(), { id: "1", direction }, () => 0);
    const sign = direction === "minimize" ? 1 : -1;
    for (let i = 0; i < 2000; i++) {
      // A trial that is known is put again as it may be after any change, even one that a storage does not allow.
      const number = rng.int(Math.min(view.trials.length + 1, 40));
      view.put(trialOf(number, STATES[rng.int(STATES.length)]!, VALUES[rng.int(VALUES.length)]!));
      const finite = view.trials.filter(
        ({ state, value }) => state === "completed" && value !== null && Number.isFinite(value),
      );
      const least = Math.min(...finite.map(({ value }) => sign * value!));
      expect(view.best).toBe(finite.find(({ value }) => sign * value! === least) ?? null);
      const isOdd = ({ number }: FrozenTrial) => number % 2 === 1;
      expect(view.firstOpen(isOdd)).toBe(view.trials.find((trial) => !isFinal(trial.state) && isOdd(trial)));
    }
  },
);
