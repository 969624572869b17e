import { describe, expect, it } from "vitest";
import { createRng, type Rng } from "../../src/math/rng.ts";
import { random } from "../../src/sampler/random.ts";
import type { Sampler } from "../../src/sampler/sampler.ts";
import { categorical } from "../../src/space/choice.ts";
import { oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import { memory } from "../../src/storage/memory.ts";
import { createStudy } from "../../src/study/create.ts";

const space = {
  x: float(-5, 5),
  o: oneOf({ a: { y: int(1, 100) }, b: { z: float(0, 1) } }),
  c: categorical(["p", "q", "r"]),
};
const TRIALS = 40;

/** Suggests from everything it sees, so that any difference in the history shows in the next suggestion. */
const sensitive: Sampler = {
  name: "sensitive",
  toJSON: () => ({}),
  sample(request) {
    const seen = request.trials.map(({ number, state, loss, params }) => [number, state, loss, params]);
    return random().sample({ ...request, trials: [], rng: createRng(JSON.stringify(seen)).fork(request.rng.next()) });
  },
};

/** Runs to the end of the budget with random delays, stopping and resuming at random moments `kills` times. */
async function run(lanes: number, kills: number, dice: Rng): Promise<unknown[]> {
  const storage = memory();
  for (let life = 0; ; life++) {
    const study = await createStudy({ name: "s", storage, space, seed: 11, sampler: sensitive });
    const abort = new AbortController();
    const timer = life < kills ? setTimeout(() => abort.abort(new Error("killed")), 1 + dice.int(25)) : undefined;
    try {
      await study.optimize(
        async (trial) => {
          await new Promise((resolve) => setTimeout(resolve, dice.int(4)));
          if (trial.number % 7 === 3) throw new Error("fails every time");
          return trial.params.x * trial.params.x + (trial.params.c === "q" ? 0 : 1);
        },
        { trials: TRIALS, concurrency: lanes, signal: abort.signal },
      );
    } catch (error) {
      if ((error as Error).message !== "killed") throw error;
      continue;
    } finally {
      clearTimeout(timer);
    }
    return (await study.trials()).map(({ number, state, params, value }) => ({ number, state, params, value }));
  }
}

describe("a seeded study", () => {
  it.each([1, 4])(
    "of 40 trials on %d lanes has one sequence, whatever the delays and however often it is killed",
    async (lanes) => {
      const plain = await run(lanes, 0, createRng("no kills"));
      expect(plain).toHaveLength(TRIALS);
      for (let repeat = 0; repeat < 4; repeat++) {
        expect(await run(lanes, 6, createRng(`kills ${repeat}`))).toEqual(plain);
      }
    },
  );

  it("has another sequence on other numbers of lanes, for more is pending", async () => {
    expect(await run(1, 0, createRng("a"))).not.toEqual(await run(4, 0, createRng("a")));
  });

  it("uses every result as it comes in order asap", async () => {
    const pending: number[] = [];
    const counting: Sampler = {
      ...sensitive,
      sample(request) {
        pending.push(request.trials.filter((trial) => trial.state === "pending").length);
        return sensitive.sample(request);
      },
    };
    const study = await createStudy({ space, seed: 11, order: "asap", sampler: counting });
    // The first trial takes longest; the others go on without it.
    const slow = Promise.withResolvers<void>();
    await study.optimize(
      async (trial) => {
        if (trial.number === 0) await slow.promise;
        if (trial.number === 9) slow.resolve();
        return 1;
      },
      { trials: 10, concurrency: 2 },
    );
    expect(pending).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  });
});
