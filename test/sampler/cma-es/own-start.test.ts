import { describe, expect, test } from "vitest";
import { ValidationError } from "../../../src/errors.ts";
import { createRng } from "../../../src/math/rng.ts";
import { cmaEs } from "../../../src/sampler/cma-es/cma-es.ts";
import { random } from "../../../src/sampler/random.ts";
import type { Sampler } from "../../../src/sampler/sampler.ts";
import { createSpace } from "../../../src/space/declare.ts";
import { float } from "../../../src/space/numeric.ts";
import type { FlatParams } from "../../../src/space/parameter.ts";
import type { Observation } from "../../../src/trial/history.ts";

const space = createSpace({ a: float(-5, 5), b: float(1e-4, 1, { log: true }), c: float(0, 1), d: float(0, 1) });

/** The best place is far from the centre, and narrow. */
function bowl(params: FlatParams): number {
  return space.encode(params).x.reduce((sum, v, j) => sum + (j + 1) * (v - 0.8) * (v - 0.8), 0);
}

function run(sampler: Sampler, count: number, trials: readonly Observation[] = [], seed = 1): Observation[] {
  const studyRng = createRng(seed);
  const history = [...trials];
  while (history.length < count) {
    const number = history.length;
    const { params, note = null } = sampler.sample({ space, trials: history, rng: studyRng.fork(number), studyRng })!;
    // As a storage keeps it.
    const kept = JSON.parse(JSON.stringify(note));
    history.push({ number, state: "completed", params, loss: bowl(params), reports: [], note: kept });
  }
  return history;
}

/** With such a start, or with the usual one. */
function sampler(isWarm: boolean): Sampler {
  return isWarm ? cmaEs({ warmStart: "study" }) : cmaEs();
}

function mean(trials: readonly Observation[]): number {
  return trials.reduce((sum, { loss }) => sum + loss! / trials.length, 0);
}

describe("a start where the study's best trials are", () => {
  const before = run(random(), 200);

  test("draws its first generation where the best trials are, the cold one at the centre", () => {
    const warm = run(cmaEs({ warmStart: "study" }), 208, before).slice(200);
    const cold = run(cmaEs(), 208, before).slice(200);
    const best = before.map(({ loss }) => loss!).sort((a, b) => a - b);
    expect(mean(warm)).toBeLessThan(best[40]!);
    expect(mean(cold)).toBeGreaterThan(2 * mean(warm));
  });

  test("comes nearer in as many trials: in the median of 5 seeds by a factor of 3 in the loss", () => {
    const lowest = (warmStart: boolean, seed: number): number =>
      Math.min(...run(sampler(warmStart), 320, before, seed).map(({ loss }) => loss!));
    const gains = [1, 2, 3, 4, 5].map((seed) => lowest(false, seed) / lowest(true, seed)).sort((a, b) => a - b);
    expect(gains[2]).toBeGreaterThan(3);
  });

  test("is none with forty trials or fewer, nor where a run stands already", () => {
    const few = before.slice(0, 40);
    const at = (trials: readonly Observation[], warmStart: boolean) =>
      run(sampler(warmStart), trials.length + 1, trials).at(-1)!.params;
    expect(at(few, true)).toEqual(at(few, false));
    expect(at(before.slice(0, 50), true)).not.toEqual(at(before.slice(0, 50), false));
    const standing = run(cmaEs(), 220, before);
    expect(at(standing, true)).toEqual(at(standing, false));
  });

  test("passes over trials that failed, and trials of another space", () => {
    const failed = before.map((trial) => ({ ...trial, state: "failed" as const, loss: null }));
    const other = before.map((trial) => ({ ...trial, params: { ...trial.params, c: 7 } }));
    for (const trials of [failed, other]) {
      const [warm, cold] = [true, false].map((warmStart) => run(sampler(warmStart), 201, trials)[200]!.params);
      expect(warm).toEqual(cold);
    }
  });

  test("works with a diagonal covariance, and is asked for by its name", () => {
    const warm = run(cmaEs({ warmStart: "study", separable: true }), 208, before).slice(200);
    expect(mean(warm)).toBeLessThan(mean(before) / 2);
    expect(() => cmaEs({ warmStart: "yes" as never })).toThrow(ValidationError);
  });
});
