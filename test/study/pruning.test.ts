import { describe, expect, it } from "vitest";
import { TrialPruned, ValidationError } from "../../src/errors.ts";
import { createRng, type Rng } from "../../src/math/rng.ts";
import { halving } from "../../src/pruner/halving.ts";
import type { PruneRequest, Pruner } from "../../src/pruner/pruner.ts";
import { random } from "../../src/sampler/random.ts";
import { float } from "../../src/space/numeric.ts";
import { memory } from "../../src/storage/memory.ts";
import { createStudy } from "../../src/study/create.ts";
import type { Trial } from "../../src/study/trial.ts";

const space = { x: float(0, 1) };
const STEPS = 10;

/** Falls to x, with a long way to go; ends as soon as it may. */
async function learn(trial: Trial<{ x: number }>, wait: () => Promise<void> = async () => {}): Promise<number> {
  for (let step = 1; step <= STEPS; step++) {
    await wait();
    if (await trial.report(step, trial.params.x + 1 / step)) throw new TrialPruned();
  }
  return trial.params.x;
}

/** Keeps what it was asked. */
function recording(): Pruner & { readonly requests: PruneRequest[] } {
  const requests: PruneRequest[] = [];
  const shouldPrune = (request: PruneRequest) => {
    requests.push(request);
    return halving().shouldPrune(request);
  };
  return { ...halving(), requests, shouldPrune };
}

describe("a study with a pruner", () => {
  it("stops the trials that fall behind, keeps their last report as value, and still finds the best", async () => {
    const study = await createStudy({ space, seed: 3, sampler: random(), pruner: halving({ reductionFactor: 3 }) });
    await study.optimize((trial) => learn(trial), { trials: 30 });
    const trials = await study.trials();
    const pruned = trials.filter(({ state }) => state === "pruned");
    expect(pruned.length).toBeGreaterThan(15);
    for (const { value, reports } of pruned) expect(value).toBe(reports.at(-1)!.value);
    expect(trials.flatMap(({ reports }) => reports).length).toBeLessThan((30 * STEPS) / 2);
    const best = await study.best();
    expect(best?.state).toBe("completed");
    expect(best?.value).toBe(Math.min(...trials.map(({ params }) => params.x)));
    expect(study.describe()).toContain('pruner halving: {"minResource":1,"reductionFactor":3}');
  });

  it("shows its pruner losses, so that a study that maximises stops the low ones", async () => {
    const pruner = recording();
    const study = await createStudy({ space, seed: 3, sampler: random(), pruner, direction: "maximize" });
    await study.optimize((trial) => learn(trial), { trials: 12 });
    const best = await study.best();
    expect(best!.params.x).toBe(Math.max(...(await study.trials()).map(({ params }) => params.x)));
    const [first] = pruner.requests;
    expect(first!.trial).toMatchObject({ number: 0, state: "pending", loss: null });
    expect(first!.trial.reports[0]!.value).toBeLessThan(-1);
  });

  it("in order asap judges a trial by what runs beside it, reports so far included", async () => {
    const pruner = recording();
    const study = await createStudy({ space, seed: 3, order: "asap", sampler: random(), pruner });
    const [a, b] = await study.ask(2);
    await a!.report(1, 5);
    await b!.report(1, 4);
    expect(await a!.report(3, 4.5)).toBe(false);
    expect(await b!.report(3, 5.5)).toBe(true);
    const seen = pruner.requests.at(-1)!;
    expect(seen.trials).toHaveLength(1);
    expect(seen.trials[0]).toMatchObject({
      number: 0,
      state: "pending",
      reports: [{ step: 1 }, { step: 3, value: 4.5 }],
    });
    expect(seen.trial.reports.map(({ value }) => value)).toEqual([4, 5.5]);
  });

  it("refuses a pruner that is none", async () => {
    await expect(createStudy({ space, pruner: {} as Pruner })).rejects.toThrow(ValidationError);
    await expect(createStudy({ space, pruner: "median" as unknown as Pruner })).rejects.toThrow('but got "median"');
  });
});

/** A study whose trials take random times, stopped and resumed `kills` times. */
async function run(lanes: number, kills: number, dice: Rng): Promise<unknown[]> {
  const storage = memory();
  for (let life = 0; ; life++) {
    const study = await createStudy({ storage, space, seed: 5, sampler: random(), pruner: halving() });
    if (life === 0) for (const x of [0.9, 0.1, 0.5, 0.2, 0.7]) await study.enqueue({ x });
    const abort = new AbortController();
    const timer = life < kills ? setTimeout(() => abort.abort(new Error("killed")), 2 + dice.int(20)) : undefined;
    try {
      const wait = () => new Promise<void>((resolve) => setTimeout(resolve, dice.int(3)));
      await study.optimize((trial) => learn(trial, wait), { trials: 25, concurrency: lanes, signal: abort.signal });
    } catch (error) {
      if ((error as Error).message !== "killed") throw error;
      continue;
    } finally {
      clearTimeout(timer);
    }
    const trials = await study.trials();
    return trials.map(({ state, params, value, reports }) => ({ state, params, value, reports }));
  }
}

describe("in order fixed", () => {
  it.each([1, 3])(
    "%d lanes stop the same trials at the same steps, whatever the delays and restarts",
    async (lanes) => {
      const plain = await run(lanes, 0, createRng("no kills"));
      expect(plain.filter((trial) => (trial as { state: string }).state === "pruned").length).toBeGreaterThan(5);
      for (let repeat = 0; repeat < 3; repeat++) {
        expect(await run(lanes, 4, createRng(`kills ${repeat}`))).toEqual(plain);
      }
    },
  );
});
