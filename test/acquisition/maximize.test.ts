import { describe, expect, test } from "vitest";
import type { Acquisition } from "../../src/acquisition/acquisition.ts";
import type { Domain, SearchCoordinate } from "../../src/acquisition/domain.ts";
import { ei } from "../../src/acquisition/ei.ts";
import { logEi } from "../../src/acquisition/log-ei.ts";
import { type Maximizer, maximize, rank } from "../../src/acquisition/maximize.ts";
import { type Belief, createTarget, type Target } from "../../src/acquisition/target.ts";
import { ucb } from "../../src/acquisition/ucb.ts";
import { createEmbedding } from "../../src/gp/embedding.ts";
import { fantasize } from "../../src/gp/fantasies.ts";
import { condition, type Trend } from "../../src/gp/regression.ts";
import { createRng } from "../../src/math/rng.ts";

function continuous(): SearchCoordinate {
  return {
    levels: Infinity,
    nominal: false,
    children: [],
    position: () => 0,
    snap: (u) => Math.min(1, Math.max(0, u)),
  };
}

function stepped(levels: number, nominal = false, children: readonly number[] = []): SearchCoordinate {
  const position = (k: number): number => (k + 0.5) / levels;
  const snap = (u: number): number => position(Math.min(levels - 1, Math.max(0, Math.floor(u * levels))));
  return { levels, nominal, children, position, snap };
}

/** A domain whose coordinates are always active unless `active` says otherwise. */
function domainOf(
  coordinates: readonly SearchCoordinate[],
  isActive: (x: Float64Array, j: number) => boolean = () => true,
): Domain {
  return {
    coordinates,
    width: coordinates.length,
    activity(x, active) {
      for (let j = 0; j < coordinates.length; j++) active[j] = Number(isActive(x, j));
    },
    embed(x, active, out, offset) {
      for (let j = 0; j < coordinates.length; j++) out[offset + j] = active[j] ? x[j]! : 0.5;
    },
  };
}

/** A target from a function of one row; its gradient by differences, which is enough for a test. */
function targetOf(f: (row: Float64Array) => number): Target {
  return {
    values(rows, m) {
      const width = rows.length / m;
      return Float64Array.from({ length: m }, (_, i) => f(rows.slice(i * width, (i + 1) * width)));
    },
    gradient(row, gradient) {
      for (let j = 0; j < row.length; j++) {
        const moved = row.slice();
        moved[j]! += 1e-7;
        gradient[j] = (f(moved) - f(row)) / 1e-7;
      }
      return f(row);
    },
  };
}

function best(target: Target, domain: Domain, maximizer: Maximizer = "lbfgs", anchors: Float64Array[] = []) {
  return maximize(target, domain, { maximizer, rng: createRng(4), anchors })[0]!;
}

const peak = [0.123456, 0.5, 0.77, 1];

test("on continuous coordinates the maximum is found to many digits, at a face of the cube too", () => {
  const target = targetOf((x) => -x.reduce((sum, v, j) => sum + (1 + j) * (v - peak[j]!) ** 2, 0));
  const found = best(target, domainOf(peak.map(continuous)));
  for (const [j, p] of peak.entries()) expect(found.x[j]).toBeCloseTo(p, 4);
});

test("random search comes near, by the pool alone", () => {
  const target = targetOf((x) => -x.reduce((sum, v, j) => sum + (v - peak[j]!) ** 2, 0));
  const found = best(target, domainOf(peak.map(continuous)), "random");
  expect(found.value).toBeGreaterThan(-0.1);
});

test("on grids and levels the maximum is found exactly, and every candidate lies on them", () => {
  const coordinates = [stepped(10), stepped(7, true), stepped(1000), stepped(3, true), stepped(50, true)];
  const wanted = [9.5 / 10, 3.5 / 7, 637.5 / 1000, 0.5 / 3, 21.5 / 50];
  const target = targetOf((x) =>
    x.reduce((sum, v, j) => sum - (coordinates[j]!.nominal ? Number(v !== wanted[j]) : Math.abs(v - wanted[j]!)), 0),
  );
  const candidates = maximize(target, domainOf(coordinates), { maximizer: "lbfgs", rng: createRng(2), anchors: [] });
  expect(candidates[0]!.value).toBeGreaterThan(-1e-3);
  for (const { x } of candidates) for (const [j, c] of coordinates.entries()) expect(c.snap(x[j]!)).toBe(x[j]);
});

test("candidates come best first, and are many", () => {
  const target = targetOf((x) => -Math.abs(x[0]! - 0.3));
  const candidates = maximize(target, domainOf([stepped(20)]), { maximizer: "lbfgs", rng: createRng(1), anchors: [] });
  expect(candidates[0]!.x[0]).toBe(6.5 / 20 - 0.05);
  for (let i = 1; i < candidates.length; i++)
    expect(candidates[i]!.value).toBeLessThanOrEqual(candidates[i - 1]!.value);
  expect(new Set(candidates.map(({ x }) => x[0])).size).toBe(20);
});

test("the neighbourhood of an anchor is searched: a needle beside it is found, far from it is not", () => {
  const needle = [0.31415, 0.92653, 0.58979, 0.32384, 0.62643, 0.38327];
  const target = targetOf((x) => Math.exp(-2000 * x.reduce((sum, v, j) => sum + (v - needle[j]!) ** 2, 0)));
  const domain = domainOf(needle.map(continuous));
  const anchor = Float64Array.from(needle, (v) => v + 0.005);
  expect(best(target, domain, "lbfgs", [anchor]).value).toBeGreaterThan(0.999);
  expect(best(target, domain).value).toBeLessThan(0.5);
});

test("a branch is judged by its best children, not by those it happens to have", () => {
  // Branch 1 is worth 2 but only near one corner of its four children; branch 0 is worth 1 whatever they are.
  const coordinates = [stepped(2, true, [1, 2, 3, 4]), ...Array.from({ length: 4 }, continuous)];
  const domain = domainOf(coordinates, (x, j) => j === 0 || x[0]! > 0.5);
  const target = targetOf((row) =>
    row[0]! < 0.5 ? 1 : 2 - 1.5 * row.slice(1).reduce((sum, v) => sum + Math.abs(v - 0.9), 0),
  );
  const found = best(target, domain, "lbfgs", [Float64Array.of(0.25, 0.5, 0.5, 0.5, 0.5)]);
  expect(found.x[0]).toBe(0.75);
  expect(found.value).toBeGreaterThan(1.99);
});

test("given points are ranked", () => {
  const target = targetOf((x) => x[0]!);
  const points = [0.2, 0.9, 0.4].map((v) => Float64Array.of(v));
  expect(rank(target, domainOf([continuous()]), points).map(({ x }) => x[0])).toEqual([0.9, 0.4, 0.2]);
});

test("a domain without coordinates has one point", () => {
  expect(
    best(
      targetOf(() => 7),
      domainOf([]),
    ).value,
  ).toBe(7);
});

describe("the target of a surrogate", () => {
  const rng = createRng(8);
  const width = 3;
  const data = {
    x: Float64Array.from({ length: 12 * width }, () => rng.next()),
    y: Float64Array.from({ length: 12 }, () => rng.normal()),
  };
  const parameters = { lengthScales: Float64Array.of(0.4, 0.8, 0.3), signalVariance: 1.2, noiseVariance: 0.01 };
  const loss = condition(data, parameters);
  const success = condition(
    { x: data.x, y: data.y.map((v) => (v > 0.5 ? -2 : 0)) },
    { ...parameters, noiseVariance: 0.1 },
  );

  const fantasies = fantasize(loss, Float64Array.of(0.1, 0.5, 0.9, 0.7, 0.2, 0.4), 8, createRng(9));
  const bests = Float64Array.from({ length: 8 }, (_, s) => -1 - 0.1 * s);
  const pending = { loss: fantasies.gp, best: -1, pending: { fantasies, bests } };

  const trend: Trend = {
    values: (x) =>
      Float64Array.from({ length: x.length / width }, (_, i) => 2 * x[width * i]! - x[width * i + 1]! ** 2),
    gradient: (x) => Float64Array.of(2, -2 * x[1]!, 0),
  };
  const trended = condition({ ...data, trend }, parameters);
  const trendedFantasies = fantasize(trended, Float64Array.of(0.1, 0.5, 0.9, 0.7, 0.2, 0.4), 8, createRng(9));
  const trendedPending = { loss: trendedFantasies.gp, best: -1, pending: { fantasies: trendedFantasies, bests } };

  test.each<[string, Belief, Acquisition]>([
    ["of losses about a trend", { loss: trended, best: -1 }, logEi()],
    ["of fantasies about a trend", trendedPending, logEi()],
    ["of fantasies about a trend, by a confidence bound", trendedPending, ucb()],
    ["of losses", { loss, best: -1 }, logEi()],
    ["of losses and of success", { loss, best: -1, success }, logEi()],
    ["by a confidence bound", { loss, best: -1, success }, ucb()],
    ["of fantasies", pending, logEi()],
    ["of fantasies and of success", { ...pending, success }, ei()],
    ["of fantasies, by a confidence bound", pending, ucb()],
  ])("%s has the gradient of central differences, and the same values in batches", (_, belief, acquisition) => {
    const target = createTarget(acquisition, belief);
    const rows = Float64Array.from({ length: 20 * width }, () => rng.next());
    const values = target.values(rows, 20);
    const gradient = new Float64Array(width);
    const scratch = new Float64Array(width);
    for (let i = 0; i < 20; i++) {
      const row = rows.slice(i * width, (i + 1) * width);
      expect(target.gradient(row, gradient)).toBeCloseTo(values[i]!, 9);
      for (let j = 0; j < width; j++) {
        const at = (step: number): number =>
          target.gradient(
            row.map((v, k) => (k === j ? v + step : v)),
            scratch,
          );
        const difference = (at(1e-6) - at(-1e-6)) / 2e-6;
        expect(Math.abs(gradient[j]! - difference)).toBeLessThan(1e-5 * Math.max(1, Math.abs(difference)));
      }
    }
  });

  test("is lower where trials have failed", () => {
    const at = (belief: Belief, row: Float64Array): number => createTarget(logEi(), belief).values(row, 1)[0]!;
    const failedAt = data.y.findIndex((v) => v > 0.5);
    const ranAt = data.y.findIndex((v) => v <= 0.5);
    const drop = (i: number): number => {
      const row = data.x.slice(i * width, (i + 1) * width);
      return at({ loss, best: -1 }, row) - at({ loss, best: -1, success }, row);
    };
    expect(drop(failedAt)).toBeGreaterThan(1);
    expect(drop(ranAt)).toBeLessThan(0.3);
  });
});

test("an embedding's own row length is what the target sees", () => {
  const embedding = createEmbedding([{ nominal: true }, { nominal: false, branch: "a" }]);
  const domain: Domain = {
    coordinates: [stepped(2, true, [1]), continuous()],
    width: embedding.width,
    activity(x, active) {
      active[0] = 1;
      active[1] = Number(x[0]! > 0.5);
    },
    embed: embedding.embed,
  };
  const target = targetOf((row) => (row.length === 3 ? row[2]! * (1 - Math.abs(row[1]! - 0.8)) : Number.NaN));
  const found = best(target, domain);
  expect(found.x[0]).toBe(0.75);
  expect(found.x[1]).toBeCloseTo(0.8, 3);
});

test("steps are measured in length-scales: a narrow ridge is climbed to its top in fewer evaluations", () => {
  const lengthScales = Float64Array.of(1, 0.01, 0.1, 1);
  const climb = (own: Pick<Target, "lengthScales">) => {
    const plain = targetOf((x) => -x.reduce((sum, v, j) => sum + ((v - peak[j]!) / lengthScales[j]!) ** 2, 0));
    let evaluations = 0;
    const counted = {
      ...plain,
      ...own,
      gradient(row: Float64Array, gradient: Float64Array) {
        evaluations++;
        return plain.gradient(row, gradient);
      },
    };
    return { value: best(counted, domainOf(peak.map(continuous))).value, evaluations: () => evaluations };
  };
  const measured = climb({ lengthScales });
  expect(measured.value).toBeGreaterThan(-1e-6);
  expect(measured.evaluations()).toBeLessThan(0.7 * climb({}).evaluations());
});
