import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  type CompareProgress,
  compare,
  comparePaired,
  compareResults,
  holm,
  type Outcome,
} from "../../src/analysis/index.ts";
import { ValidationError } from "../../src/errors.ts";
import { createStudy, float, random, type Study } from "../../src/index.ts";
import { createRng } from "../../src/math/rng.ts";
import reference from "../fixtures/analysis/compare.json" with { type: "json" };

const names = ["a", "b"] as const;

describe("a paired comparison", () => {
  test.each(reference.pairs.map((row, i) => ({ ...row, i, n: row.a.length })))(
    "has SciPy's mean, interval and effect size, case $i of $n pairs",
    ({ a, b, ...wanted }) => {
      const found = comparePaired(a, b, { names, metric: "score" });
      expect(found.meanDifference).toBeCloseTo(wanted.meanDifference, 12);
      expect(found.rankBiserial).toBeCloseTo(wanted.rankBiserial, 12);
      expect(found.probabilityBetter).toBeCloseTo(wanted.probabilityBetter, 12);
      // Ours draws 2,000 times, SciPy here 200,000: a quantile of ours is uncertain by about a twentieth of the width.
      const width = wanted.high - wanted.low;
      expect(Math.abs(found.interval.low - wanted.low)).toBeLessThan(0.06 * width);
      expect(Math.abs(found.interval.high - wanted.high)).toBeLessThan(0.06 * width);
    },
  );

  test("prints two digits of the interval's width, and of the difference where all are alike but for rounding", () => {
    const verdict = (a: number[]) => comparePaired(a, [0.1, 0.2, 0.3], { names, metric: "loss" }).verdict;
    expect(verdict([0.1075, 0.2075, 0.3075])).toContain("+0.0075 loss for a, 95 % interval +0.0075 … +0.0075");
    expect(verdict([100, 300, 200])).toContain("+200 loss for a, 95 % interval +100 … +300");
    expect(verdict([0.1, 0.2, 0.3])).toContain("+0.000 loss for a, 95 % interval +0.000 … +0.000");
  });

  test("has effects that turn their sign with the methods and with the direction", () => {
    const values = fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(values, (pairs) => {
        const a = pairs.map(([first]) => first);
        const b = pairs.map(([, second]) => second);
        const there = comparePaired(a, b, { names, metric: "score" });
        for (const back of [
          comparePaired(b, a, { names, metric: "score" }),
          comparePaired(a, b, { names, metric: "score", direction: "minimize" }),
        ]) {
          expect(back.rankBiserial).toBeCloseTo(-there.rankBiserial, 12);
          expect(back.probabilityBetter).toBeCloseTo(1 - there.probabilityBetter, 12);
        }
        expect(Math.abs(there.rankBiserial)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 50 },
    );
  });
});

describe("Holm's correction", () => {
  test.each(reference.holm.map((row, i) => ({ ...row, i })))("is that of statsmodels, case $i", ({ p, adjusted }) => {
    const found = holm(p);
    adjusted.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 12);
    });
  });

  test("refuses what is no p value", () => {
    expect(() => holm([0.5, 1.5])).toThrow("pValues[1] is 1.5");
    expect(() => holm([Number.NaN])).toThrow(ValidationError);
  });
});

describe("methods compared by their results", () => {
  const [p, q, r, s] = reference.methods.values as [number[], number[], number[], number[]];

  test("have the p values of SciPy and statsmodels, each pair once", async () => {
    const { pairs } = await compare({ p, q, r, s });
    expect(pairs.map((pair) => pair.names.join())).toEqual(["p,q", "p,r", "p,s", "q,r", "q,s", "r,s"]);
    pairs.forEach((pair, i) => {
      expect(pair.test.pValue).toBeCloseTo(reference.methods.p[i]!, 12);
      expect(pair.adjustedP).toBeCloseTo(reference.methods.adjusted[i]!, 12);
    });
  });

  test("are ranked, and the best is called better only than those from which it differs", async () => {
    const { methods, winner, verdict } = await compare({ p, q, r, s }, { metric: "recall", unit: "seeds" });
    expect(methods.map(({ name }) => name)).toEqual(["s", "r", "q", "p"]);
    expect(winner).toEqual({ name: "s", isClear: false });
    expect(verdict).toBe(
      "s has the best mean recall of 4 methods over 20 seeds and is better than p and q, but no difference from r was shown.",
    );
  });

  test("are the other way round where values are minimised", async () => {
    const { methods, winner } = await compare({ p, s }, { direction: "minimize" });
    expect(methods.map(({ name }) => name)).toEqual(["p", "s"]);
    expect(winner).toMatchObject({ name: "p", isClear: true });
  });

  test("are corrected for fewer tests when only one is of interest", async () => {
    const { pairs } = await compare({ p, q, r, s }, { against: "p" });
    expect(pairs.map((pair) => pair.names.join())).toEqual(["p,q", "p,r", "p,s"]);
    const all = (await compare({ p, q, r, s })).pairs[0]!;
    expect(pairs[0]!.test).toEqual(all.test);
    expect(pairs[0]!.adjustedP).toBeLessThan(all.adjustedP);
  });

  test("are said not to differ in one plain sentence with the numbers", async () => {
    const a = Array.from({ length: 20 }, (_, i) => 0.8 + 0.03 * Math.sin(7 * i));
    const b = a.map((value, i) => value - 0.004 + 0.035 * Math.cos(11 * i));
    const { verdict, winner } = await compare({ bayes: a, grid: b }, { metric: "recall", unit: "seeds" });
    expect(winner.isClear).toBe(false);
    expect(verdict).toMatch(
      /^No difference between bayes and grid was shown: 20 seeds, \+0\.00\d recall for bayes, 95 % interval −0\.0\d+ … \+0\.0\d+, p = 0\.\d{3}\.$/,
    );
  });

  test("are called clear by the adjusted p, and not by their own", async () => {
    // Six of six signs alike: p = 2/64 = 0.031, times three tests 0.094.
    const a = [1, 2, 3, 4, 5, 6];
    const b = a.map((value) => value - 0.5 - value / 10);
    const c = a.map((value) => value - 0.4 + value / 10);
    const two = await compare({ a, b });
    expect(two.winner.isClear).toBe(true);
    const three = await compare({ a, b, c });
    const pair = three.pairs[0]!;
    expect(pair).toMatchObject({ names: ["a", "b"], isClear: false });
    expect(pair.adjustedP).toBeCloseTo(3 * pair.test.pValue, 12);
    expect(pair.verdict).toContain("6 pairs are too few to tell a from b");
    expect(pair.verdict).toContain("7 is the least for p < 0.05");
  });

  test("are flagged, or refused, where they did not cost the same", async () => {
    const cheap = [1, 2, 3].map((value) => ({ value, cost: 30 }));
    const dear = [2, 3, 4].map((value) => ({ value, cost: 60 }));
    const flagged = await compare({ cheap, dear }, { costUnit: "trainings" });
    expect(flagged.costsAreEqual).toBe(false);
    expect(flagged.methods.map(({ name, cost }) => [name, cost])).toEqual([
      ["dear", 60],
      ["cheap", 30],
    ]);
    expect(flagged.verdict).toContain(
      "The costs are not equal, which this does not allow for: cheap takes 30 and dear takes 60 trainings a run.",
    );
    await expect(compare({ cheap, dear }, { unequalCosts: "refuse" })).rejects.toThrow(
      "cheap takes 30 and dear takes 60 trials a run",
    );
    expect((await compare({ cheap, dear }, { costTolerance: 0.5, unequalCosts: "refuse" })).costsAreEqual).toBe(true);
    expect((await compare({ cheap, other: [1, 2, 3] })).costsAreEqual).toBeNull();
  });

  test("are compared at once where they are numbers, with the same figures", async () => {
    const { heldOut, ...found } = await compare({ p, q, r }, { metric: "recall" });
    expect(heldOut).toBeNull();
    expect(compareResults({ p, q, r }, { metric: "recall" })).toEqual(found);
    expect(() => compareResults({ p, q: [1] })).toThrow('each of the 20 pairs, but "q" has 1');
    expect(() => compareResults({ a: [1], b: [Number.NaN] })).toThrow('Result 0 of "b" must be a finite number');
  });

  test("must be comparable", async () => {
    const refused = (methods: Record<string, readonly Outcome[]>, options: object, text: string) =>
      expect(compare(methods, options)).rejects.toThrow(text);
    await refused({ a: [1] }, {}, 'at least two methods, but got ["a"]');
    await refused({ a: [1, 2], b: [1] }, {}, 'each of the 2 pairs, but "b" has 1');
    await refused({ a: [], b: [] }, {}, "at least one pair of results");
    await refused({ a: [1, 2], b: [1, Number.NaN] }, {}, 'The result of "b" for 1 must be a finite number');
    await refused({ a: [{ value: 1, cost: -1 }], b: [1] }, {}, "cost=-1");
    await refused({ a: [1], b: [2] }, { seeds: [1, 2] }, "each of the 2 pairs");
    await refused({ a: [1], b: [2] }, { repeats: 0 }, "`repeats` must be an integer >= 1");
    await refused({ a: [1], b: [2] }, { repeats: 2, seeds: [1] }, "repeats=2 and 1 seeds");
    await refused({ a: [1], b: [2] }, { against: "c" }, 'one of the methods a, b, but got "c"');
    await refused({ a: 3 as never, b: [2] }, {}, '"a" must be a list of results or a function');
  });
});

describe("methods that are run", () => {
  test("take turns on the seeds, are told the signal, and report each run", async () => {
    const order: string[] = [];
    const said: CompareProgress[] = [];
    const method = (name: string, gain: number) => async (seed: number | string) => {
      order.push(`${name}${seed}`);
      return { value: createRng(seed).normal() + gain, cost: 5 };
    };
    const { pairs, verdict, costsAreEqual } = await compare(
      { a: method("a", 1), b: method("b", 0) },
      { repeats: 8, onProgress: (progress) => said.push(progress) },
    );
    expect(order.slice(0, 4)).toEqual(["a0", "b0", "a1", "b1"]);
    expect(said).toHaveLength(16);
    expect(said.at(-1)).toMatchObject({ method: "b", seed: 7, cost: 5, done: 16, total: 16 });
    expect(pairs[0]).toMatchObject({ n: 8, rankBiserial: 1, probabilityBetter: 1, isClear: true });
    expect(costsAreEqual).toBe(true);
    expect(verdict).toBe("a is better than b: 8 seeds, +1.0 value, 95 % interval +1.0 … +1.0, p = 0.008.");
  });

  test("run on the seeds given, beside results that are there already", async () => {
    const seen: (number | string)[] = [];
    const run = (seed: number | string) => {
      seen.push(seed);
      return 1;
    };
    const { methods } = await compare({ run, known: [2, 2] }, { seeds: [7, "x"] });
    expect(seen).toEqual([7, "x"]);
    expect(methods[0]).toMatchObject({ name: "known", values: [2, 2] });
  });

  test("run twenty times where nothing is said", async () => {
    const { pairs } = await compare({ a: () => 1, b: () => 2 });
    expect(pairs[0]!.n).toBe(20);
  });

  test("are stopped by the signal before the next run", async () => {
    const stop = new AbortController();
    let runs = 0;
    const method = (_seed: number | string, { signal }: { readonly signal: AbortSignal }) => {
      expect(signal).toBe(stop.signal);
      if (++runs === 3) stop.abort(new Error("enough"));
      return 1;
    };
    await expect(compare({ a: method, b: method }, { signal: stop.signal })).rejects.toThrow("enough");
    expect(runs).toBe(3);
  });

  test("hand on what a method throws", async () => {
    const broken = () => {
      throw new Error("no data");
    };
    await expect(compare({ broken, b: () => 1 })).rejects.toThrow("no data");
  });

  test("have their winner's best run scored once on held-out data", async () => {
    const calls: unknown[] = [];
    const method = (name: string, gain: number) => (seed: number | string) => ({
      value: 0.5 + gain + Number(seed) / 100,
      cost: 1,
      model: `${name}${seed}`,
    });
    const { winner, heldOut, verdict } = await compare(
      { a: method("a", 0), b: method("b", 0.1) },
      {
        seeds: [3, 9, 4, 5, 6, 7],
        metric: "recall",
        heldOut: ({ name, outcome, pair }) => {
          expectTypeOf(outcome.model).toEqualTypeOf<string>();
          calls.push([name, outcome.model, pair]);
          return 0.55;
        },
      },
    );
    expect(calls).toEqual([["b", "b9", 1]]);
    expect(winner).toEqual({ name: "b", isClear: true });
    expect(heldOut).toBe(0.55);
    expect(verdict).toContain("On held-out data the best run of b has recall 0.55; it was chosen for 0.69.");
    await expect(compare({ a: [1], b: [2] }, { heldOut: () => Number.NaN })).rejects.toThrow("returned NaN");
  });
});

describe("studies compared", () => {
  async function search(seed: number | string, trials: number): Promise<Study<{ x: number }>> {
    const study = await createStudy({ space: { x: float(-1, 1) }, sampler: random(), seed });
    await study.optimize(({ params }) => params.x * params.x, { trials });
    return study;
  }

  test("stand for their best value, in their own direction, at the cost of their trials", async () => {
    const { methods, costsAreEqual, winner } = await compare(
      { few: (seed) => search(seed, 2), many: (seed) => search(seed, 20) },
      { repeats: 8 },
    );
    expect(winner).toMatchObject({ name: "many", isClear: true });
    expect(methods.map(({ cost }) => cost)).toEqual([20, 2]);
    expect(costsAreEqual).toBe(false);
    const best = await (await search(0, 20)).best();
    expect(methods[0]!.values[0]).toBe(best!.value);
  });

  test("may be given finished, and must agree in their direction and have completed trials", async () => {
    const studies = [await search(0, 3), await search(1, 3)];
    expect((await compare({ a: studies, b: studies })).winner).toMatchObject({ name: "a", isClear: false });
    const upwards = await createStudy({ space: { x: float(0, 1) }, sampler: random(), direction: "maximize", seed: 0 });
    const empty = await compare({ a: [studies[0]!], b: [upwards] }).catch((error: Error) => error.message);
    expect(empty).toContain("none of its 0 trials is");
    await upwards.optimize(({ params }) => params.x, { trials: 1 });
    await expect(compare({ a: [studies[0]!], b: [upwards] })).rejects.toThrow("one direction");
  });
});
