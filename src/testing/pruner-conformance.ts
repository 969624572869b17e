/**
 * What every pruner must do, as a list of checks for any test runner: the same decision for the same reports, whatever it was
 * asked before, from nothing but what it is given, and a decision on every set of curves that a study can produce. How wise
 * the decisions are is not checked here, but that a trial ahead of all others is left to run.
 */
import { show, ValidationError } from "../errors.ts";
import { createRng } from "../math/rng.ts";
import type { PruneRequest, Pruner } from "../pruner/pruner.ts";
import type { Observation, ObservationState } from "../trial/history.ts";
import { deepFreeze } from "./deep-freeze.ts";
import type { ConformanceCheck } from "./storage-conformance.ts";

export interface PrunerConformanceOptions {
  /** Checks that this pruner is not held to, by name, each with the reason. */
  readonly skip?: readonly { readonly check: string; readonly reason: string }[];
}

/**
 * The checks for the pruner that `makePruner` makes, new at each call.
 *
 * @throws ValidationError when `skip` names a check that does not exist
 * @example for (const check of prunerConformance(() => median())) test(check.name, check.run)
 */
export function prunerConformance(
  makePruner: () => Pruner,
  options: PrunerConformanceOptions = {},
): readonly ConformanceCheck[] {
  const checks = allChecks(makePruner);
  const skipped = new Set(options.skip?.map(({ check }) => check));
  for (const check of skipped) {
    if (!Object.hasOwn(checks, check)) {
      throw new ValidationError(
        `A check to skip must be one of the pruner checks, but got ${show(check)}. They are: ${Object.keys(checks).join("; ")}.`,
      );
    }
  }
  return Object.entries(checks)
    .filter(([name]) => !skipped.has(name))
    .map(([name, check]) => ({ name, run: async () => check() }));
}

function allChecks(makePruner: () => Pruner): Readonly<Record<string, () => void>> {
  const checks: Record<string, () => void> = {
    "has a name and settings that survive JSON"() {
      const pruner = makePruner();
      if (typeof pruner.name !== "string" || pruner.name === "") fail(`a name, but got ${show(pruner.name)}`);
      same(JSON.parse(JSON.stringify(pruner.toJSON())), pruner.toJSON(), "the settings after JSON");
    },

    "lets a trial run that has nobody to be judged by"() {
      const alone = curve(0, "pending", [3, 2, 5, 4, 1e300, 7]);
      for (const decision of decisions(makePruner(), alone, []))
        same(decision, false, "the decision on the only trial");
    },

    "lets a trial run that is ahead of all others at every step"() {
      const best = curve(
        30,
        "pending",
        STEPS.map((step) => -100 - step),
      );
      for (const decision of decisions(makePruner(), best, field(30)))
        same(decision, false, "the decision on the best");
    },

    "decides the same from the same reports, whatever it was asked before"() {
      const used = makePruner();
      for (let k = 0; k < 12; k++) {
        const others = field(20, `field ${k}`);
        const trial = curve(
          20,
          "pending",
          STEPS.map((step) => Math.sin(step * (k + 1)) * 3),
        );
        const first = decisions(makePruner(), trial, others);
        same(decisions(used, trial, others), first, "the decisions of a pruner that was used before");
        same(decisions(used, trial, others), first, "the decisions when asked again");
      }
    },

    "changes nothing that it is given"() {
      const trial = deepFreeze(
        curve(
          20,
          "pending",
          STEPS.map((step) => -step),
        ),
      );
      const trials = deepFreeze(field(20));
      const before = JSON.stringify([trial, trials]);
      decisions(makePruner(), trial, trials);
      same(JSON.stringify([trial, trials]), before, "the request after the decisions");
    },

    "asks neither Math.random nor the time"() {
      const { random } = Math;
      const { now } = Date;
      const forbidden = (): never => fail("no use of Math.random or Date.now");
      Math.random = forbidden;
      Date.now = forbidden;
      try {
        decisions(makePruner(), curve(20, "pending", STEPS), field(20));
      } finally {
        Math.random = random;
        Date.now = now;
      }
    },

    "decides in a moment on a curve of a hundred thousand reports"() {
      const steps = Array.from({ length: 100_000 }, (_, step) => ({ step, value: 1 / (1 + step) }));
      const trial = { ...curve(3, "pending", []), reports: steps };
      const decided = makePruner().shouldPrune(
        requestFor(trial, [{ ...trial, number: 0, state: "completed", loss: 0 }]),
      );
      if (typeof decided !== "boolean") fail(`true or false, but got ${show(decided)}`);
    },
  };
  for (const [name, { trial, trials }] of Object.entries(STRANGE)) {
    checks[`decides on ${name}`] = () => {
      decisions(makePruner(), trial, trials);
    };
  }
  return checks;
}

/** Where a curve reports, when nothing else is said: step i has the i-th loss. */
const STEPS: readonly number[] = Array.from({ length: 28 }, (_, step) => step);

/** A trial that reported these losses at steps 0, 1, 2, …; completed with the last of them, or without a loss. */
function curve(number: number, state: ObservationState, losses: readonly number[]): Observation {
  const reports = losses.map((value, step) => ({ step, value }));
  const loss = state === "completed" || state === "pruned" ? (losses.at(-1) ?? 0) : null;
  return { number, state, params: { x: number }, loss, reports, note: null };
}

/** Noisy curves that fall from about 1, in every state, some of them cut short. */
function field(count: number, seed = "field"): readonly Observation[] {
  const rng = createRng(seed);
  const states: readonly ObservationState[] = ["completed", "completed", "completed", "pruned", "failed", "pending"];
  return Array.from({ length: count }, (_, number) => {
    const state = states[rng.int(states.length)]!;
    const length = state === "completed" ? STEPS.length : rng.int(STEPS.length);
    return curve(
      number,
      state,
      STEPS.slice(0, length).map((step) => 1 / (1 + step) + rng.next()),
    );
  });
}

/** What a study can bring a pruner, with awkward steps and values. */
const STRANGE: Readonly<Record<string, Pick<PruneRequest, "trial" | "trials">>> = {
  "others without a report": {
    trial: curve(3, "pending", [1, 2]),
    trials: [curve(0, "completed", []), curve(1, "failed", []), curve(2, "pending", [])],
  },
  "infinite losses": {
    trial: curve(6, "pending", [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY]),
    trials: [0, 1, 2, 3, 4, 5].map((k) =>
      curve(k, "completed", k % 2 === 0 ? [Infinity, Infinity, -Infinity, 1] : [-Infinity, 0, Infinity, -1]),
    ),
  },
  "losses at the ends of the doubles": {
    trial: curve(6, "pending", [Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324]),
    trials: [0, 1, 2, 3, 4, 5].map((k) =>
      curve(
        k,
        "completed",
        [1, -1, 1].map((sign) => sign * Number.MAX_VALUE),
      ),
    ),
  },
  "equal losses": {
    trial: curve(6, "pending", [1, 1, 1, 1]),
    trials: [0, 1, 2, 3, 4, 5].map((k) => curve(k, "completed", [1, 1, 1, 1])),
  },
  "steps far apart, out of order or beyond 2^52": {
    trial: {
      ...curve(7, "pending", []),
      reports: [5, 1_000_000, 3, Number.MAX_SAFE_INTEGER, 0].map((step) => ({ step, value: 1 })),
    },
    trials: field(7).map((other) => ({ ...other, reports: [{ step: Number.MAX_SAFE_INTEGER, value: 0 }] })),
  },
  "trials that come later": { trial: curve(0, "pending", STEPS), trials: field(12).slice(1) },
};

/** The decision after each of the trial's reports, as a study would ask for them. */
function decisions(pruner: Pruner, trial: Observation, trials: readonly Observation[]): boolean[] {
  return trial.reports.map((_, i) => {
    const decision = pruner.shouldPrune(requestFor({ ...trial, reports: trial.reports.slice(0, i + 1) }, trials));
    if (typeof decision !== "boolean") fail(`true or false, but got ${show(decision)}`);
    return decision;
  });
}

function requestFor(trial: Observation, trials: readonly Observation[]): PruneRequest {
  const rng = createRng(1).fork(trial.number).fork("pruner").fork(trial.reports.at(-1)!.step);
  return { trial, trials, rng };
}

function same(got: unknown, want: unknown, what: string): void {
  if (JSON.stringify(got) !== JSON.stringify(want)) fail(`${what} to be ${show(want)}, but got ${show(got)}`);
}

function fail(expectation: string): never {
  throw new Error(`A pruner conformance check expected ${expectation}.`);
}
