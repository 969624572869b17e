// The same populations, fed into ours and into the `cmaes` package; see test/fixtures/sampler/make-cma-es.py.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isotropic, rootOf, update } from "../../../src/sampler/cma-es/distribution.ts";
import { keepMargin } from "../../../src/sampler/cma-es/margin.ts";
import { strategy } from "../../../src/sampler/cma-es/strategy.ts";
import { ordinal } from "../../../src/space/choice.ts";
import { float } from "../../../src/space/numeric.ts";

interface Generation {
  readonly xs: number[][];
  readonly encoded?: number[][];
  readonly losses: number[];
  readonly mean: number[];
  readonly sigma: number;
  readonly C: number[];
  readonly scales?: number[];
}
interface Case {
  readonly n: number;
  readonly lambda: number;
  /** 0 for a continuous coordinate. */
  readonly levels: number[];
  readonly generations: Generation[];
}

const url = new URL("../../fixtures/sampler/cma-es.json", import.meta.url);
const fixture = JSON.parse(readFileSync(url, "utf8")) as { continuous: Case[]; margin: Case[] };

function expectClose(got: Iterable<number>, want: readonly number[], scale = 1): void {
  for (const [i, v] of [...got].entries()) expect(Math.abs(v - want[i]!)).toBeLessThan(1e-9 * scale);
}

function ranked({ xs, losses }: Generation): Float64Array[] {
  return [...xs.keys()].sort((a, b) => losses[a]! - losses[b]!).map((k) => Float64Array.from(xs[k]!));
}

describe("as the cmaes package from the same populations", () => {
  test.each(fixture.continuous)("mean, step size and covariance in $n dimensions with λ = $lambda", (it) => {
    let distribution = isotropic(new Float64Array(it.n).fill(0.5), 0.2, false);
    for (const generation of it.generations) {
      distribution = update(distribution, rootOf(distribution), ranked(generation), strategy(it.n, it.lambda, false));
      expectClose(distribution.mean, generation.mean);
      expectClose([distribution.sigma], [generation.sigma]);
      expectClose(distribution.C, generation.C, Math.max(...generation.C));
    }
  });

  test.each(fixture.margin)("and with a margin, over levels $levels", (it) => {
    const parameters = it.levels.map((levels) =>
      levels === 0 ? float(0, 1) : ordinal(Array.from({ length: levels }, (_, k) => k)),
    );
    let distribution = isotropic(new Float64Array(it.n).fill(0.52), 0.2, false);
    let scales: Float64Array = new Float64Array(it.n).fill(1);
    for (const generation of it.generations) {
      for (const [k, x] of generation.xs.entries()) {
        for (const [j, parameter] of parameters.entries()) {
          if (it.levels[j] === 0) continue;
          const u = distribution.mean[j]! + scales[j]! * (x[j]! - distribution.mean[j]!);
          expect(parameter.encode(parameter.decode(u))).toBeCloseTo(generation.encoded![k]![j]!, 12);
        }
      }
      const moved = update(distribution, rootOf(distribution), ranked(generation), strategy(it.n, it.lambda, false));
      ({ distribution, scales } = keepMargin(moved, scales, parameters, 1 / (it.n * it.lambda)));
      expectClose(distribution.mean, generation.mean);
      expectClose([distribution.sigma], [generation.sigma]);
      expectClose(distribution.C, generation.C, Math.max(...generation.C));
      expectClose(scales, generation.scales!, Math.max(...generation.scales!));
    }
  });
});
