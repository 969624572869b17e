import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { BudgetSpentError, StorageError, TrialFinishedError } from "../../src/errors.ts";
import { random } from "../../src/sampler/random.ts";
import { float } from "../../src/space/numeric.ts";
import { memory } from "../../src/storage/memory.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { createStudy, type StudyOptions } from "../../src/study/create.ts";
import { trialOf } from "./frozen-trial.ts";

const space = { x: float(0, 1) };
const MINUTE = 60_000;
/** It must know all earlier trials. */
const { sampleAhead: _, ...learning } = random();

/** Two workers of one study, and a hand on their clock. */
async function twoWorkers(options: StudyOptions<typeof space> = {}) {
  const time = { now: 0 };
  const clock = () => time.now;
  const storage = memory({ clock });
  const worker = () => createStudy({ storage, space, sampler: random(), order: "asap", clock, ...options });
  return { time, storage, a: await worker(), b: await worker() };
}

describe("a worker whose database was put back to an earlier state", () => {
  test("while it waited in a line forgets what it had read there", async () => {
    const { a } = await twoWorkers({ sampler: learning });
    await a.tell(await a.ask(), 1);
    let isCrowded = true;
    a.storage.createNext = async (_, revision, draft) => {
      draft({ trials: [{ ...trialOf(1, "completed", -1), params: { x: 0.5 } }], revision: revision + 1 });
      // The answer was lost, and the call made again.
      expect(draft({ trials: [], revision })).toBeNull();
      return null;
    };
    const { createTrial } = a.storage;
    a.storage.createTrial = async (study, draft) => {
      if (!isCrowded) return createTrial.call(a.storage, study, draft);
      isCrowded = false;
      return null;
    };
    expect((await a.ask()).number).toBe(1);
    expect((await a.trials()).map(({ value }) => value)).toEqual([1, null]);
  });

  test("reads it anew when a number is taken of which it is told nothing", async () => {
    const { a, b } = await twoWorkers();
    for (const study of [a, b]) await study.tell(await study.ask(), 1);
    const { trialsSince } = a.storage;
    // As if changes had been lost, and others had been given their revisions.
    a.storage.trialsSince = async (study, revision) => {
      const changes = await trialsSince.call(a.storage, study, revision);
      return revision === 0 ? changes : { ...changes, trials: [] };
    };
    await a.trials();
    for (let i = 0; i < 3; i++) await b.tell(await b.ask(), 2);
    expect((await a.ask()).number).toBe(5);
    expect((await a.best())?.value).toBe(1);
  });
});

describe("a worker that falls silent", () => {
  test("loses its trial to another, which runs it again with the same parameters; its own result is kept as a late one", async () => {
    const { time, storage, a, b } = await twoWorkers();
    const first = await a.ask();
    time.now += MINUTE + 1;
    const requeued: number[] = [];
    b.on("requeue", ({ number }) => requeued.push(number));
    const again = await b.ask();
    expect([again.number, again.attempt, again.params]).toEqual([0, 2, first.params]);
    expect(requeued).toEqual([0]);
    const late: unknown[] = [];
    a.on("late", ({ trial }) => late.push(trial.number));
    expect(await a.tell(first, 1)).toMatchObject({ state: "running", attempt: 2 });
    expect(late).toEqual([0]);
    expect(await b.tell(again, 2)).toMatchObject({ state: "completed", value: 2 });
    const [study] = await storage.listStudies();
    expect((await storage.attempts(study!.id)).map(({ end, late }) => [end, late?.value])).toEqual([
      ["lapsed", 1],
      ["told", undefined],
    ]);
    await expect(b.tell(again, 3)).rejects.toThrow(TrialFinishedError);
  });

  test("gives its result all the same while nobody has begun the trial again, its reports included", async () => {
    const { time, a, b } = await twoWorkers();
    const trial = await a.ask();
    await trial.report(0, 5);
    time.now += MINUTE + 1;
    await b.storage.sweep("1");
    await trial.report(1, 4);
    expect(await a.tell(trial, 3)).toMatchObject({
      state: "completed",
      value: 3,
      reports: [
        { step: 0, value: 5 },
        { step: 1, value: 4 },
      ],
    });
  });

  test("is told to stop when another worker has begun its trial again", async () => {
    const { time, a, b } = await twoWorkers();
    const running = a.optimize(
      async (trial) => {
        if (trial.number > 0) return 0;
        time.now += MINUTE + 1;
        const again = await b.ask();
        await a.trials();
        expect(trial.signal.aborted).toBe(true);
        await b.tell(again, 7);
        return 1;
      },
      { trials: 2, progress: false },
    );
    await running;
    expect((await b.trials()).map(({ value }) => value)).toEqual([7, 0]);
  });

  test("does not keep what an ask that failed had leased to it after all", async () => {
    const { time, storage } = await twoWorkers();
    const create = storage.createTrial.bind(storage);
    storage.createTrial = async (...draft) => {
      await create(...draft);
      storage.createTrial = create;
      throw new StorageError("The answer is lost.");
    };
    const own = await createStudy({ storage, space, sampler: random(), order: "asap", clock: () => time.now });
    await expect(own.ask()).rejects.toThrow("The answer is lost.");
    expect((await own.trials()).map(({ state }) => state)).toEqual(["running"]);
    const [again, next] = await own.ask(2);
    expect([again!.number, again!.attempt, next!.number]).toEqual([0, 2, 1]);
    const [study] = await storage.listStudies();
    expect((await storage.attempts(study!.id)).map(({ end }) => end)).toEqual(["released", null, null]);
  });

  test("costs its trial no more than the study's retries, after which it is lost", async () => {
    const { time, a, b } = await twoWorkers({ leases: { retries: 1, graceMs: MINUTE } });
    const lost: number[] = [];
    b.on("lost", ({ number }) => lost.push(number));
    await a.ask();
    for (const attempt of [2]) {
      time.now += MINUTE + 1;
      expect(await a.ask()).toMatchObject({ number: 0, attempt });
    }
    time.now += MINUTE + 1;
    expect((await b.ask()).number).toBe(1);
    expect(lost).toEqual([0]);
    expect((await b.trials())[0]).toMatchObject({
      state: "lost",
      value: null,
      error: { message: expect.stringMatching(/worker was lost 2 times/) },
    });
  });
});

describe("a study's budget", () => {
  test("of trials holds for all of its workers together", async () => {
    const { a, b } = await twoWorkers({ budget: { trials: 7 } });
    const run = (study: typeof a) => study.optimize(async () => sleep(1, 0), { concurrency: 3, progress: false });
    await Promise.all([run(a), run(b)]);
    expect((await a.trials()).map(({ state }) => state)).toEqual(Array(7).fill("completed"));
    await expect(b.ask()).rejects.toThrow(BudgetSpentError);
  });

  test("of cost or time ends optimize, and may be raised", async () => {
    const time = { now: 0 };
    const clock = () => time.now;
    const storage = memory({ clock });
    const resume = (budget: object) => createStudy({ storage, space, sampler: random(), clock, budget });
    const objective = async () => {
      time.now += 1000;
      return { value: 1, cost: 2 };
    };
    const study = await resume({ cost: 5 });
    await study.optimize(objective, { progress: false });
    expect((await study.trials()).length).toBe(3);
    const raised = await resume({ cost: 100, wallMs: 5000 });
    await raised.optimize(objective, { progress: false });
    expect((await raised.trials()).length).toBe(5);
  });

  test("must be made of numbers that make sense", async () => {
    const create = (budget: unknown) => createStudy({ space, budget: budget as object });
    await expect(create({ trials: 1.5 })).rejects.toThrow(/`budget.trials` must be an integer >= 0, but got 1.5/);
    await expect(create({ trails: 5 })).rejects.toThrow(/`budget` has no "trails". It has: trials, cost, wallMs/);
    await expect(createStudy({ space, leases: { graceMs: 0 } })).rejects.toThrow(/`leases.graceMs` must be .* >= 1/);
  });
});

describe("while its storage is away, a study", () => {
  /** A memory whose answers wait while it is away. */
  function distant(): { storage: Storage; leave(): void; comeBack(): void } {
    let back = Promise.withResolvers<void>();
    back.resolve();
    const inner = memory();
    const storage = new Proxy(inner, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== "function" || name === "newOwner" || name === "close")
          return member.bind?.(target) ?? member;
        return async (...args: unknown[]) => {
          await back.promise;
          return member.apply(target, args);
        };
      },
    });
    return {
      storage,
      leave: () => {
        back = Promise.withResolvers();
      },
      comeBack: () => back.resolve(),
    };
  }

  test("goes on computing, and brings its reports and its result when the storage is back", async () => {
    const { storage, leave, comeBack } = distant();
    const study = await createStudy({ storage, space, sampler: random() });
    let computed = 0;
    const done = study.optimize(
      async (trial) => {
        leave();
        for (let step = 0; step < 40; step++) {
          await trial.report(step, step);
          computed++;
        }
        setTimeout(comeBack, 50);
        return 1;
      },
      { trials: 1, progress: false },
    );
    await sleep(1500);
    expect(computed).toBe(40);
    await done;
    expect((await study.trials())[0]).toMatchObject({ state: "completed", reports: { length: 40 } });
  });

  test("can be stopped, and closed", async () => {
    const { storage, leave, comeBack } = distant();
    const study = await createStudy({ storage, space, sampler: random() });
    leave();
    const stop = new AbortController();
    const running = study.optimize(() => sleep(5, 1), { trials: 1000, signal: stop.signal, progress: false });
    await sleep(20);
    comeBack();
    await sleep(20);
    leave();
    stop.abort(new Error("stopped"));
    await expect(running).rejects.toThrow("stopped");
    await study.close();
  });
});
