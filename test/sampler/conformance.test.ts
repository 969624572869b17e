import { describe, expect, test } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import { createRng } from "../../src/math/rng.ts";
import { cmaEs } from "../../src/sampler/cma-es/cma-es.ts";
import { randomParams } from "../../src/sampler/feasible.ts";
import { grid } from "../../src/sampler/grid.ts";
import { halton } from "../../src/sampler/halton.ts";
import { points } from "../../src/sampler/points.ts";
import { random } from "../../src/sampler/random.ts";
import type { Sampler } from "../../src/sampler/sampler.ts";
import { sobol } from "../../src/sampler/sobol.ts";
import { tpe } from "../../src/sampler/tpe/tpe.ts";
import type { Space } from "../../src/space/space.ts";
import { samplerConformance } from "../../src/testing/sampler-conformance.ts";

const SAMPLERS: Record<string, () => Sampler> = {
  random: () => random(),
  sobol: () => sobol(),
  halton: () => halton(),
  "points, then sobol": () => listed(),
  tpe: () => tpe(),
  "tpe that begins early": () => tpe({ startup: 1, candidates: 4 }),
  grid: () => grid({ points: 40 }),
  cmaEs: () => cmaEs(),
  "cmaEs, small and separable": () => cmaEs({ populationSize: 3, restarts: "bipop", separable: true, margin: false }),
  "cmaEs with adapting learning rates": () => cmaEs({ populationSize: 4, learningRateAdaptation: true }),
  "cmaEs, begun where the study's best trials are": () => cmaEs({ warmStart: "study" }),
  "grid in random order": () => grid({ points: 40, order: "random" }),
};

/** `points` with three configurations of whatever space it is asked for. */
function listed(): Sampler {
  const rng = createRng("points");
  const make = (space: Space) => {
    const own = rng.fork(space.dimensions.length);
    const some = Array.from({ length: 40 }, () => randomParams(space, own));
    return points(some.filter((params) => space.isFeasible(params)).slice(0, 3), { fallback: sobol() });
  };
  return { ...points([], { fallback: sobol() }), sample: (request) => make(request.space).sample(request) };
}

describe.each(Object.entries(SAMPLERS))("%s", (_, makeSampler) => {
  for (const check of samplerConformance(makeSampler)) test(check.name, check.run);
});

/** Which checks reject a sampler. */
async function failing(makeSampler: () => Sampler): Promise<string[]> {
  const names: string[] = [];
  for (const check of samplerConformance(makeSampler)) {
    await check.run().catch(() => names.push(check.name));
  }
  return names;
}

/** A sampler like `random`, but for what `change` makes of it. */
function broken(change: Partial<Sampler>): () => Sampler {
  return () => ({ ...random(), ...change });
}

describe("the suite notices a sampler that", () => {
  const base = random();

  test("forgets a parameter, or gives an inactive one", async () => {
    const forgetful = broken({
      sample(request) {
        const suggestion = base.sample(request);
        if (suggestion === null) return null;
        return { params: Object.fromEntries(Object.entries(suggestion.params).slice(1)) };
      },
    });
    expect((await failing(forgetful)).length).toBeGreaterThan(10);
    const talkative = broken({
      sample(request) {
        const suggestion = base.sample(request);
        return suggestion && { params: { ...suggestion.params, "optimizer.momentum": 0.5 } };
      },
    });
    expect(await failing(talkative)).toContain("stays inside its space, active parameters only: conditional");
  });

  test("leaves a grid by a rounding", async () => {
    const rounding = broken({
      sample(request) {
        const suggestion = base.sample(request);
        const dropout = suggestion?.params.dropout;
        if (typeof dropout !== "number") return suggestion;
        return { params: { ...suggestion!.params, dropout: dropout * (1 + 1e-15) } };
      },
    });
    expect(await failing(rounding)).toContain("stays inside its space, active parameters only: kinds");
  });

  test("keeps a state, uses Math.random, or draws from the study's stream", async () => {
    let calls = 0;
    const counting = broken({
      sample: (request) => base.sample({ ...request, rng: request.rng.fork(calls++) }),
    });
    expect(await failing(counting)).toContain(
      "suggests the same for the same history and seed, whatever the sampler was asked before",
    );
    const restless = broken({ sample: (request) => (Math.random() < 2 ? base.sample(request) : null) });
    expect(await failing(restless)).toEqual(["asks neither Math.random nor the time"]);
    const greedy = broken({ sample: (request) => base.sample({ ...request, rng: request.studyRng }) });
    expect(await failing(greedy)).toContain(
      "changes nothing that it is given, and leaves the study's stream where it was",
    );
  });

  test("writes into the history", async () => {
    const scribbling = broken({
      sample(request) {
        for (const trial of request.trials) (trial as { loss: number | null }).loss = 0;
        return base.sample(request);
      },
    });
    expect(await failing(scribbling)).toEqual([
      "changes nothing that it is given, and leaves the study's stream where it was",
    ]);
  });

  test("repeats itself, or never ends", async () => {
    const repeating = broken({ sample: (request) => base.sample({ ...request, trials: [] }) });
    const names = await failing(repeating);
    expect(names).toContain("suggests every configuration of a finite space once, and then nothing");
    expect(names).toContain("suggests the only configuration of a space of fixed values, and then nothing");
    expect(names).toContain("finds what is left when a history already has nearly all of a finite space");
  });

  test("cannot bear a history without results, or with losses that overflow", async () => {
    const fragile = broken({
      sample(request) {
        const losses = request.trials.flatMap((trial) => trial.loss ?? []);
        const spread = Math.max(...losses) - Math.min(...losses);
        if (request.trials.length > 0 && !Number.isFinite(spread)) throw new Error("NaN in the model");
        return base.sample(request);
      },
    });
    const names = await failing(fragile);
    expect(names).toContain("answers a history of failures only");
    expect(names).toContain("answers a history of losses at the ends of the doubles");
    expect(names).not.toContain("answers a history of equal losses");
  });
});

test("a check to skip must exist", () => {
  expect(() => samplerConformance(() => random(), { skip: [{ check: "flies", reason: "no wings" }] })).toThrow(
    ValidationError,
  );
  const all = samplerConformance(() => random());
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});
