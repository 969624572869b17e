/**
 * What every sampler must do, as a list of checks for any test runner: suggestions that the space contains, the same for the same
 * history and seed, none twice while there is another, and an answer to every history that a study can produce. How good the
 * suggestions are is not checked here.
 */
import { show, ValidationError } from "../errors.ts";
import { createRng } from "../math/rng.ts";
import type { SampleRequest, Sampler } from "../sampler/sampler.ts";
import { boolean, categorical, fixed, ordinal } from "../space/choice.ts";
import { createSpace, list, oneOf } from "../space/declare.ts";
import { float, int } from "../space/numeric.ts";
import type { FlatParams } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import type { History, Observation } from "../trial/history.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { randomCase } from "./random-cases.ts";
import type { ConformanceCheck } from "./storage-conformance.ts";

export interface SamplerConformanceOptions {
  /** Checks that this sampler is not held to, by name, each with the reason. */
  readonly skip?: readonly { readonly check: string; readonly reason: string }[];
  /** Trials in each of the runs with results: 15. More find more, and take longer. */
  readonly trials?: number;
  /** Random spaces with random histories that the sampler must answer: 100. */
  readonly cases?: number;
}

/**
 * The checks for the sampler that `makeSampler` makes, new at each call.
 *
 * @throws ValidationError when `skip` names a check that does not exist
 * @example for (const check of samplerConformance(() => random())) test(check.name, check.run)
 */
export function samplerConformance(
  makeSampler: () => Sampler,
  options: SamplerConformanceOptions = {},
): readonly ConformanceCheck[] {
  const { skip = [], trials = 15, cases = 100 } = options;
  const checks = { ...allChecks(makeSampler, trials), ...caseChecks(makeSampler, cases) };
  for (const { check } of skip) {
    if (!Object.hasOwn(checks, check)) {
      throw new ValidationError(
        `A check to skip must be one of the sampler checks, but got ${show(check)}. They are: ${Object.keys(checks).join("; ")}.`,
      );
    }
  }
  const skipped = new Set(skip.map(({ check }) => check));
  return Object.entries(checks)
    .filter(([name]) => !skipped.has(name))
    .map(([name, check]) => ({ name, run: async () => check() }));
}

function allChecks(makeSampler: () => Sampler, trials: number): Readonly<Record<string, () => void>> {
  const checks: Record<string, () => void> = {
    "has a name and settings that survive JSON"() {
      const sampler = makeSampler();
      if (typeof sampler.name !== "string" || sampler.name === "") fail(`a name, but got ${show(sampler.name)}`);
      same(JSON.parse(JSON.stringify(sampler.toJSON())), sampler.toJSON(), "the settings after JSON");
    },

    "suggests the same for the same history and seed, whatever the sampler was asked before"() {
      for (const space of [SPACES.kinds, SPACES.conditional]) {
        const used = makeSampler();
        const { history } = run(used, space, 8, bowl);
        ask(used, SPACES.line, [], 99);
        for (const length of [0, 1, 3, 8]) {
          const before = history.slice(0, length);
          const first = ask(makeSampler(), space, before, 5);
          same(
            ask(used, space, before, 5),
            first,
            `the suggestion after ${length} trials by a sampler that was used before`,
          );
        }
      }
    },

    "changes nothing that it is given, and leaves the study's stream where it was"() {
      const { history } = run(makeSampler(), SPACES.conditional, 10, bowl);
      const space = deepFreeze(conditionalSpace());
      const request = requestFor(space, deepFreeze(structuredClone(history)), 3);
      const before = JSON.stringify([request.trials, space, request.studyRng.state()]);
      makeSampler().sample(request);
      same(JSON.stringify([request.trials, space, request.studyRng.state()]), before, "the request after sampling");
    },

    "asks neither Math.random nor the time"() {
      const { random } = Math;
      const { now } = Date;
      const forbidden = (): never => fail("no use of Math.random or Date.now");
      Math.random = forbidden;
      Date.now = forbidden;
      try {
        run(makeSampler(), SPACES.kinds, 8, bowl);
      } finally {
        Math.random = random;
        Date.now = now;
      }
    },

    "suggests every configuration of a finite space once, and then nothing"() {
      for (const name of ["bits", "branches", "dots", "doubles", "ordered"] as const) {
        const space = SPACES[name];
        for (const outcome of [bowl, failing, pending]) {
          const sampler = makeSampler();
          const { history } = run(sampler, space, space.size, outcome);
          const keys = new Set(history.map((trial) => space.key(trial.params)));
          if (keys.size !== space.size) {
            fail(
              `${space.size} different configurations of the space "${name}", but got ${keys.size} in as many trials`,
            );
          }
          const more = sampler.sample(requestFor(space, history, 1));
          if (more !== null) fail(`null when the space is exhausted, but got ${show(more.params)}`);
        }
      }
    },

    "suggests the only configuration of a space of fixed values, and then nothing"() {
      const { history } = run(makeSampler(), SPACES.single, 1, bowl);
      same(history[0]!.params, { a: "only", b: 3 }, "the suggestion");
      same(makeSampler().sample(requestFor(SPACES.single, history, 1)), null, "the suggestion after it");
    },

    "finds what is left when a history already has nearly all of a finite space"() {
      const space = SPACES.branches;
      const { history } = run(makeSampler(), space, space.size, bowl);
      for (const missing of [0, 7, space.size - 1]) {
        const others = history
          .filter((trial) => trial.number !== missing)
          .map((trial, number) => ({ ...trial, number }));
        same(ask(makeSampler(), space, others, 4), history[missing]!.params, "the one configuration left");
      }
    },

    "repeats nothing where results pull all suggestions to one place"() {
      for (const name of ["line", "integers", "conditional", "constrained"] as const) {
        const space = SPACES[name];
        const { history } = run(makeSampler(), space, trials, towardsFirst);
        const keys = new Set(history.map((trial) => space.key(trial.params)));
        if (keys.size < history.length)
          fail(`${history.length} different configurations in "${name}", but got ${keys.size}`);
      }
    },

    "gives trials that run at the same time different configurations"() {
      for (const name of ["integers", "conditional"] as const) {
        const { history } = run(makeSampler(), SPACES[name], 10, (params, number) =>
          number < 4 ? bowl(params, number) : pending(params, number),
        );
        const keys = new Set(history.map((trial) => SPACES[name].key(trial.params)));
        if (keys.size < 10) fail(`10 different configurations in "${name}", 6 of them pending, but got ${keys.size}`);
      }
    },

    "takes a history from before a parameter was added, or from when there was another"() {
      const history: Observation[] = [1, 2, 3, 4, 5, 6, 7].map((x, number) => ({
        ...bowl({}, number),
        params: number % 2 === 0 ? { x } : { x, gone: "yes" },
      }));
      for (const outcome of [history, history.slice(0, 1)]) {
        ask(makeSampler(), createSpace({ x: int(1, 50), y: float(0, 1), z: categorical(["a", "b"]) }), outcome, 2);
      }
    },

    "copes with a thousand parameters after five trials"() {
      const spec = Object.fromEntries(Array.from({ length: 1000 }, (_, j) => [`x${j}`, float(-1, 1, { step: 0.5 })]));
      run(makeSampler(), createSpace(spec), 6, bowl);
    },

    "copes with a choice among a hundred thousand"() {
      const choices = Array.from({ length: 100_000 }, (_, i) => `choice ${i}`);
      run(makeSampler(), createSpace({ choice: categorical(choices), x: float(0, 1, { step: 0.1 }) }), 8, bowl);
    },
  };
  for (const [name, space] of Object.entries(SPACES)) {
    checks[`stays inside its space, active parameters only: ${name}`] = () => {
      run(makeSampler(), space, Math.min(trials, space.size), bowl);
    };
    if (makeSampler().sampleAhead === undefined) continue;
    checks[`suggests ahead, if at all, what it suggests when the trials are known: ${name}`] = () => {
      const { history } = run(makeSampler(), space, Math.min(trials, space.size), bowl);
      for (const { number, params, note } of history) {
        const { trials: _, ...request } = requestFor(space, history.slice(0, number), 1);
        const ahead = makeSampler().sampleAhead?.({ ...request, number }) ?? null;
        if (ahead === null) continue;
        same([ahead.params, ahead.note ?? null], [params, note], `trial ${number}, suggested ahead`);
      }
    };
  }
  for (const [name, outcome] of Object.entries(DEGENERATE)) {
    checks[`answers a history of ${name}`] = () => {
      for (const space of [SPACES.kinds, SPACES.conditional]) {
        const history = scattered(space, 12, outcome);
        for (const length of [1, 2, 7, 12]) ask(makeSampler(), space, history.slice(0, length), 11);
      }
    };
  }
  checks["answers a history of points a hair apart"] = () => {
    const space = createSpace({ x: float(0, 1), y: float(1, 1000, { log: true }) });
    const near = Array.from({ length: 12 }, (_, number) => ({
      ...bowl({}, number),
      params: { x: 0.5 + number * 1e-15, y: 10 * (1 + number * 1e-15) },
    }));
    for (const length of [2, 6, 12]) ask(makeSampler(), space, near.slice(0, length), 13);
    const twice = near.map((trial) => ({ ...trial, params: { x: 0.5, y: 10 } }));
    ask(makeSampler(), space, twice, 14);
  };
  return checks;
}

/** Checks over many histories at once. */
function caseChecks(makeSampler: () => Sampler, cases: number): Readonly<Record<string, () => void>> {
  return {
    "answers random histories of random spaces: valid, the same twice, nothing that was tried while there is another"() {
      for (let number = 0; number < cases; number++) {
        try {
          answerCase(makeSampler, number);
        } catch (error) {
          throw new Error(`Random case ${number}: ${(error as Error).message}`, { cause: error });
        }
      }
    },

    "suggests the same where all losses are scaled by 1e±150 or shifted by 1e12"() {
      // Powers of two and whole numbers, so that no loss is rounded.
      const changes: readonly ((loss: number) => number)[] = [
        (loss) => loss * SCALE,
        (loss) => loss / SCALE,
        (loss) => loss + 1e12,
      ];
      for (const space of [SPACES.kinds, SPACES.conditional, SPACES.line]) {
        const history = scattered(space, 9, (params, number) =>
          observation(params, number, "completed", 3 + ((number * 7) % 9)),
        );
        const suggestion = ask(makeSampler(), space, history, 21);
        for (const change of changes) {
          const changed = history.map((trial) => ({ ...trial, loss: change(trial.loss!) }));
          same(ask(makeSampler(), space, changed, 21), suggestion, "the suggestion after a change of unit");
        }
      }
    },

    "answers a history of ten thousand trials"() {
      for (const space of [SPACES.kinds, SPACES.conditional]) {
        ask(makeSampler(), space, scattered(space, 10_000, bowl), 22);
      }
    },
  };
}

/** About 1e150. */
const SCALE = Number(2n ** 498n);

function answerCase(makeSampler: () => Sampler, number: number): void {
  const { space, trials } = randomCase(number);
  const request = () => requestFor(space, trials, number);
  const suggestion = makeSampler().sample(request());
  const again = makeSampler().sample(request());
  same(again?.params, suggestion?.params, "the same suggestion from the same request");
  const seen = new Set(trials.map((trial) => space.key(trial.params)));
  if (suggestion === null) {
    // Trials of a history may break a constraint, and then do not count.
    const tried = new Set(
      trials.filter(({ params }) => space.isFeasible(params)).map(({ params }) => space.key(params)),
    );
    if (tried.size < space.size) fail(`a suggestion with ${tried.size} of ${space.size} configurations tried`);
    return;
  }
  checkParams(space, suggestion.params);
  if (seen.has(space.key(suggestion.params))) fail(`a new configuration, but got ${show(suggestion.params)} again`);
}

/** Where suggestions must be valid: each kind with its edges, conditions, and the shapes that finite searches end in. */
const SPACES = {
  kinds: createSpace({
    linear: float(-5, 10, { step: 2.5 }),
    learningRate: float(1e-6, 1, { log: true, default: 1e-3 }),
    dropout: float(0, 0.5, { step: 0.1 }),
    decay: float(1e-3, 1, { log: true, step: 0.001 }),
    units: int(20, 60, { step: 10 }),
    depth: int(1, 1024, { log: true }),
    activation: categorical(["relu", "tanh", "gelu"]),
    mixed: categorical([null, 0, "0", false]),
    batch: ordinal([16, 32, 64, 128]),
    bias: boolean({ default: true }),
    epochs: fixed(30),
  }),
  conditional: conditionalSpace(),
  line: createSpace({ x: float(0, 1) }),
  extremes: createSpace({
    huge: float(-8e307, 8e307),
    tiny: float(1e-300, 1e300, { log: true }),
    wide: int(-1_000_000_000_000_000, 1_000_000_000_000_000),
    narrow: float(1, 1.0000000000000004),
    one: int(7, 7),
  }),
  integers: createSpace({ a: int(-3, 30), b: int(0, 40) }),
  bits: createSpace({ a: boolean(), b: boolean(), c: categorical(["x", "y", "z"]) }),
  branches: createSpace({
    kind: oneOf({
      none: {},
      some: { size: int(1, 3) },
      more: { size: int(1, 3), deep: oneOf({ no: {}, yes: { d: boolean() } }) },
    }),
    layers: list({ wide: boolean() }, { min: 0, max: 1 }),
  }),
  dots: createSpace({ x: int(0, 19) }),
  doubles: createSpace({ x: float(1, 1.0000000000000004), y: float(1e9, 1000000000.0000002, { log: true }) }),
  ordered: createSpace({ low: int(1, 5), high: int(1, 5), wide: boolean() })
    .constrain((p) => p.low <= p.high, { name: "low <= high" })
    .constrain((p) => p.wide || p.high < 5, { name: "five is wide" }),
  constrained: createSpace({
    a: float(0, 1),
    b: float(0, 1, { step: 0.1 }),
    way: oneOf({ fast: { rate: float(1e-3, 1, { log: true }) }, slow: {} }),
  })
    .constrain((p) => p.a + p.b <= 0.7, { name: "a + b <= 0.7" })
    .constrain((p) => p.way.kind === "slow" || p.way.rate <= p.a, { name: "rate <= a" }),
  single: createSpace({ a: fixed("only"), b: int(3, 3) }),
} as const satisfies Record<string, Space>;

function conditionalSpace(): Space {
  return createSpace({
    model: { layers: list({ units: int(16, 256, { log: true }), dropout: float(0, 0.5) }, { min: 0, max: 3 }) },
    optimizer: oneOf({
      sgd: { lr: float(1e-4, 1, { log: true }), momentum: float(0, 0.99), nesterov: boolean() },
      adam: { lr: float(1e-5, 1e-1, { log: true }) },
      none: {},
    }),
    batch: ordinal([16, 32, 64]),
  });
}

/** What a trial comes to. */
type Outcome = (params: FlatParams, number: number) => Observation;

function observation(
  params: FlatParams,
  number: number,
  state: Observation["state"],
  loss: number | null,
): Observation {
  return { number, state, params, loss, reports: [], note: null };
}

/** A loss that depends on every parameter: smooth in numbers, a level for each choice. */
const bowl: Outcome = (params, number) => {
  let loss = 0;
  for (const [name, value] of Object.entries(params)) {
    const v = typeof value === "number" ? value : String(value).length;
    loss += Math.atan(Math.abs(v) / (1 + name.length)) - 0.1;
  }
  return observation(params, number, "completed", loss + number * 1e-3);
};
/** The first trial is by far the best, so that a greedy sampler returns to it. */
const towardsFirst: Outcome = (params, number) => observation(params, number, "completed", number === 0 ? -100 : 1);
const failing: Outcome = (params, number) => observation(params, number, "failed", null);
const pending: Outcome = (params, number) => observation(params, number, "pending", null);

function completing(loss: (number: number) => number): Outcome {
  return (params, number) => observation(params, number, "completed", loss(number));
}

const DEGENERATE: Readonly<Record<string, Outcome>> = {
  "equal losses": completing(() => 0.25),
  "losses of zero and minus zero": completing((number) => (number % 2 === 0 ? 0 : -0)),
  "losses of ±1e300": completing((number) => (number % 2 === 0 ? 1e300 : -1e300)),
  "losses at the ends of the doubles": completing((number) => (number % 2 === 0 ? 1 : -1) * Number.MAX_VALUE),
  "losses of 1e-320": completing((number) => number * 1e-320),
  "losses that differ in the last digit": completing((number) => 1 + number * Number.EPSILON),
  "losses of 1e12 and a little": completing((number) => 1e12 + 1e-3 * number),
  "one loss far from the others": completing((number) => (number === 5 ? 1e200 : number / 100)),
  "failures only": failing,
  "pending trials only": pending,
  "pruned trials only, without a report": (params, number) => observation(params, number, "pruned", null),
  "pruned trials only": (params, number) => ({
    ...observation(params, number, "pruned", number),
    reports: [{ step: 1, value: number }],
  }),
  "every state in turn": (params, number) =>
    [bowl, failing, pending, (p: FlatParams, k: number) => observation(p, k, "pruned", k)][number % 4]!(params, number),
  "one result among failures": (params, number) => (number === 3 ? bowl(params, number) : failing(params, number)),
  "results with variances": (params, number) => ({
    ...bowl(params, number),
    variance: number % 3 === 0 ? 0 : 0.01 * number,
  }),
  "variances as large as doubles can be": (params, number) => ({ ...bowl(params, number), variance: 1e300 }),
};

/** Asks for `count` trials one after another and gives each its outcome; every suggestion is checked. */
function run(sampler: Sampler, space: Space, count: number, outcome: Outcome): { readonly history: History } {
  const history: Observation[] = [];
  for (let number = 0; number < count; number++) {
    const suggestion = sampler.sample(requestFor(space, [...history], 1));
    if (suggestion === null) fail(`a suggestion for trial ${number} of ${count}, but got null`);
    checkParams(space, suggestion.params);
    const note = suggestion.note ?? null;
    same(JSON.parse(JSON.stringify(note)), note, "the note after JSON");
    history.push({ ...outcome(suggestion.params, number), note });
  }
  return { history };
}

/** A history of configurations drawn at random, each with its outcome. */
function scattered(space: Space, count: number, outcome: Outcome): History {
  const rng = createRng("scattered");
  return Array.from({ length: count }, (_, number) =>
    outcome(
      space.build((dimension) => dimension.parameter.decode(rng.next())),
      number,
    ),
  );
}

function ask(sampler: Sampler, space: Space, history: History, seed: number): FlatParams {
  const suggestion = sampler.sample(requestFor(space, history, seed));
  if (suggestion === null) fail(`a suggestion after ${history.length} trials, but got null`);
  checkParams(space, suggestion.params);
  return suggestion.params;
}

function requestFor(space: Space, trials: History, seed: number): SampleRequest {
  const studyRng = createRng(seed);
  return { space, trials, rng: studyRng.fork(trials.length), studyRng };
}

/** Bounds, grids, activity and types are the space's own rules; −0 is the one number that they let through and text would lose. */
function checkParams(space: Space, params: FlatParams): void {
  space.check(params);
  for (const [name, value] of Object.entries(params)) {
    if (Object.is(value, -0)) fail(`0 for ${show(name)}, but got -0`);
  }
  const back = space.flatten(space.nest(params));
  same(space.key(back), space.key(params), "the params, nested and flattened again");
}

function same(got: unknown, want: unknown, what: string): void {
  if (JSON.stringify(got) !== JSON.stringify(want)) fail(`${what} to be ${show(want)}, but got ${show(got)}`);
}

function fail(expectation: string): never {
  throw new Error(`A sampler conformance check expected ${expectation}.`);
}
