import { describe, expect, expectTypeOf, it } from "vitest";
import {
  DuplicateError,
  SpaceExhaustedError,
  TooManyFailuresError,
  TrialFinishedError,
  TrialPruned,
  ValidationError,
} from "../../src/errors.ts";
import { random } from "../../src/sampler/random.ts";
import { categorical } from "../../src/space/choice.ts";
import { oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import { memory } from "../../src/storage/memory.ts";
import { createStudy } from "../../src/study/create.ts";

const space = { x: float(-5, 5), n: int(1, 4) };
const sphere = (trial: { params: { x: number; n: number } }) => trial.params.x * trial.params.x + trial.params.n;

describe("optimize", () => {
  it("spends a budget of trials and finds the best in either direction", async () => {
    for (const direction of ["minimize", "maximize"] as const) {
      const study = await createStudy({ space, direction, seed: 1, sampler: random() });
      await study.optimize(sphere, { trials: 20 });
      const trials = await study.trials();
      expect(trials.map((trial) => trial.number)).toEqual(Array.from({ length: 20 }, (_, k) => k));
      const values = trials.map((trial) => trial.value!);
      expect((await study.best())?.value).toBe(direction === "minimize" ? Math.min(...values) : Math.max(...values));
    }
  });

  it("takes `trials` as the study's budget, so that a second run does what is missing", async () => {
    const storage = memory();
    let calls = 0;
    const run = async (trials: number) => {
      const study = await createStudy({ name: "s", storage, space, sampler: random() });
      await study.optimize(
        (trial) => {
          calls++;
          return sphere(trial);
        },
        { trials },
      );
      return study.trials();
    };
    await run(5);
    expect(await run(8)).toHaveLength(8);
    await run(8);
    expect(calls).toBe(8);
  });

  it("marks a trial whose objective throws as failed, with message and stack, and goes on", async () => {
    const study = await createStudy({ space, seed: 1, sampler: random() });
    await study.optimize(
      (trial) => {
        if (trial.number === 1) throw new RangeError("diverged");
        return trial.number;
      },
      { trials: 3 },
    );
    const trials = await study.trials();
    expect(trials.map((trial) => trial.state)).toEqual(["completed", "failed", "completed"]);
    expect(trials[1]?.error?.message).toBe("diverged");
    expect(trials[1]?.error?.stack).toContain("study.test.ts");
    expect(trials[1]?.value).toBeNull();
  });

  it("fails a trial whose value is not finite or whose result has a wrong shape, with a reason", async () => {
    const results: unknown[] = [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      "0.3",
      undefined,
      { value: "1" },
      { value: 1, standardError: -1 },
      2,
    ];
    const study = await createStudy({ space, seed: 1, sampler: random() });
    await study.optimize((trial) => results[trial.number] as number, { trials: results.length });
    const trials = await study.trials();
    expect(trials.map((trial) => trial.state)).toEqual([...Array(6).fill("failed"), "completed"]);
    expect(trials[0]?.error?.message).toBe("The value of a trial must be finite, but the objective returned NaN.");
    expect(trials[2]?.error?.message).toMatch(/result must be a number, .* but got "0\.3"/);
    expect(trials[3]?.error?.message).toMatch(/but got undefined/);
    expect(trials[4]?.error?.message).toMatch(/value must be a number, but got "1"/);
    expect(trials[5]?.error?.message).toMatch(/standardError must be a finite number >= 0, but got -1/);
    expect((await study.best())?.number).toBe(6);
  });

  it("stops after ten failures in a row with an error that shows them, and can go on afterwards", async () => {
    const study = await createStudy({ space, seed: 1, sampler: random() });
    const stopped = study.optimize(
      (trial) => {
        if (trial.number >= 3) throw new Error(`no memory at ${trial.number}`);
        return 1;
      },
      { trials: 50 },
    );
    await expect(stopped).rejects.toThrow(TooManyFailuresError);
    await expect(stopped).rejects.toThrow(
      /10 failed trials in a row:\n {2}trial 3: no memory at 3\n[\s\S]*trial 12: no memory at 12/,
    );
    expect(await study.trials()).toHaveLength(13);
    await study.optimize(() => 1, { trials: 15 });
    expect(await study.trials()).toHaveLength(15);
  });

  it("counts failures in a row, as many as it is told", async () => {
    const study = await createStudy({ space, seed: 1, sampler: random(), maxConsecutiveFailures: 2 });
    await study.optimize(
      (trial) => {
        if (trial.number % 2 === 0) throw new Error("even");
        return 1;
      },
      { trials: 9 },
    );
    expect((await study.trials()).filter((trial) => trial.state === "failed")).toHaveLength(5);
  });

  it("rethrows an error that `catch` refuses, after recording the trial", async () => {
    const study = await createStudy({ space, seed: 1, sampler: random() });
    const mistake = new TypeError("x is not a function");
    const stopped = study.optimize(() => Promise.reject(mistake), {
      trials: 5,
      catch: (error) => !(error instanceof TypeError),
    });
    await expect(stopped).rejects.toBe(mistake);
    expect((await study.trials()).map((trial) => trial.state)).toEqual(["failed"]);
  });

  it("records a pruned trial with its last report, and never takes it for the best", async () => {
    const study = await createStudy({ space, seed: 1, sampler: random() });
    await study.optimize(
      async (trial) => {
        await trial.report(0, 5);
        await trial.report(1, -4);
        if (trial.number === 0) throw new TrialPruned();
        return 3;
      },
      { trials: 2 },
    );
    const [pruned] = await study.trials();
    expect(pruned).toMatchObject({
      state: "pruned",
      value: -4,
      reports: [
        { step: 0, value: 5 },
        { step: 1, value: -4 },
      ],
    });
    expect((await study.best())?.number).toBe(1);
  });

  it("runs `concurrency` trials at a time", async () => {
    let running = 0;
    let most = 0;
    const study = await createStudy({ space, sampler: random() });
    await study.optimize(
      async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return running--;
      },
      { trials: 12, concurrency: 3 },
    );
    expect(most).toBe(3);
    expect(await study.trials()).toHaveLength(12);
  });

  it("begins no trial after its time, and finishes those that run", async () => {
    let now = 0;
    const study = await createStudy({ space, sampler: random(), clock: () => now });
    await study.optimize(() => (now += 400), { trials: 100, timeoutMs: 1000 });
    const trials = await study.trials();
    expect(trials).toHaveLength(3);
    expect(trials.every((trial) => trial.state === "completed")).toBe(true);
  });

  it("gives running trials back when its signal is aborted, and runs them again with the same parameters", async () => {
    const study = await createStudy({ space, seed: 3, sampler: random() });
    const abort = new AbortController();
    const seen: unknown[] = [];
    const hanging = study.optimize(
      (trial) => {
        seen.push(trial.params);
        if (trial.number < 2) return 1;
        trial.signal.addEventListener("abort", () => seen.push("told to stop"));
        abort.abort(new Error("ctrl-c"));
        return new Promise(() => {});
      },
      { trials: 5, signal: abort.signal },
    );
    await expect(hanging).rejects.toThrow("ctrl-c");
    expect(seen.at(-1)).toBe("told to stop");
    expect((await study.trials()).map((trial) => trial.state)).toEqual(["completed", "completed", "waiting"]);
    await study.optimize(sphere, { trials: 5 });
    const trials = await study.trials();
    expect(trials).toHaveLength(5);
    expect(trials[2]?.params).toEqual(seen[2]);
  });

  it("lets running trials finish and begins none when told to stop", async () => {
    const study = await createStudy({ space, seed: 3, sampler: random() });
    await study.optimize(
      (trial) => {
        if (trial.number === 4) study.stop();
        return 1;
      },
      { trials: 50 },
    );
    expect((await study.trials()).map((trial) => trial.state)).toEqual(Array(5).fill("completed"));
  });

  it("ends when a finite space has been tried whole", async () => {
    const study = await createStudy({
      space: { n: int(1, 4), c: categorical(["a", "b"]) },
      seed: 1,
      sampler: random(),
    });
    await study.optimize(() => 1, { trials: 100 });
    expect(await study.trials()).toHaveLength(8);
    await expect(study.ask()).rejects.toThrow(SpaceExhaustedError);
    await expect(study.ask()).rejects.toThrow(/All 8 configurations of the space of study "default"/);
  });

  it("refuses options outside their range", async () => {
    const study = await createStudy({ space, sampler: random() });
    await expect(study.optimize(3 as never, { trials: 1 })).rejects.toThrow(
      /objective must be a function of a trial, but got 3/,
    );
    await expect(study.optimize(() => 1, { trials: 1.5 })).rejects.toThrow(
      /`trials` must be an integer >= 0, but got 1\.5/,
    );
    await expect(study.optimize(() => 1, { trials: 1, concurrency: 0 })).rejects.toThrow(
      /`concurrency` must be an integer >= 1, but got 0/,
    );
    await expect(study.optimize(() => 1, { trials: 1, timeoutMs: Number.NaN })).rejects.toThrow(/`timeoutMs`/);
  });
});

describe("ask and tell", () => {
  it("hand out one trial or several and take values, errors and prunings", async () => {
    const study = await createStudy({ space, seed: 1, sampler: random() });
    const one = await study.ask();
    const [two, three, four] = await study.ask(3);
    expect(await study.tell(one, 0.5)).toMatchObject({ number: 0, state: "completed", value: 0.5 });
    expect(await study.tell(two!, { failed: new Error("lost") })).toMatchObject({
      state: "failed",
      error: { message: "lost" },
    });
    expect(await study.tell(three!.number, { pruned: true, value: 2 })).toMatchObject({ state: "pruned", value: 2 });
    const rich = { value: 0.25, standardError: 0.1, cost: 3, metrics: { auc: 0.9 } };
    expect(await study.tell(four!, rich)).toMatchObject({ state: "completed", ...rich });
    expect((await study.best())?.number).toBe(3);
  });

  it("leave out metrics that are not known, and refuse those that are no numbers", async () => {
    const study = await createStudy({ space, seed: 1, sampler: random() });
    const [one, two] = await study.ask(2);
    expect((await study.tell(one!, { value: 1, metrics: { auc: Number.NaN, loss: 2 } })).metrics).toEqual({ loss: 2 });
    await expect(study.tell(two!, { value: 1, metrics: { auc: "high" as never } })).rejects.toThrow(/"auc" is "high"/);
  });

  it("refuse a second result, an unknown trial and a result of a wrong shape, and lose nothing by it", async () => {
    const study = await createStudy({ space, seed: 1, sampler: random() });
    const trial = await study.ask();
    await expect(study.tell(trial, "good" as never)).rejects.toThrow(ValidationError);
    await expect(study.tell(trial, { values: [1] } as never)).rejects.toThrow(/result must be a number/);
    await study.tell(trial, 1);
    await expect(study.tell(trial, 2)).rejects.toThrow(TrialFinishedError);
    await expect(study.tell(7, 2)).rejects.toThrow(/7/);
    await expect(study.tell(-1, 2)).rejects.toThrow(/its number, an integer >= 0, but got -1/);
    await expect(study.ask(0)).rejects.toThrow(/integer >= 1, but got 0/);
    expect((await study.trials()).map((t) => t.value)).toEqual([1]);
  });

  it("refuse reports that are no numbers, repeat a step or come after the end", async () => {
    const study = await createStudy({ space, seed: 1, sampler: random() });
    const trial = await study.ask();
    expect(await trial.report(0, 1)).toBe(false);
    await expect(trial.report(0, 1)).rejects.toThrow(/reported step 0 again/);
    await expect(trial.report(1.5, 1)).rejects.toThrow(/step must be an integer >= 0, but trial 0 reported step 1\.5/);
    await expect(trial.report(1, Number.NaN)).rejects.toThrow(
      /value must be a number, but trial 0 reported NaN at step 1/,
    );
    await trial.setAttribute("host", "a");
    await study.tell(trial, 1);
    await expect(trial.report(2, 1)).rejects.toThrow(TrialFinishedError);
    expect((await study.trials())[0]).toMatchObject({ reports: [{ step: 0, value: 1 }], attributes: { host: "a" } });
  });
});

describe("enqueue", () => {
  it("puts configurations in line before what the sampler suggests, and lets it fill in the rest", async () => {
    const study = await createStudy({
      space: { ...space, o: oneOf({ a: { y: float(0, 1) }, b: {} }) },
      seed: 1,
      sampler: random(),
    });
    await study.enqueue({ x: 1.5, n: 2, o: { kind: "b" } });
    await study.enqueue({ x: -1 });
    await study.optimize(() => 1, { trials: 3 });
    const trials = await study.trials();
    expect(trials[0]?.params).toEqual({ x: 1.5, n: 2, o: { kind: "b" } });
    expect(trials[1]?.params.x).toBe(-1);
    expect([1, 2, 3, 4]).toContain(trials[1]?.params.n);
    expect(trials).toHaveLength(3);
    await expect(study.enqueue({ x: 9 })).rejects.toThrow(
      /"x" must be a value of its range \(float in \[-5, 5\]\), but got 9/,
    );
    await expect(study.enqueue({ z: 9 } as never)).rejects.toThrow(/"z": 9/);
  });

  it("takes null for the value that it is where the sampler fills it in", async () => {
    const chooser = { ...random(), sample: () => ({ params: { c: null, x: 0.5 } }) };
    const study = await createStudy({
      space: { c: categorical(["a", "b", null]), x: float(0, 1) },
      seed: 1,
      sampler: chooser,
    });
    for (let i = 0; i < 6; i++) await study.enqueue({ x: i / 10 });
    await study.optimize(() => 1, { trials: 6 });
    expect((await study.trials()).map((trial) => trial.params.c)).toEqual(Array(6).fill(null));
  });
});

describe("resuming by name", () => {
  it("refuses another direction, seed or space, and prints the difference", async () => {
    const storage = memory();
    await createStudy({ name: "s", storage, space, seed: 1, sampler: random() });
    const again = (options: object) => createStudy({ name: "s", storage, space, sampler: random(), ...options });
    await expect(again({ direction: "maximize" })).rejects.toThrow(/direction: stored "minimize", given "maximize"/);
    await expect(again({ seed: 2 })).rejects.toThrow(/seed: stored 1, given 2/);
    await expect(again({ space: { x: float(-5, 6), m: int(1, 4) } })).rejects.toThrow(
      /parameter x: stored \{"type":"float","low":-5,"high":5\}, given \{"type":"float","low":-5,"high":6\}\n {2}parameter n: stored .*, not given\n {2}parameter m: not stored, given/,
    );
    await expect(again({ ifExists: "fail" })).rejects.toThrow(DuplicateError);
    expect((await again({})).space.dimensions).toHaveLength(2);
    expect((await again({ ifExists: "overwrite", direction: "maximize" })).direction).toBe("maximize");
  });

  it("extends the space when told to, taking the defaults of new parameters for the trials so far", async () => {
    const storage = memory();
    const before = await createStudy({ name: "s", storage, space, sampler: random() });
    await before.optimize(sphere, { trials: 2 });
    const wider = { ...space, depth: int(1, 9, { default: 3 }) };
    await expect(
      createStudy({ name: "s", storage, space: { ...space, depth: int(1, 9) }, spaceChange: "extend" }),
    ).rejects.toThrow(/parameter depth: new, and needs a default/);
    const after = await createStudy({ name: "s", storage, space: wider, spaceChange: "extend", sampler: random() });
    await after.optimize((trial) => trial.params.depth, { trials: 3 });
    expect((await after.trials())[2]?.params.depth).toBeGreaterThanOrEqual(1);
    expect((await createStudy({ name: "s", storage, space: wider })).space.dimensions).toHaveLength(3);
  });

  it("refuses options that it does not know", async () => {
    await expect(createStudy({ direction: "up" as never })).rejects.toThrow(
      /`direction` must be one of "minimize", "maximize", but got "up"/,
    );
    await expect(createStudy({ seed: Number.NaN })).rejects.toThrow(/`seed` must be a finite number or a string/);
    await expect(createStudy({ name: "" })).rejects.toThrow(/study's name must be a string of 1 to 256 characters/);
    await expect(createStudy({ sampler: {} as never })).rejects.toThrow(/`sampler` must be a sampler/);
    await expect(createStudy({ maxConsecutiveFailures: 0 })).rejects.toThrow(
      /`maxConsecutiveFailures` must be an integer >= 1/,
    );
    await expect(createStudy({ trials: 3 } as never)).rejects.toThrow(/has no option "trials"/);
  });
});

describe("define by run", () => {
  const objective = (trial: {
    int: (n: string, l: number, h: number) => number;
    float: (n: string, l: number, h: number) => number;
  }) => {
    const layers = trial.int("layers", 1, 3);
    let sum = 0;
    for (let i = 0; i < layers; i++) sum += trial.float(`width ${i}`, 0, 1);
    return sum;
  };

  it("builds the same history as a declared space, in a space that grows", async () => {
    const storage = memory();
    const study = await createStudy({ name: "s", storage, seed: 5, sampler: random() });
    await study.optimize(objective, { trials: 12 });
    const trials = await study.trials();
    expect(study.space.dimensions.map((dimension) => dimension.name).sort()).toEqual([
      "layers",
      "width 0",
      "width 1",
      "width 2",
    ]);
    for (const { params } of trials) expect(Object.keys(params)).toHaveLength(1 + (params.layers as number));
    expect(new Set(trials.map((trial) => trial.params.layers)).size).toBe(3);
    const resumed = await createStudy({ name: "s", storage, sampler: random() });
    await resumed.optimize(objective, { trials: 14 });
    for (const { params } of await resumed.trials())
      expect(Object.keys(params)).toHaveLength(1 + (params.layers as number));
  });

  it("returns the same value when a trial asks twice, and refuses a definition that changes", async () => {
    const study = await createStudy({ seed: 5, sampler: random() });
    const trial = await study.ask();
    expect(trial.float("lr", 0, 1)).toBe(trial.float("lr", 0, 1));
    expect(() => trial.float("lr", 0, 2)).toThrow(/"lr" is float in \[0, 1\] .* there and float in \[0, 2\]/);
    const second = await study.ask();
    expect(() => second.categorical("lr", ["a"])).toThrow(ValidationError);
  });

  it("takes enqueued values for names that it does not know yet", async () => {
    const study = await createStudy({ seed: 5, sampler: random() });
    await study.enqueue({ layers: 2, "width 1": 0.5 });
    await study.optimize(objective, { trials: 1 });
    expect((await study.trials())[0]?.params).toMatchObject({ layers: 2, "width 1": 0.5 });
  });
});

describe("events and descriptions", () => {
  it("tell of asks, reports, results and new bests, and survive a listener that throws", async () => {
    const study = await createStudy({ space, seed: 1, sampler: random() });
    const seen: string[] = [];
    study.on("ask", ({ trial }) => seen.push(`ask ${trial.number}`));
    study.on("report", ({ number, step, value }) => seen.push(`report ${number} ${step} ${value}`));
    study.on("tell", ({ trial }) => seen.push(`tell ${trial.number} ${trial.value}`));
    study.on("best", ({ trial }) => seen.push(`best ${trial.number}`));
    study.on("warning", ({ message }) => seen.push(message));
    const off = study.on("tell", () => {
      throw new Error("broken");
    });
    await study.optimize(
      async (trial) => {
        await trial.report(0, 1);
        return [3, 4, 2][trial.number]!;
      },
      { trials: 3 },
    );
    off();
    expect(seen).toEqual([
      "ask 0",
      "report 0 0 1",
      "tell 0 3",
      'A listener of "tell" threw, which the study ignores: Error: broken',
      "best 0",
      "ask 1",
      "report 1 0 1",
      "tell 1 4",
      "ask 2",
      "report 2 0 1",
      "tell 2 2",
      "best 2",
    ]);
  });

  it("describe the study with every default filled in", async () => {
    const study = await createStudy({
      space: { ...space, o: oneOf({ a: { y: float(0, 1, { default: 0.5 }) }, b: {} }) },
      seed: 1,
      sampler: random(),
    });
    expect(study.describe()).toBe(
      [
        'study "default": minimize, seed 1, order fixed',
        `sampler random: ${JSON.stringify(random().toJSON())}`,
        "stops after 10 failed trials in a row",
        "space of infinitely many configurations:",
        "  x: float in [-5, 5]",
        "  n: int in [1, 4]",
        '  o.kind: categorical of "a", "b"',
        '  o.y: float in [0, 1], default 0.5 (active when o.kind in ["a"])',
      ].join("\n"),
    );
  });

  it("give params the types of the declaration", async () => {
    const study = await createStudy({ space: { batch: categorical([16, 32]), x: float(0, 1) }, sampler: random() });
    await study.optimize(
      (trial) => {
        expectTypeOf(trial.params).toEqualTypeOf<{ batch: 16 | 32; x: number }>();
        return trial.params.x;
      },
      { trials: 1 },
    );
    const best = await study.best();
    expectTypeOf(best!.params.batch).toEqualTypeOf<16 | 32>();
    expect([16, 32]).toContain(best!.params.batch);
  });
});
