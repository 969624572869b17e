import { describe, expect, test } from "vitest";
import { memory } from "../../src/index.ts";
import {
  HalvingGridSearchCV,
  type HalvingOptions,
  HalvingRandomSearchCV,
  type HalvingSchedule,
  uniform,
} from "../../src/tuner/index.ts";
import fixture from "../fixtures/tuner/model-selection.json" with { type: "json" };
import { expectSame } from "./columns.ts";
import { type MeanRuleParams, meanRule } from "./mean-rule.ts";

const { x, y } = fixture;
const grids = fixture.grids as Record<string, Record<string, number[]>>;

/** The options of the fixture's script by their names here. */
function named(options: object): HalvingOptions & { readonly candidates?: number } {
  const names: Record<string, string> = {
    n_candidates: "candidates",
    min_resources: "minResources",
    max_resources: "maxResources",
    aggressive_elimination: "aggressiveElimination",
  };
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [names[name] ?? name, value]));
}

interface Expected extends HalvingSchedule {
  readonly iter: readonly number[];
  readonly n_resources: readonly number[];
}

function expectSchedule(
  search: {
    readonly schedule: HalvingSchedule;
    readonly cvResults: { readonly iter?: readonly number[]; readonly n_resources?: readonly number[] };
  },
  expected: Expected,
): void {
  for (const key of Object.keys(search.schedule) as (keyof HalvingSchedule)[]) {
    expect(search.schedule[key], key).toEqual(expected[key]);
  }
  expect(search.cvResults.iter).toEqual(expected.iter);
  expect(search.cvResults.n_resources).toEqual(expected.n_resources);
}

describe("schedules are scikit-learn's", () => {
  for (const expected of fixture.halving) {
    test(`of grid ${expected.grid} with ${JSON.stringify(expected.options)}`, async () => {
      const options = { ...named(expected.options), cv: 3, scoring: "accuracy" };
      const search = await new HalvingGridSearchCV(meanRule, grids[expected.grid]!, options).fit(x, y);
      expectSchedule(search, expected);
    });
  }

  for (const expected of fixture.halvingRandom) {
    test(`of random candidates with ${JSON.stringify(expected.options)}`, async () => {
      const options = { ...named(expected.options), cv: 3, scoring: "accuracy" };
      const distributions = { gain: uniform(0.1, 3), column: [0, 1, 2] };
      const search = await new HalvingRandomSearchCV(meanRule, distributions, options).fit(x, y);
      expectSchedule(search, expected);
    });
  }
});

/** The twin of `Stepped` in the fixture's script. */
const stepped = ({ offset_steps = 1, ...params }: MeanRuleParams & { readonly offset_steps?: number }) =>
  meanRule({ ...params, offset: 0.4 / offset_steps });

describe("with a parameter as resource the whole table is scikit-learn's", () => {
  for (const {
    grid,
    options,
    cvResults,
    bestIndex,
    bestParams,
    bestScore,
    ...expected
  } of fixture.halvingByParameter) {
    test(JSON.stringify(options), async () => {
      const search = await new HalvingGridSearchCV(stepped, grid as Record<string, number[]>, {
        ...named(options),
        cv: 3,
        scoring: "average_precision",
      }).fit(x, y);
      expectSchedule(search, expected);
      const table = search.cvResults as unknown as Record<string, readonly unknown[]>;
      // Means that are equal but for a rounding may share a rank in one language and not in the other.
      const { rank_test_score: _, ...columns } = cvResults;
      for (const [column, values] of Object.entries(columns)) expectSame(table[column]!, values);
      expect(search.bestIndex).toBe(bestIndex);
      expect(search.bestParams).toEqual(bestParams);
      expectSame([search.bestScore], [bestScore]);
    });
  }
});

test("a candidate of the last round wins, whatever others scored on less", async () => {
  const search = await new HalvingGridSearchCV(meanRule, grids.large!, { cv: 3, scoring: "accuracy" }).fit(x, y);
  const { iter = [], mean_test_score } = search.cvResults;
  expect(iter[search.bestIndex]).toBe(1);
  const last = mean_test_score.filter((_, place) => iter[place] === 1);
  expect(search.bestScore).toBe(Math.max(...last));
});

test("each round takes the best of the one before, and all its candidates see the same rows", async () => {
  const seen = new Map<number, Set<string>>();
  const search = new HalvingGridSearchCV(
    (params: MeanRuleParams) => {
      const rule = meanRule(params);
      return {
        ...rule,
        fit: (rows, labels, options) => {
          const kept = seen.get(rows.rows) ?? new Set();
          seen.set(rows.rows, kept.add(Array.from(rows.data).join()));
          return rule.fit(rows, labels, options);
        },
      };
    },
    grids.large!,
    { cv: 3, scoring: "accuracy", refit: false, factor: 2, seed: 4 },
  );
  await search.fit(x, y);
  expect([...seen.keys()]).toEqual([8, 16, 32]);
  // Three folds a round, and whatever the candidate, the same three.
  for (const rows of seen.values()) expect(rows.size).toBe(3);
  const { iter = [], mean_test_score, params } = search.cvResults;
  const round = (k: number) => [...iter.keys()].filter((place) => iter[place] === k);
  const kept = round(1).map((place) => JSON.stringify(params[place]));
  const worst = Math.min(
    ...round(0)
      .filter((place) => kept.includes(JSON.stringify(params[place])))
      .map((place) => mean_test_score[place]!),
  );
  for (const place of round(0)) {
    if (!kept.includes(JSON.stringify(params[place]))) expect(mean_test_score[place]).toBeLessThanOrEqual(worst);
  }
});

test("an interrupted search goes on within its round, to the same table", async () => {
  const storage = memory();
  const options = { cv: 3, scoring: "accuracy", seed: 2, refit: false } as const;
  const first = new HalvingGridSearchCV(meanRule, grids.one!, { ...options, storage });
  first.on("tell", ({ trial }) => trial.number === 7 && first.stop());
  await first.fit(x, y);
  expect(first.cvResults.params).toHaveLength(8);
  let trainings = 0;
  const second = new HalvingGridSearchCV(meanRule, grids.one!, { ...options, storage });
  second.on("fold", () => trainings++);
  await second.fit(x, y);
  const whole = await new HalvingGridSearchCV(meanRule, grids.one!, options).fit(x, y);
  expect(trainings).toBe(3 * (18 + 6 - 8));
  expect(second.cvResults.mean_test_score).toEqual(whole.cvResults.mean_test_score);
  expect(second.bestParams).toEqual(whole.bestParams);
});

test("a stored search is not continued on other resources", async () => {
  const storage = memory();
  const search = (minResources: number) =>
    new HalvingGridSearchCV(meanRule, grids.one!, { cv: 3, scoring: "f1", storage, minResources, refit: false });
  await search(12).fit(x, y);
  await expect(search(13).fit(x, y)).rejects.toThrow(
    "rounds: stored 18, 6 candidates on 12, 36 of n_samples, shares drawn by seed 0, given 18, 6 candidates on 13, 39",
  );
});

test("candidates whose trainings fail are the first to go", async () => {
  const search = await new HalvingGridSearchCV(
    meanRule,
    { gain: [-1, 1, -2, 2, -3, 3] },
    { cv: 3, scoring: "accuracy", factor: 2 },
  ).fit(x, y);
  const { iter = [], params } = search.cvResults;
  const later = params.filter((_, place) => iter[place]! > 0);
  expect(later.length).toBeGreaterThan(0);
  expect(later.every(({ gain }) => gain > 0)).toBe(true);
});

test("powers of the factor are counted exactly", async () => {
  const gain = Array.from({ length: 243 }, (_, k) => 0.1 + k / 100);
  const search = new HalvingGridSearchCV(
    meanRule,
    { gain },
    { resource: "steps", maxResources: 243, cv: 2, scoring: "f1" },
  );
  search.on("tell", () => search.stop());
  await search.fit(x, y);
  expect(search.schedule.nCandidates).toEqual([243, 81, 27, 9, 3, 1]);
  expect(search.schedule.nResources).toEqual([1, 3, 9, 27, 81, 243]);
});

describe("bad input is refused with its rule and a remedy", () => {
  const search = (options: object) => () =>
    new HalvingRandomSearchCV(meanRule, { gain: uniform(0, 1) }, { scoring: "f1", ...options });

  test("options", () => {
    expect(search({ factor: 1 })).toThrow("`factor` must be a number > 1, but got 1");
    expect(search({ minResources: "least" })).toThrow('an integer >= 1 or "smallest" or "exhaust", but got "least"');
    expect(search({ maxResources: 0 })).toThrow('an integer >= 1 or "auto", but got 0');
    expect(search({ aggressiveElimination: 1 })).toThrow("true or false, but got 1");
    expect(search({ resource: 7 })).toThrow("the name of a parameter, but got 7");
    expect(search({ candidates: 0 })).toThrow("`candidates` must be an integer >= 1, but got 0");
    expect(search({ minResources: "exhaust" })).toThrow('both are "exhaust"');
    expect(search({ resource: "epochs" })).toThrow('`maxResources` is "auto", which is known only for rows');
    expect(search({ resource: "gain", maxResources: 9 })).toThrow('"gain" is both `resource` and a parameter');
    expect(search({ scoring: ["f1", "recall"], refit: "f1" })).toThrow("a single score, but `scoring` has");
  });

  test("more to begin with than there is", async () => {
    await expect(search({ minResources: 80, candidates: 4 })().fit(x, y)).rejects.toThrow(
      'it needs 80 of "n_samples" a candidate and there are 72. Set `minResources` lower',
    );
  });

  test("a schedule before there are data", () => {
    expect(() => search({})().schedule).toThrow("once `fit` has begun");
  });
});
