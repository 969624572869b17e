import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { halving } from "../../src/pruner/halving.ts";
import { median } from "../../src/pruner/median.ts";
import type { Observation } from "../../src/trial/history.ts";

interface Case {
  readonly pruner: "median" | "halving";
  readonly options: object;
  readonly direction: "minimize" | "maximize";
  readonly trials: readonly {
    readonly reports: readonly (readonly [number, number])[];
    readonly state: "completed" | "pruned" | "failed";
    readonly decisions: readonly boolean[];
  }[];
}
const fixture = JSON.parse(readFileSync(new URL("../fixtures/pruner/optuna.json", import.meta.url), "utf8")) as {
  readonly cases: readonly Case[];
};

test.each(fixture.cases.map((it, i) => [i, it.pruner, JSON.stringify(it.options), it.direction, it] as const))(
  "case %d: %s %s decides as Optuna's does, %s",
  (_, name, __, direction, { options, trials }) => {
    const pruner = { median, halving }[name](options);
    const sign = direction === "minimize" ? 1 : -1;
    const ended: Observation[] = [];
    for (const [number, { reports: raw, state, decisions }] of trials.entries()) {
      const reports = raw.map(([step, value]) => ({ step, value: sign * value }));
      const trial = { number, params: {}, note: null, loss: null, reports };
      const got = reports.map((_, i) =>
        pruner.shouldPrune({
          trial: { ...trial, state: "pending", reports: reports.slice(0, i + 1) },
          trials: ended,
          rng: createRng(0),
        }),
      );
      expect(got, `trial ${number}`).toEqual(decisions);
      ended.push({ ...trial, state, loss: state === "failed" ? null : reports.at(-1)!.value });
    }
    expect(trials.some(({ decisions }) => decisions.includes(true))).toBe(true);
  },
);
