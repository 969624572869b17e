import { describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { gp } from "../../src/sampler/gp/gp.ts";
import { createSpace } from "../../src/space/declare.ts";
import { float } from "../../src/space/numeric.ts";
import type { Observation } from "../../src/trial/history.ts";

const space = createSpace({ x: float(0, 1), y: float(0, 1) });

function completed(number: number, x: number, y: number, loss: number, variance?: number): Observation {
  const known = variance === undefined ? {} : { variance };
  return { number, state: "completed", params: { x, y }, loss, reports: [], note: null, ...known };
}

function recommended(trials: readonly Observation[]) {
  return gp().expect!({ space, trials })!;
}

/** A flat function, measured with noise 1 at random points. */
function flat(count: number, key: string): Observation[] {
  const rng = createRng(key);
  return Array.from({ length: count }, (_, number) => completed(number, rng.next(), rng.next(), rng.normal()));
}

describe("the trial that is held for the best", () => {
  test("on a noisy and slightly rough function is better than the one with the lowest loss: mean over sixty histories", () => {
    const regrets = Array.from({ length: 60 }, (_, seed) => {
      const rng = createRng(`rough ${seed}`);
      const truths: number[] = [];
      const trials = Array.from({ length: 40 }, (_, number) => {
        const [x, y] = [rng.next(), rng.next()];
        truths.push((x - 0.3) ** 2 + (y - 0.6) ** 2 + 0.04 * rng.normal());
        return completed(number, x, y, truths[number]! + 0.1 * rng.normal());
      });
      const lowest = trials.reduce((a, b) => (b.loss! < a.loss! ? b : a)).number;
      return { expected: truths[recommended(trials).number]!, observed: truths[lowest]! };
    });
    const mean = (key: "expected" | "observed") => regrets.reduce((sum, regret) => sum + regret[key] / 60, 0);
    expect(mean("expected")).toBeLessThan(0.75 * mean("observed"));
  });

  test("is one that was good eight times rather than one that was lucky once", () => {
    const trials = flat(40, "often");
    trials.push(completed(40, 0.91, 0.13, -3));
    const scatter = [-1.2, 0.9, 0.4, -0.6, 1.1, -0.2, 0.3, -0.7];
    for (const [i, part] of scatter.entries()) trials.push(completed(41 + i, 0.37, 0.58, -1.6 + part));
    const { number, mean } = recommended(trials);
    expect(trials[number]!.params).toEqual({ x: 0.37, y: 0.58 });
    expect(mean).toBeGreaterThan(-1.6);
    expect(mean).toBeLessThan(-0.7);
  });

  test("is what its own results say the more, the less they are known to scatter", () => {
    const means = [0.01, 1, 100].map((variance) => {
      const trials = flat(40, "known");
      trials.push(completed(40, 0.37, 0.58, -3, variance));
      const { number, mean } = recommended(trials);
      return { itself: number === 40, mean };
    });
    expect(means[0]!.itself).toBe(true);
    expect(means[0]!.mean).toBeLessThan(means[1]!.mean);
    expect(means[2]!.itself).toBe(false);
  });

  test("is found in the mode of much noise also where every ask so far has found little", () => {
    const parameters = { lengthScales: "0.05 0.05", signalVariance: 1, noiseVariance: 0.001 };
    const note = { warp: "half", fittedTo: 60, ...parameters, explanation: "model" };
    const trials = flat(60, "modes").map((trial) => ({ ...trial, note }));
    const { mean, deviation } = recommended(trials);
    const lowest = Math.min(...trials.map(({ loss }) => loss!));
    expect(lowest).toBeLessThan(-2);
    expect(mean).toBeGreaterThan(-1);
    expect(deviation).toBeLessThan(0.7);
  });

  test("of a smooth function without noise is the one with the lowest loss, with its value", () => {
    const rng = createRng("smooth");
    const trials = Array.from({ length: 40 }, (_, number) => {
      const [x, y] = [rng.next(), rng.next()];
      return completed(number, x, y, (x - 0.3) ** 2 + (y - 0.6) ** 2);
    });
    const best = trials.reduce((a, b) => (b.loss! < a.loss! ? b : a));
    const { number, mean } = recommended(trials);
    expect(number).toBe(best.number);
    expect(mean).toBeCloseTo(best.loss!, 2);
  });
});
