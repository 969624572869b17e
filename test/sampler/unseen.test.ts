import { expect, test } from "vitest";
import { seenKeys } from "../../src/sampler/unseen.ts";
import { createSpace } from "../../src/space/declare.ts";
import { int } from "../../src/space/numeric.ts";
import type { FlatParams } from "../../src/space/parameter.ts";
import type { Observation } from "../../src/trial/history.ts";

test("the keys of a history are its own, whatever history was asked for before", () => {
  const space = createSpace({ x: int(0, 99) });
  const history = (...xs: number[]): Observation[] =>
    xs.map((x, number) => ({ number, state: "pending", params: { x }, loss: null, reports: [], note: null }));
  const keys = (trials: readonly Observation[]) => [
    ...new Set(trials.map(({ params }) => space.key(params as FlatParams))),
  ];
  const first = history(3, 1, 4, 1);
  const grown = [...first, ...history(1, 1, 1, 1, 5, 9).slice(4)];
  const asked = [
    first,
    grown,
    // As a storage reads them anew.
    structuredClone(grown),
    // One shorter, one that went another way, one whose params were changed by a user, none.
    grown.slice(0, 2),
    [...grown.slice(0, 2), ...history(0, 0, 7, 8).slice(2)],
    grown.map((trial) => (trial.number === 1 ? { ...trial, params: { x: 50 } } : trial)),
    [],
    grown,
  ];
  for (const trials of asked) expect([...seenKeys(space, trials)]).toEqual(keys(trials));
});
