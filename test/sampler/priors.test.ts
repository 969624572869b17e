import { describe, expect, test } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import { createRng } from "../../src/math/rng.ts";
import { gp } from "../../src/sampler/gp/gp.ts";
import { halton } from "../../src/sampler/halton.ts";
import { believedParams, createBelief } from "../../src/sampler/priors.ts";
import { random } from "../../src/sampler/random.ts";
import { sobol } from "../../src/sampler/sobol.ts";
import { tpe } from "../../src/sampler/tpe/tpe.ts";
import { categorical, ordinal } from "../../src/space/choice.ts";
import { createSpace, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import { createStudy } from "../../src/study/create.ts";

const space = createSpace({
  lr: float(1e-5, 1, { log: true }),
  depth: int(1, 8),
  act: categorical(["a", "b", "c"]),
  size: ordinal([1, 2, 4]),
  way: oneOf({ x: { m: float(0, 1) }, y: {} }),
});
const priors = {
  lr: { centre: 1e-3, width: 0.1 },
  depth: { density: (depth: number) => 1 / depth },
  act: { weights: [1, 0, 3] },
  size: { weights: [1, 2, 1] },
  "way.m": { density: (m: number) => m },
};
const belief = createBelief(space, priors);

describe("a belief", () => {
  test("has density where it was said to be, counts active parameters only, and rules nothing out", () => {
    const base = { lr: 1e-3, depth: 1, act: "c", size: 2, "way.kind": "y" };
    const at = (change: object) => belief.logDensity({ ...base, ...change });
    expect(at({})).toBeGreaterThan(at({ lr: 1e-1 }));
    // A width of 0.1 in five decades: half a decade is one standard deviation.
    expect(at({}) - at({ lr: 1e-3 * Math.sqrt(10) })).toBeCloseTo(0.5, 4);
    expect(at({}) - at({ depth: 4 })).toBeCloseTo(Math.log(4), 4);
    expect(at({}) - at({ act: "a" })).toBeCloseTo(Math.log(3), 4);
    expect(at({}) - at({ "way.kind": "x", "way.m": 0.5 })).toBeCloseTo(0, 2);
    expect(Number.isFinite(at({ act: "b", lr: 1 }))).toBe(true);
    expect(createBelief(space, {}).logDensity(base)).toBe(0);
  });

  test("has the gradient of its logarithm", () => {
    const active = [1, 1, 1, 1, 1, 1];
    const x = [0.37, 0.43, 0.9, 0.4, 0.2, 0.613];
    const gradient = new Float64Array(6);
    belief.logDensityAt(x, active, gradient);
    for (const j of [0, 1, 2, 3, 4, 5]) {
      const h = 1e-6;
      const [up, down] = [h, -h].map((step) =>
        belief.logDensityAt(
          x.map((value, k) => (k === j ? value + step : value)),
          active,
        ),
      );
      expect(gradient[j]!, `coordinate ${j}`).toBeCloseTo((up! - down!) / (2 * h), 4);
    }
  });

  test("is what its draws follow", () => {
    const rng = createRng("belief");
    const n = 20_000;
    const draws = Array.from({ length: n }, () => believedParams(space, belief, rng));
    const share = (test: (params: (typeof draws)[number]) => boolean) => draws.filter(test).length / n;
    // Five standard deviations of a share are at most 0.018.
    expect(Math.abs(share((p) => p.act === "c") - 0.75)).toBeLessThan(0.018);
    expect(share((p) => p.act === "b")).toBeLessThan(1e-3);
    expect(Math.abs(share((p) => p.size === 2) - 0.5)).toBeLessThan(0.018);
    expect(Math.abs(share((p) => p.depth === 1) - 1 / 2.717857142857143)).toBeLessThan(0.018);
    expect(Math.abs(share((p) => (p.lr as number) < 1e-3 * Math.sqrt(10)) - 0.8413)).toBeLessThan(0.018);
    const active = draws.filter((p) => "way.m" in p);
    expect(Math.abs(active.filter((p) => (p["way.m"] as number) < 0.5).length / active.length - 0.25)).toBeLessThan(
      0.025,
    );
  });

  test.each([
    [{ nope: { centre: 1, width: 1 } }, /must name a parameter of the space, but got "nope"/],
    [{ act: { centre: 1, width: 1 } }, /needs an ordered parameter/],
    [{ lr: { centre: 2, width: 0.1 } }, /"lr" .*got {"centre":2/],
    [{ lr: { centre: 1e-3, width: 0 } }, /width in \(0, 10\]/],
    [{ act: { weights: [1, 2] } }, /one for each level, but "act"/],
    [{ act: { weights: [0, 0, 0] } }, /positive sum/],
    [{ depth: { density: () => Number.NaN } }, /"depth" is NaN at 1/],
    [{ depth: { density: () => 0 } }, /0 everywhere/],
    [{ depth: 7 }, /must be { centre, width }, { weights } or { density }/],
  ])("refuses %o", (wrong, message) => {
    expect(() => createBelief(space, wrong as never)).toThrow(message);
  });
});

test("random and Halton search look where the user believes, and say so", async () => {
  for (const sampler of [random({ priors }), halton({ priors })]) {
    const study = await createStudy({ space, sampler, seed: 1 });
    await study.optimize(() => 0, { trials: 60 });
    const near = (await study.trials()).filter(({ params }) => params.lr > 1e-4 && params.lr < 1e-2);
    expect(near.length, sampler.name).toBeGreaterThan(48);
    expect(study.describe()).toContain('"centre":0.001');
  }
});

describe.each([
  ["gp", gp],
  ["tpe", tpe],
  ["random", random],
  ["sobol", sobol],
  ["halton", halton],
] as const)("%s refuses when it is made", (_, make) => {
  test.each([3, null, "lr", true, [], [{ centre: 1, width: 1 }], new Map([["lr", 1]]), () => 0])(
    "priors of %o",
    (wrong) => {
      const made = () => make({ priors: wrong as never });
      expect(made).toThrow(ValidationError);
      expect(made).toThrow("`priors` must be an object of priors by full parameter name");
    },
  );

  test("a prior that is no object", () => {
    expect(() => make({ priors: { lr: 7 } as never })).toThrow('or { density }, but "lr" got 7.');
  });
});
