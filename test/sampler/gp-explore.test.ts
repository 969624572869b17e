import { expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { exploration } from "../../src/sampler/gp/explore.ts";
import { categorical } from "../../src/space/choice.ts";
import { createSpace, oneOf } from "../../src/space/declare.ts";
import { float } from "../../src/space/numeric.ts";
import type { FlatParams } from "../../src/space/parameter.ts";
import type { Observation } from "../../src/trial/history.ts";

const space = createSpace({
  x: float(0, 1),
  y: float(0, 1),
  flavour: categorical(["plain", "sweet"]),
  way: oneOf({ slow: { rate: float(0, 1) }, fast: { rate: float(0, 1), steps: float(0, 1) }, none: {} }),
});

function trial(number: number, params: FlatParams, loss: number | null): Observation {
  return { number, state: loss === null ? "failed" : "completed", params, loss, reports: [], note: null };
}

const slow = (x: number) => ({ x, y: 0.25, flavour: "plain", "way.kind": "slow", "way.rate": 0.75 });
const history = [trial(0, slow(0.1), 3), trial(1, slow(0.2), 1), trial(2, slow(0.3), 2), trial(3, slow(0.4), null)];

/** Those of many asks that explore. */
function explored(trials: readonly Observation[]): FlatParams[] {
  const rng = createRng("explore");
  return Array.from({ length: 4000 }, (_, ask) => exploration(space, trials, rng.fork(ask), "sobol")).filter(
    (params) => params !== undefined,
  );
}

test("one ask in four explores, with the least-tried levels of every choice, each as often", () => {
  const all = explored(history);
  expect(all.length / 4000).toBeCloseTo(0.25, 1);
  expect(new Set(all.map(({ flavour }) => flavour))).toEqual(new Set(["sweet"]));
  const fast = all.filter((params) => params["way.kind"] === "fast");
  expect(fast.length / all.length).toBeCloseTo(0.5, 1);
  expect(all.filter((params) => params["way.kind"] === "none").length).toBe(all.length - fast.length);
});

test("no ask explores once every level was tried often enough, nor where there is nothing to choose", () => {
  const levels = ["slow", "fast", "none"];
  const often = Array.from({ length: 30 }, (_, number) =>
    trial(
      number,
      { x: 0.5, y: 0.5, flavour: number % 2 === 0 ? "plain" : "sweet", "way.kind": levels[number % 3]! },
      1,
    ),
  );
  expect(explored(often)).toEqual([]);
  const line = createSpace({ x: float(0, 1) });
  expect(exploration(line, [trial(0, { x: 0.5 }, 1)], createRng(1), "sobol")).toBeUndefined();
});
