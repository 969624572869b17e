import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bestTrial,
  contour,
  convergence,
  degeneracy,
  fitSurrogate,
  importance,
  learningCurves,
  leaveOneOut,
  orderBand,
  parallelCoordinates,
  type Surrogate,
  slice,
  summary,
} from "../../src/analysis/index.ts";
import { NotFoundError } from "../../src/errors.ts";
import { createRng } from "../../src/math/rng.ts";
import { createSpace } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import { score, space, trials } from "./study.ts";

const maximize = { direction: "maximize" } as const;
const history = trials(60, 1);
const surrogate = fitSurrogate(space, history)!;
const best = bestTrial(history, maximize)!;

describe("convergence", () => {
  const evaluations = [
    { value: 3 },
    { state: "failed", value: null },
    { state: "pruned", value: 0.1 },
    { state: "running", value: null },
    { value: Number.NaN },
    { value: 2 },
    { value: 5 },
  ] as const;

  test("counts failures and pruned trials as paid and gives them no value; what runs is not counted yet", () => {
    const points = convergence(evaluations, { direction: "minimize", trainings: 3 });
    expect(points.map(({ best }) => best)).toEqual([3, 3, 3, 3, 2, 2]);
    expect(points.map(({ trainings }) => trainings)).toEqual([3, 6, 9, 12, 15, 18]);
    expect(points[2]!.value).toBeNull();
  });

  test("has no best before the first success", () => {
    const points = convergence([{ state: "failed", value: null }, { value: 1 }], maximize);
    expect(points.map(({ best }) => best)).toEqual([null, 1]);
  });
});

describe("the order band", () => {
  test("is the quantiles over all permutations, counted one by one", () => {
    const values = [0.3, 0.9, 0.1, 0.5, 0.5, null];
    const evaluations = values.map((value) => (value === null ? { state: "failed" as const, value } : { value }));
    for (const direction of ["maximize", "minimize"] as const) {
      const orders = permutations(values.length).map((order) =>
        convergence(
          order.map((i) => evaluations[i]!),
          { direction },
        ),
      );
      for (const point of orderBand(evaluations, { direction, coverage: 0.8 })) {
        const worst = direction === "maximize" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
        const bests = orders
          .map((points) => points[point.evaluation - 1]!.best ?? worst)
          .sort((a, b) => (direction === "maximize" ? b - a : a - b));
        // The least rank from the lucky end that a share p of the orders reaches.
        const reached = (p: number) => bests[Math.ceil(p * bests.length - 1e-9) - 1]!;
        const [lucky, unlucky] = direction === "maximize" ? [point.high, point.low] : [point.low, point.high];
        expect(lucky).toBe(reached(0.1));
        expect(point.median).toBe(reached(0.5));
        expect(unlucky ?? worst).toBe(reached(0.9));
      }
    }
  });

  test("ends at the best of all and holds every order's curve's middle", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -10, max: 10 }), { minLength: 1, maxLength: 30 }),
        (values) => {
          const band = orderBand(
            values.map((value) => ({ value })),
            maximize,
          );
          const last = band.at(-1)!;
          expect([last.low, last.median, last.high]).toEqual(Array(3).fill(Math.max(...values)));
          for (const { low, median, high } of band) expect(low! <= median! && median! <= high!).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("parallel coordinates", () => {
  const data = parallelCoordinates(space, history, maximize);

  test("have an axis for each parameter that varies and a line for each completed trial, the best last", () => {
    expect(data.axes.map(({ name }) => name)).toEqual(space.coordinates.map(({ name }) => name));
    expect(data.lines).toHaveLength(54);
    expect(data.omitted).toBe(6);
    expect(data.lines.at(-1)!.number).toBe(best.number);
  });

  test("break where a parameter is inactive", () => {
    const momentum = data.axes.findIndex(({ name }) => name === "optimizer.momentum");
    const kind = data.axes.findIndex(({ name }) => name === "optimizer.kind");
    for (const { params, positions } of data.lines) {
      expect(positions[momentum] === null).toBe(params[kind] === "adam");
      expect(params[momentum] === null).toBe(params[kind] === "adam");
    }
  });

  test("name the levels of a short list and give the ends of a range", () => {
    expect(data.axes.find(({ name }) => name === "batch")).toEqual({
      name: "batch",
      scale: "levels",
      levels: [16, 32, 64].map((value, i) => ({ label: String(value), position: (i + 0.5) / 3 })),
    });
    expect(data.axes[0]).toEqual({ name: "learningRate", scale: "log", low: 1e-4, high: 0.1, from: 0, to: 1 });
    expect(data.axes.find(({ name }) => name === "width")).toMatchObject({
      scale: "linear",
      low: 1,
      high: 1000,
      from: 0.0005,
    });
  });
});

describe("the surrogate", () => {
  test("predicts what it has not seen, and says how well", () => {
    const { rSquared, rankCorrelation, coverage, points } = surrogate.leaveOneOut;
    expect(rSquared).toBeGreaterThan(0.7);
    expect(rankCorrelation).toBeGreaterThan(0.8);
    expect(coverage).toBeGreaterThan(0.85);
    expect(points).toHaveLength(54);
  });

  test("is in the study's own unit: a million times the values gives a million times the mean", () => {
    const scaled = history.map((trial) => ({ ...trial, value: trial.value === null ? null : 1e6 * trial.value - 5 }));
    const [x, active] = [space.encode(space.flatten(best.params)).x, space.encode(space.flatten(best.params)).active];
    const plain = surrogate.predict(x, active);
    const large = fitSurrogate(space, scaled)!.predict(x, active);
    expect(large.mean[0]).toBeCloseTo(1e6 * plain.mean[0]! - 5, -1);
    expect(large.sd[0]! / plain.sd[0]!).toBeCloseTo(1e6, -3);
  });

  test("needs three completed trials and a parameter that varies", () => {
    expect(fitSurrogate(space, history.slice(0, 2))).toBeNull();
    expect(
      fitSurrogate(
        createSpace({ only: int(1, 1) }),
        [0, 1, 2].map((number) => ({ number, value: number, params: { only: 1 } })),
      ),
    ).toBeNull();
  });

  test("stands values that are all equal, huge, or known with an error", () => {
    const equal = fitSurrogate(
      space,
      history.map((trial) => ({ ...trial, state: "completed" as const, value: 7 })),
    )!;
    expect(equal.leaveOneOut.rSquared).toBeNull();
    const huge = fitSurrogate(
      space,
      history.map((trial, i) => ({ ...trial, state: "completed" as const, value: i % 2 ? 1e300 : -1e300 })),
    )!;
    expect(huge.leaveOneOut.rSquared).toBeLessThan(1);
    for (const { predicted, low, high } of huge.leaveOneOut.points)
      expect([predicted, low, high].every(Number.isFinite)).toBe(true);
    const unsure = fitSurrogate(
      space,
      history.map((trial) => ({ ...trial, standardError: 1 })),
    )!;
    const at = space.encode(space.flatten(best.params));
    expect(unsure.predict(at.x, at.active).sd[0]).toBeGreaterThan(surrogate.predict(at.x, at.active).sd[0]!);
  });

  test("of many trials takes so many that it stays quick, the best and the worst among them", () => {
    const many = trials(150, 3);
    const thinned = fitSurrogate(space, many, { observations: 40 })!.leaveOneOut.points;
    expect(thinned).toHaveLength(40);
    expect(thinned.map(({ number }) => number)).toContain(bestTrial(many, maximize)!.number);
    expect(thinned.map(({ number }) => number)).toContain(bestTrial(many, { direction: "minimize" })!.number);
  });
});

describe("a slice", () => {
  test("follows the function along the parameter and meets the point it goes through", () => {
    const { positions, params, mean, sd, at } = slice(surrogate, space, history, "learningRate", { at: best.params });
    const truth = params.map((learningRate) =>
      score({ ...(best.params as Parameters<typeof score>[0]), learningRate: learningRate as number }),
    );
    const error = mean.map((value, i) => Math.abs(value - truth[i]!));
    expect(Math.max(...error)).toBeLessThan(0.08);
    expect(sd.every((value) => value > 0)).toBe(true);
    expect(positions[0]).toBe(0);
    expect(positions.at(-1)).toBe(1);
    expect(at).toBeCloseTo(space.encode(space.flatten(best.params)).x[0]!, 12);
  });

  test("of a short list has one place a level", () => {
    const levels = slice(surrogate, space, history, "batch", { at: best.params });
    expect(levels.params).toEqual([16, 32, 64]);
    expect(levels.mean).toHaveLength(3);
  });

  test("moves a branch's parameters with it and shows only observations that have the parameter", () => {
    const withMomentum = history.find(
      ({ params, state }) =>
        state === "completed" && (params as { optimizer: { kind: string } }).optimizer.kind === "sgd",
    )!;
    const momentum = slice(surrogate, space, history, "optimizer.momentum", { at: withMomentum.params });
    expect(momentum.observations.length).toBeLessThan(54);
    expect(
      slice(surrogate, space, history, "optimizer.kind", { at: withMomentum.params }).mean.every(Number.isFinite),
    ).toBe(true);
  });

  test("refuses a parameter that is not in the space, or not active at the point", () => {
    expect(() => slice(surrogate, space, history, "lr", { at: best.params })).toThrow(NotFoundError);
    const adam = history.find(({ params }) => (params as { optimizer: { kind: string } }).optimizer.kind === "adam")!;
    expect(() => slice(surrogate, space, history, "optimizer.momentum", { at: adam.params })).toThrow("not");
  });

  test("two at a time make a contour whose rows and columns are slices", () => {
    const both = contour(surrogate, space, history, ["learningRate", "dropout"], { at: best.params, resolution: 9 });
    expect([both.x.length, both.y.length, both.mean.length, both.sd.length]).toEqual([9, 9, 81, 81]);
    const row = 4;
    const dropout = both.params[1][row] as number;
    const along = slice(surrogate, space, history, "learningRate", {
      at: { ...(best.params as object), dropout },
      resolution: 9,
    });
    along.mean.forEach((value, i) => {
      expect(both.mean[row * 9 + i]).toBeCloseTo(value, 10);
    });
  });
});

describe("importance", () => {
  test("finds the Sobol indices of the Ishigami function, which are known", () => {
    const cube = createSpace({ a: float(-Math.PI, Math.PI), b: float(-Math.PI, Math.PI), c: float(-Math.PI, Math.PI) });
    const ishigami: Surrogate = {
      predict(x) {
        const mean = Float64Array.from({ length: x.length / 3 }, (_, i) => {
          const [a, b, c] = [0, 1, 2].map((j) => Math.PI * (2 * x[3 * i + j]! - 1)) as [number, number, number];
          return Math.sin(a) + 7 * Math.sin(b) ** 2 + 0.1 * c ** 4 * Math.sin(a);
        });
        return { mean, sd: mean.map(() => 1) };
      },
    };
    const found = new Map(importance(ishigami, cube, { samples: 1024 }).map((it) => [it.parameter, it]));
    // Exact: S = 0.3139, 0.4424, 0; T = 0.5576, 0.4424, 0.2437.
    expect(found.get("a")!.first).toBeCloseTo(0.3139, 1.5);
    expect(found.get("b")!.first).toBeCloseTo(0.4424, 1.5);
    expect(found.get("c")!.first).toBeLessThan(0.03);
    for (const [name, total] of [
      ["a", 0.5576],
      ["b", 0.4424],
      ["c", 0.2437],
    ] as const) {
      const { total: got, totalError } = found.get(name)!;
      expect(Math.abs(got - total)).toBeLessThan(5 * totalError + 0.002);
      expect(totalError).toBeLessThan(0.02);
    }
  });

  test("of a fitted surrogate names what decides first, and is the same each time", () => {
    const ranked = importance(surrogate, space);
    expect(ranked[0]!.parameter).toBe("learningRate");
    expect(ranked.map(({ parameter }) => parameter).sort()).toEqual(space.coordinates.map(({ name }) => name).sort());
    expect(importance(surrogate, space)).toEqual(ranked);
  });

  test("of a flat surface is nothing", () => {
    const flat: Surrogate = {
      predict: (x) => ({
        mean: new Float64Array(x.length / space.coordinates.length).fill(3),
        sd: new Float64Array(1),
      }),
    };
    expect(importance(flat, space).every(({ first, total }) => first === 0 && total === 0)).toBe(true);
  });
});

test("leave-one-out of predictions that are right is perfect, of the mean of the others is nothing", () => {
  const rng = createRng(4);
  const observations = Array.from({ length: 30 }, (_, number) => ({ number, value: rng.normal() }));
  const values = observations.map(({ value }) => value);
  const total = values.reduce((sum, value) => sum + value, 0);
  const sd = values.map(() => 1);
  expect(leaveOneOut(observations, { mean: values, sd })).toMatchObject({ coverage: 1 });
  expect(leaveOneOut(observations, { mean: values, sd }).rSquared).toBeCloseTo(1, 12);
  const others = values.map((value) => (total - value) / 29);
  expect(leaveOneOut(observations, { mean: others, sd }).rSquared).toBeCloseTo(0, 12);
});

describe("degenerate classifiers", () => {
  test.each([
    // The two winners of the reference experiment that learned nothing.
    [{ recall: 0.98, precision: 0.5, baseRate: 0.5 }, "all-positive"],
    [{ recall: 0.935, precision: 0.52, baseRate: 0.5 }, "all-positive"],
    [{ recall: 1, precision: 0.05, baseRate: 0.05 }, "all-positive"],
    [{ recall: 0.91, precision: 0.07, baseRate: 0.05 }, "all-positive"],
    [{ recall: 0, precision: null, baseRate: 0.05 }, "all-negative"],
    [{ recall: 0.02, precision: 0.5, baseRate: 0.05 }, "all-negative"],
    [{ recall: 0.5, precision: 0.5, baseRate: 0.5 }, "chance"],
    // Its honest winner, and a strong one.
    [{ recall: 0.83, precision: 0.75, baseRate: 0.5 }, undefined],
    [{ recall: 0.95, precision: 0.72, baseRate: 0.5 }, undefined],
    [{ recall: 0.9, precision: 0.3, baseRate: 0.05 }, undefined],
    [{ recall: 1, precision: 1, baseRate: 1 }, undefined],
  ] as const)("%o is %s", (rates, kind) => {
    expect(degeneracy(rates)?.kind).toBe(kind);
  });
});

describe("learning curves", () => {
  const history = { loss: [0.6, 0.5, 0.4], val_loss: [0.7, 0.5, 0.55], recall: [0.1, Number.NaN, 0.3] };

  test("pair each metric with its validation and find the epoch of the lowest validation loss", () => {
    const curves = learningCurves("winner", history);
    expect(curves.metrics.map(({ metric }) => metric)).toEqual(["loss", "recall"]);
    expect(curves.metrics[1]).toEqual({ metric: "recall", training: [0.1, null, 0.3], validation: [] });
    expect(curves.bestEpoch).toBe(2);
  });

  test("show what is asked for and know of no best epoch without validation", () => {
    expect(learningCurves("winner", { loss: [1] }, { metrics: ["loss", "auc"] })).toEqual({
      name: "winner",
      metrics: [{ metric: "loss", training: [1], validation: [] }],
      bestEpoch: null,
    });
  });
});

describe("the summary", () => {
  test("counts states, gathers failures and finds the best and its place in the ranges", () => {
    const line = createSpace({ x: float(0, 1), k: int(1, 3) });
    const at = (number: number, x: number, value: number | null) => ({
      number,
      params: { x, k: 2 },
      value,
      ...(value === null ? { state: "failed" as const, error: { message: "out of memory" } } : {}),
    });
    const found = summary(
      line,
      [at(0, 0.5, 3), at(1, 0.5, 4), at(2, 0.4, null), at(3, 1, 1), at(4, 0.2, 2), at(5, 0.3, 5)],
      { direction: "minimize" },
    );
    expect(found.counts).toEqual({ waiting: 0, running: 0, completed: 5, pruned: 0, failed: 1, lost: 0 });
    expect(found.best).toEqual({ number: 3, value: 1 });
    expect(found.median).toBe(3);
    expect(found.recentGain).toBe(0);
    expect(found.atBoundary).toEqual([{ parameter: "x", end: "high" }]);
    expect(found.duplicates).toBe(1);
    expect(found.failures).toEqual([{ message: "out of memory", count: 1 }]);
  });

  test("of nothing is empty", () => {
    expect(summary(space, [], maximize)).toMatchObject({
      best: null,
      median: null,
      recentGain: null,
      atBoundary: [],
      failures: [],
    });
    expect(bestTrial([], maximize)).toBeNull();
  });
});

function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return permutations(n - 1).flatMap((rest) => Array.from({ length: n }, (_, at) => rest.toSpliced(at, 0, n - 1)));
}
