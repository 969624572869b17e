/**
 * What every storage must do, as a list of checks for any test runner. A check makes a storage of its own, throws an error
 * that says what was expected where the storage differs, and closes what it opened.
 */
import {
  BudgetSpentError,
  DuplicateError,
  NotFoundError,
  StorageError,
  show,
  TrialFinishedError,
  ValidationError,
} from "../errors.ts";
import { createRng, type Rng } from "../math/rng.ts";
import type { FlatParams } from "../space/parameter.ts";
import {
  type Attempt,
  LEASES,
  type Owner,
  type Storage,
  type StoredStudy,
  type StudyDefinition,
  type TrialChanges,
  type TrialDraft,
  type TrialOutcome,
} from "../storage/storage.ts";
import type { FrozenTrial, Json, Report } from "../trial/trial.ts";

export interface ConformanceCheck {
  /** A sentence about the storage. */
  readonly name: string;
  /** Rejects where the sentence is not true. */
  run(): Promise<void>;
}

export interface StorageConformanceOptions {
  /** Draws the doubles and the interleavings that are tried; by default the same at each run. */
  readonly rng?: Rng;
}

/**
 * The checks for the storage that `makeStorage` makes, new and empty at each call. Those of `createNext` pass where a storage leaves it out.
 *
 * @example for (const check of storageConformance(() => memory())) test(check.name, check.run)
 */
export function storageConformance(
  makeStorage: () => Storage | Promise<Storage>,
  options: StorageConformanceOptions = {},
): readonly ConformanceCheck[] {
  const { rng = createRng("storage conformance") } = options;
  return Object.entries(CHECKS).map(([name, check]) => ({
    name,
    async run() {
      const storage = await makeStorage();
      try {
        const study = await storage.createStudy(DEFINITION);
        await check({ storage, study, owner: storage.newOwner(), rng: rng.fork(name) });
      } finally {
        await storage.close();
      }
    },
  }));
}

/** What a check works on. */
interface Bench {
  readonly storage: Storage;
  /** Made of `DEFINITION`, without trials. */
  readonly study: StoredStudy;
  readonly owner: Owner;
  readonly rng: Rng;
}

const DEFINITION: StudyDefinition = {
  name: "study",
  direction: "maximize",
  space: [{ name: "x", parameter: { type: "float", low: -1, high: 1, log: false } }],
  seed: 7,
  attributes: { note: "first", nested: { list: [1, "two", null, true] } },
  createdAt: 1_760_000_000_123.5,
};

const OUTCOME: TrialOutcome = { state: "completed", value: 0.25, metrics: {}, error: null, finishedAt: 2000 };

const EMPTY_TRIAL: FrozenTrial = {
  number: 0,
  state: "completed",
  attempt: 0,
  params: { x: 0.5 },
  value: null,
  metrics: {},
  reports: [],
  attributes: {},
  note: null,
  error: null,
  startedAt: null,
  finishedAt: null,
};
const REPORT: Report = { step: 1, value: 0.5 };

const HOSTILE_NAMES: readonly string[] = [
  "'; drop table studies; --",
  '"quoted" `ticked` [braced] %_?',
  "naïve 日本語 🧪👩‍🔬",
  "\u202Eright to left",
  "line\nbreak\ttab\u0001",
  "<img src=x onerror=alert(1)>",
  "=cmd|' /C calc'!A0",
  "../../etc/passwd",
  "__proto__",
  "constructor",
  "CaseTwin",
  "casetwin",
  " ",
  "e\u0301",
  "\u00e9",
  "long ".repeat(51),
];

const CHECKS: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  async "a study comes back as it was given"({ storage, study }) {
    same({ ...study, id: "" }, { ...DEFINITION, id: "", budget: {}, leases: LEASES }, "the study created");
    const definition = {
      ...DEFINITION,
      name: "bounded",
      budget: { trials: 3, cost: 0.1, wallMs: 1e9 },
      leases: { graceMs: 0.5, retries: 7 },
    };
    const bounded = await storage.createStudy(definition);
    same({ ...bounded, id: "" }, { ...definition, id: "" }, "a study with a budget and leases");
    same(await storage.findStudy("study"), study, "the study found by name");
    const text = await storage.createStudy({ ...DEFINITION, name: "text seed", seed: "7", direction: "minimize" });
    same((await storage.findStudy("text seed"))?.seed, "7", "a seed that is a string");
    same(text.direction, "minimize", "the direction");
  },

  async "a study's name is unique"({ storage, study }) {
    await fails(storage.createStudy({ ...DEFINITION, direction: "minimize" }), DuplicateError, "a taken name");
    same(await storage.findStudy("study"), study, "the study that had the name");
  },

  async "any well-formed name is kept as it is"({ storage, study }) {
    for (const name of HOSTILE_NAMES) await storage.createStudy({ ...DEFINITION, name });
    for (const name of HOSTILE_NAMES) same((await storage.findStudy(name))?.name, name, "the name");
    const names = (await storage.listStudies()).map((it) => it.name);
    same(names, [study.name, ...HOSTILE_NAMES], "the names listed");
  },

  async "a name that some database could not keep is refused"({ storage, study }) {
    for (const name of ["", "nul\0byte", "lone \ud800 surrogate", "x".repeat(257)]) {
      await fails(storage.createStudy({ ...DEFINITION, name }), ValidationError, `the name ${show(name)}`);
    }
    same(await storage.listStudies(), [study], "the studies listed");
  },

  async "what does not exist is null by name and NotFoundError by id"({ storage, study, owner }) {
    same(await storage.findStudy("nobody"), null, "an unknown name");
    for (const id of ["", "nobody", "0", "999", `${study.id}x`, "1e0"]) {
      if (id === study.id) continue;
      await fails(storage.trialsSince(id, 0), NotFoundError, `trialsSince of study ${show(id)}`);
      await fails(storage.createTrial(id, draft(0, owner)), NotFoundError, `createTrial in study ${show(id)}`);
      await fails(storage.updateStudy(id, {}), NotFoundError, `updateStudy of study ${show(id)}`);
      await fails(storage.deleteStudy(id), NotFoundError, `deleteStudy of study ${show(id)}`);
      await fails(storage.sweep(id), NotFoundError, `sweep of study ${show(id)}`);
      await fails(storage.leases(id), NotFoundError, `leases of study ${show(id)}`);
      await fails(storage.attempts(id), NotFoundError, `attempts of study ${show(id)}`);
    }
    const claim = { owner, params: {}, note: null, startedAt: 0 };
    for (const number of [0, -1, 1.5, Number.NaN]) {
      await fails(storage.claimTrial(study.id, { ...claim, number }), NotFoundError, `claimTrial of ${number}`);
      await fails(storage.reportTrial(study.id, number, [{ step: 0, value: 0 }]), NotFoundError, `report to ${number}`);
      await fails(storage.setTrialAttribute(study.id, number, "a", 1), NotFoundError, `attribute of ${number}`);
      await fails(storage.finishTrial(study.id, number, OUTCOME), NotFoundError, `finishTrial of ${number}`);
      await fails(storage.releaseTrial(study.id, number, 1), NotFoundError, `releaseTrial of ${number}`);
    }
  },

  async "a deleted study is gone with its trials, and its id is not given again"({ storage, study, owner }) {
    await storage.createTrial(study.id, draft(0, owner));
    await storage.reportTrial(study.id, 0, [{ step: 0, value: 1 }]);
    await storage.deleteStudy(study.id);
    same(await storage.findStudy("study"), null, "the study");
    await fails(storage.trialsSince(study.id, 0), NotFoundError, "its trials");
    const again = await storage.createStudy(DEFINITION);
    if (again.id === study.id) throw new Error(`A new study got the id ${study.id} of a deleted one.`);
    same((await storage.trialsSince(again.id, 0)).trials, [], "the trials of a new study with the same name");
  },

  async "a study's space is replaced and its attributes are added to"({ storage, study }) {
    const space = [...DEFINITION.space, { name: "y", parameter: { type: "boolean" } }];
    await storage.updateStudy(study.id, { space });
    await storage.updateStudy(study.id, { attributes: { note: "second", more: [] } });
    const attributes = { ...DEFINITION.attributes, note: "second", more: [] };
    same(await storage.findStudy("study"), { ...study, space, attributes }, "the study");
  },

  async "a trial comes back as it was drafted"({ storage, study, owner }) {
    const running = { ...draft(0, owner), attributes: { a: 1 }, note: { scales: [0.5, 2] } };
    const waiting: TrialDraft = { ...draft(1, null), state: "waiting", startedAt: null };
    const fresh = { value: null, metrics: {}, reports: [], error: null, finishedAt: null };
    const expected = [running, waiting].map(({ owner, ...trial }) => ({
      ...trial,
      ...fresh,
      attempt: owner === null ? 0 : 1,
    }));
    same(await storage.createTrial(study.id, running), expected[0], "the running trial");
    same(await storage.createTrial(study.id, waiting), expected[1], "the waiting trial");
    same((await storage.trialsSince(study.id, 0)).trials, expected, "the trials read");
  },

  async "a taken number creates nothing and one that leaves a gap is refused"({ storage, study, owner }) {
    const first = await storage.createTrial(study.id, draft(0, owner));
    const before = await storage.trialsSince(study.id, 0);
    same(await storage.createTrial(study.id, draft(0, owner, { x: 1 })), null, "a second trial 0");
    for (const number of [2, -1, 0.5, Number.NaN]) {
      await fails(
        storage.createTrial(study.id, draft(number, owner)),
        ValidationError,
        `trial ${number} after trial 0`,
      );
    }
    same(await storage.trialsSince(study.id, 0), before, "the changes after refusals");
    same(before.trials, [first], "the trials");
  },

  async "eight writers at once get unique numbers without gaps"({ storage, study }) {
    const created: FrozenTrial[] = [];
    const write = async (owner: Owner) => {
      for (let mine = 0; mine < 10; ) {
        const { trials } = await storage.trialsSince(study.id, 0);
        const trial = await storage.createTrial(study.id, draft(trials.length, owner, { x: mine }));
        if (trial === null) continue;
        created.push(trial);
        mine++;
      }
    };
    await Promise.all(Array.from({ length: 8 }, () => write(storage.newOwner())));
    created.sort((a, b) => a.number - b.number);
    const numbers = created.map((trial) => trial.number);
    same(numbers, [...Array(80).keys()], "the numbers");
    same((await storage.trialsSince(study.id, 0)).trials, created, "the trials, each as its writer was given it");
  },

  async "a draft with plans ahead makes the next trial with the plan of its number, or none"({
    storage,
    study,
    owner,
  }) {
    const plan = (x: number) => ({ params: { x, name: `"\\\u0000 ${x}` }, note: [x, "\n\ud800"] });
    const ahead = (number: number, ...xs: readonly number[]): TrialDraft => {
      const [first, ...rest] = xs.map(plan);
      return { ...draft(number, owner), ...first, ahead: rest };
    };
    const made = async (drafted: TrialDraft) => {
      const trial = await storage.createTrial(study.id, drafted);
      return trial === null ? null : [trial.number, trial.params, trial.note];
    };
    const planned = (number: number, x: number) => [number, plan(x).params, plan(x).note];
    same(await made(ahead(0, 10, 11, 12)), planned(0, 10), "the first of three plans");
    same(await made(ahead(0, 10, 11, 12)), planned(1, 11), "the second");
    const third = { ...ahead(0, 10, -0, Number.NEGATIVE_INFINITY), call: "third" };
    same(await made(third), planned(2, Number.NEGATIVE_INFINITY), "the third");
    same(await made(third), planned(2, Number.NEGATIVE_INFINITY), "the same call again");
    same(await made(ahead(0, 10, 11, 12)), null, "a trial without a plan");
    for (const number of [4, -1, -2, 0.5, 2 ** 31, 2 ** 31 - 1]) {
      await fails(storage.createTrial(study.id, ahead(number, 1, 2, 3, 4)), ValidationError, `trial ${number} after 2`);
    }
    await storage.updateStudy(study.id, { budget: { trials: 3 } });
    await fails(storage.createTrial(study.id, ahead(2, 12, 13)), BudgetSpentError, "a plan over the budget");
    same(await storage.createTrial(study.id, ahead(0, 10, 11, 12)), null, "no plan, over the budget");
    const { trials } = await storage.trialsSince(study.id, 0);
    const read = trials.map((trial) => [trial.number, trial.params, trial.note]);
    same(read, [planned(0, 10), planned(1, 11), planned(2, Number.NEGATIVE_INFINITY)], "the trials read");
  },

  async "a trial made in a line follows from what changed since a revision, or is not made"({ storage, study, owner }) {
    if (storage.createNext === undefined) return;
    await storage.createTrial(study.id, draft(0, owner));
    const { revision } = await storage.trialsSince(study.id, 0);
    await storage.createTrial(study.id, draft(1, owner));
    await storage.reportTrial(study.id, 1, [REPORT]);
    const changes = await storage.trialsSince(study.id, revision);
    const given: TrialDraft = { ...draft(2, owner, { x: 2 }), note: [2], attributes: { a: 1 } };
    let told: TrialChanges | undefined;
    const created = await storage.createNext(study.id, revision, (changes) => {
      told = changes;
      return given;
    });
    same(told, changes, "what the draft was told");
    const { owner: _, ...content } = given;
    same(created, { ...EMPTY_TRIAL, ...content, attempt: 1 }, "the trial created");
    same(await trialOf(storage, study, 2), created, "the trial read");
    const leased = (await storage.leases(study.id)).map((it) => `${it.number} ${it.attempt} ${it.owner === owner}`);
    same(leased, ["0 1 true", "1 1 true", "2 1 true"], "the leases");

    const before = await storage.trialsSince(study.id, 0);
    same(await storage.createNext(study.id, before.revision, () => null), null, "no trial");
    same(await storage.createNext(study.id, before.revision, () => draft(2, owner)), null, "a trial of a taken number");
    const gap = storage.createNext(study.id, before.revision, () => draft(4, owner));
    await fails(gap, ValidationError, "trial 4 after trial 2");
    same(await storage.trialsSince(study.id, 0), before, "what is there after these");
    const waiting = await storage.createNext(study.id, before.revision, ({ trials }) => ({
      ...draft(3 + trials.length, null),
      state: "waiting",
      startedAt: null,
    }));
    same([waiting?.number, waiting?.state, waiting?.attempt], [3, "waiting", 0], "a trial that waits");

    await storage.updateStudy(study.id, { budget: { trials: 4 } });
    const over = storage.createNext(study.id, before.revision, () => draft(4, owner));
    await fails(over, BudgetSpentError, "a trial over the budget");
    for (const id of ["nobody", "0", `${study.id}x`]) {
      const made = storage.createNext(id, 0, () => {
        throw new Error(`A trial was drafted for study ${show(id)}.`);
      });
      await fails(made, NotFoundError, `createNext in study ${show(id)}`);
    }
  },

  async "whoever makes trials in a line knows those of all before, whatever is told beside"({ storage, study }) {
    const { createNext } = storage;
    if (createNext === undefined) return;
    const created: FrozenTrial[] = [];
    const write = async (owner: Owner) => {
      const view: FrozenTrial[] = [];
      let revision = 0;
      for (let mine = 0; mine < 10; mine++) {
        const trial = await createNext.call(storage, study.id, revision, (changes) => {
          for (const changed of changes.trials) view[changed.number] = changed;
          ({ revision } = changes);
          same(view.filter(() => true).length, view.length, "the trials known, of as many as there are");
          return draft(view.length, owner, { x: mine });
        });
        same(trial?.number, view.length, "the trial created after those known");
        created.push(trial!);
        await storage.finishTrial(study.id, trial!.number, OUTCOME, { attempt: 1 });
      }
    };
    await Promise.all(Array.from({ length: 8 }, () => write(storage.newOwner())));
    const numbers = created.map(({ number }) => number).sort((a, b) => a - b);
    same(numbers, [...Array(80).keys()], "the numbers");
    const { trials } = await storage.trialsSince(study.id, 0);
    const owned = created.toSorted((a, b) => a.number - b.number).map(({ params }) => params);
    same(
      trials.map(({ params }) => params),
      owned,
      "the params, each as its writer was given them",
    );
  },

  async "a waiting trial is claimed once"({ storage, study }) {
    await storage.createTrial(study.id, { ...draft(0, null, { x: 0.5 }), state: "waiting", startedAt: null });
    const claims = Array.from({ length: 8 }, (_, i) =>
      storage.claimTrial(study.id, {
        number: 0,
        owner: storage.newOwner(),
        params: { x: i },
        note: i,
        startedAt: 1000 + i,
      }),
    );
    const claimed = (await Promise.all(claims)).filter((trial) => trial !== null);
    same(claimed.length, 1, "the number of claims that succeeded");
    const { state, params, note, startedAt } = claimed[0]!;
    same([state, params, startedAt], ["running", { x: note }, 1000 + Number(note)], "the trial claimed");
    same((await storage.trialsSince(study.id, 0)).trials, claimed, "the trial read");
  },

  async "reports are appended in order while the trial runs"({ storage, study, owner }) {
    await storage.createTrial(study.id, draft(0, owner));
    await storage.createTrial(study.id, { ...draft(1, null), state: "waiting", startedAt: null });
    const reports = [3, 1, 2, 0.5].map((step, i) => ({ step, value: [Number.NaN, -0, 1 / 3, -Infinity][i]! }));
    same(await storage.reportTrial(study.id, 0, reports.slice(0, 1)), true, "whether a report was taken");
    same(await storage.reportTrial(study.id, 0, reports.slice(1)), true, "whether reports were taken together");
    await storage.reportTrial(study.id, 0, [{ step: 1, value: 7 }]);
    await fails(
      storage.reportTrial(study.id, 1, [{ step: 0, value: 0 }]),
      ValidationError,
      "a report to a waiting trial",
    );
    const { trial: finished } = await storage.finishTrial(study.id, 0, OUTCOME);
    same(finished.reports, reports, "the reports, those of a step that was there left out");
    await fails(storage.reportTrial(study.id, 0, [{ step: 9, value: 0 }]), TrialFinishedError, "a late report");
    same((await trialOf(storage, study, 0)).reports, reports, "the reports read");
  },

  async "an outcome is kept whole"({ storage, study, owner }) {
    const outcomes: TrialOutcome[] = [
      { ...OUTCOME, standardError: 0.01, cost: 12.5, metrics: { auc: 0.9, loss: Number.NaN }, params: { y: "chosen" } },
      { ...OUTCOME, state: "failed", value: null, error: { message: "boom", stack: "Error: boom\n  at x" } },
      { ...OUTCOME, state: "failed", value: null, error: { message: "no \ud800 stack" } },
      { ...OUTCOME, state: "pruned", value: -1 },
      { ...OUTCOME, state: "pruned", value: null },
    ];
    for (const [number, outcome] of outcomes.entries()) {
      const trial = await storage.createTrial(study.id, draft(number, owner));
      const expected = { ...trial, ...outcome };
      same((await storage.finishTrial(study.id, number, outcome)).trial, expected, "the finished trial");
      same(await trialOf(storage, study, number), expected, "the trial read");
    }
  },

  async "a waiting trial can be finished"({ storage, study }) {
    await storage.createTrial(study.id, { ...draft(0, null), state: "waiting", startedAt: null });
    const { trial } = await storage.finishTrial(study.id, 0, OUTCOME);
    same([trial.state, trial.startedAt], ["completed", null], "its state and start");
  },

  async "a final trial changes no more, save its attributes"({ storage, study, owner }) {
    const states = ["completed", "pruned", "failed"] as const;
    for (const [number, state] of states.entries()) {
      await storage.createTrial(study.id, draft(number, owner));
      const { trial: final } = await storage.finishTrial(study.id, number, { ...OUTCOME, state });
      const { revision } = await storage.trialsSince(study.id, 0);
      for (const outcome of [OUTCOME, { ...OUTCOME, state: "failed" as const }]) {
        await fails(storage.finishTrial(study.id, number, outcome), TrialFinishedError, `telling a ${state} trial`);
      }
      await fails(storage.reportTrial(study.id, number, [{ step: 0, value: 0 }]), TrialFinishedError, "a report");
      const claim = { owner, params: {}, note: null, startedAt: 0 };
      same(await storage.claimTrial(study.id, { ...claim, number }), null, "a claim");
      await storage.releaseTrial(study.id, number, 1);
      same(await storage.trialsSince(study.id, revision), { trials: [], revision }, "the changes since it ended");
      await storage.setTrialAttribute(study.id, number, "seen", true);
      same(await trialOf(storage, study, number), { ...final, attributes: { seen: true } }, "the trial");
    }
  },

  async "a NaN result or a cost below 0 is refused and the trial runs on"({ storage, study, owner }) {
    const trial = await storage.createTrial(study.id, draft(0, owner));
    await fails(storage.finishTrial(study.id, 0, { ...OUTCOME, cost: -Infinity }), ValidationError, "a cost below 0");
    for (const key of ["value", "standardError", "cost"]) {
      const outcome = { ...OUTCOME, [key]: Number.NaN };
      await fails(storage.finishTrial(study.id, 0, outcome), ValidationError, `a NaN ${key}`);
    }
    same(await trialOf(storage, study, 0), trial, "the trial");
  },

  async "doubles come back bit for bit"({ storage, study, owner, rng }) {
    const special = [
      -0,
      0,
      Infinity,
      -Infinity,
      5e-324,
      -2.2250738585072014e-308,
      2 ** 53 + 2,
      -(2 ** 63),
      1.7e308,
      0.1,
    ];
    for (let number = 0; number < 40; number++) {
      const [a, b, c, d, e] = Array.from({ length: 5 }, (_, i) => special[number * 5 + i] ?? randomDouble(rng));
      const cost = c! < 0 ? -c! : c!;
      await storage.createTrial(study.id, { ...draft(number, owner, { a: a!, b: b! }), note: [c!], startedAt: d! });
      await storage.reportTrial(study.id, number, [{ step: e!, value: a! }]);
      await storage.setTrialAttribute(study.id, number, "double", b!);
      await storage.finishTrial(study.id, number, {
        ...OUTCOME,
        value: a!,
        standardError: b!,
        cost,
        metrics: { d: d! },
        finishedAt: e!,
      });
      const trial = await trialOf(storage, study, number);
      same(trial.params, { a, b }, "the params");
      same([trial.value, trial.standardError, trial.cost], [a, b, cost], "value, standard error and cost");
      same([trial.note, trial.startedAt, trial.finishedAt], [[c], d, e], "note and times");
      same([trial.metrics, trial.reports], [{ d }, [{ step: e, value: a }]], "metrics and reports");
      same(trial.attributes, { double: b }, "the attributes");
    }
  },

  async "names that JSON escapes are told apart, whatever was read before"({ storage, study, owner }) {
    const names = ["\\", '"', "\\\\", '\\"', "\n", "\\n"];
    for (const [number, name] of names.entries())
      await storage.createTrial(study.id, draft(number, owner, { s: 0, [name]: number }));
    for (let i = 0; i < 3; i++) {
      const { trials } = await storage.trialsSince(study.id, 0);
      same(
        trials.map(({ params }) => params),
        names.map((name, number) => ({ s: 0, [name]: number })),
        "the params",
      );
    }
  },

  async "attributes hold any JSON, under any key"({ storage, study, owner }) {
    await storage.createTrial(study.id, draft(0, owner));
    const values: Json[] = [null, true, "", "nul\0 and \ud800", [], {}, [[[]]], "🧪".repeat(16_384), nested(90)];
    values.push(JSON.parse('{"__proto__": {"polluted": true}, "toString": 1, "": 2, "nested": {"__proto__": []}}'));
    const keys = [
      "__proto__",
      "constructor",
      "toString",
      "",
      "a.b",
      "'\";--",
      "nul\0",
      "🧪",
      "key ".repeat(16_384),
      "k",
    ];
    for (const [i, key] of keys.entries()) await storage.setTrialAttribute(study.id, 0, key, values[i]!);
    await storage.setTrialAttribute(study.id, 0, "k", "replaced");
    const { attributes } = await trialOf(storage, study, 0);
    same(
      Object.entries(attributes),
      keys.map((key, i) => [key, key === "k" ? "replaced" : values[i]]),
      "the attributes",
    );
    same(({} as { polluted?: unknown }).polluted, undefined, "the prototype of all objects");
  },

  async "what JSON would change in silence is refused"({ storage, study, owner }) {
    const trial = await storage.createTrial(study.id, draft(0, owner));
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const values = [undefined, Number.NaN, 1n, new Date(0), () => 1, Symbol("s"), new Map(), [undefined], cyclic];
    for (const value of [...values, { deep: [{ value: undefined }] }, nested(100_000)]) {
      const set = storage.setTrialAttribute(study.id, 0, "a", value as Json);
      await fails(set, ValidationError, `the attribute ${String(typeof value)}`);
    }
    same(await trialOf(storage, study, 0), trial, "the trial");
  },

  async "what is given and what is handed out are copies"({ storage, study, owner }) {
    const params = { x: 0.5 };
    const note = { list: [1] };
    const given = { ...draft(0, owner, params), note, attributes: { deep: { a: 1 } } };
    await storage.createTrial(study.id, given);
    const metrics = { auc: 0.5 };
    const report = { step: 0, value: 1 };
    const attribute = { tags: ["a"] };
    await storage.reportTrial(study.id, 0, [report]);
    await storage.setTrialAttribute(study.id, 0, "given", attribute);
    await storage.finishTrial(study.id, 0, { ...OUTCOME, metrics });
    const { id } = study;
    const stored = async () => JSON.stringify([await storage.findStudy("study"), await storage.trialsSince(id, 0)]);
    const before = await stored();
    for (const it of [params, note, given.attributes, metrics, report, attribute]) spoil(it);
    spoil(study);
    spoil(await storage.findStudy("study"));
    spoil(await storage.listStudies());
    spoil(await storage.trialsSince(id, 0));
    same(await stored(), before, "what is stored, after all copies were spoilt");
  },

  async "trialsSince tells each reader every change and no trial twice unchanged"({ storage, study, owner, rng }) {
    const readers = Array.from({ length: 3 }, () => ({ view: [] as FrozenTrial[], revision: 0 }));
    let count = 0;
    for (let i = 0; i < 120; i++) {
      const number = rng.int(Math.max(1, count));
      const state = count === 0 ? undefined : (await trialOf(storage, study, number)).state;
      const move = rng.int(4);
      if (state === undefined || move === 0) await storage.createTrial(study.id, draft(count++, owner));
      else if (move === 1) await storage.setTrialAttribute(study.id, number, "i", i);
      else if (move === 2 && state === "running") await storage.reportTrial(study.id, number, [{ step: i, value: i }]);
      else if (state === "running") await storage.finishTrial(study.id, number, OUTCOME);
      const reader = readers[rng.int(5)];
      if (reader === undefined) continue;
      const { trials, revision } = await storage.trialsSince(study.id, reader.revision);
      for (const trial of trials) {
        if (isSame(reader.view[trial.number], trial))
          throw new Error(`Trial ${trial.number} was read twice unchanged.`);
        reader.view[trial.number] = trial;
      }
      if (revision < reader.revision) throw new Error(`Revision ${revision} came after ${reader.revision}.`);
      reader.revision = revision;
      same(reader.view, (await storage.trialsSince(study.id, 0)).trials, "a reader's view");
      same(await storage.trialsSince(study.id, revision), { trials: [], revision }, "what changed since just now");
    }
  },

  async "a released trial waits again with its number, params and note, and its reports go when it is begun anew"({
    storage,
    study,
    owner,
  }) {
    const trial = await storage.createTrial(study.id, { ...draft(0, owner), note: { a: 1 }, attributes: { kept: 1 } });
    await storage.reportTrial(study.id, 0, [{ step: 0, value: 1 }]);
    await storage.releaseTrial(study.id, 0, 2);
    same((await trialOf(storage, study, 0)).state, "running", "its state, released by an attempt that is not its");
    await storage.releaseTrial(study.id, 0, 1);
    const reports = [{ step: 0, value: 1 }];
    same(await trialOf(storage, study, 0), { ...trial, state: "waiting", startedAt: null, reports }, "the trial");
    const claim = { number: 0, owner: storage.newOwner(), params: { x: 2 }, note: null, startedAt: 9 };
    const claimed = await storage.claimTrial(study.id, claim);
    same(claimed, { ...trial, attempt: 2, params: { x: 2 }, note: null, startedAt: 9 }, "the trial, claimed again");
    await storage.releaseTrial(study.id, 0, 1);
    same(await trialOf(storage, study, 0), claimed, "the trial, released by the attempt before");
    const ends = (await storage.attempts(study.id)).map((it) => [it.attempt, it.owner, it.end]);
    same(
      ends,
      [
        [1, owner, "released"],
        [2, claim.owner, null],
      ],
      "its attempts",
    );
  },

  async "a claim without a number takes the first trial that waits, as it is"({ storage, study, owner }) {
    await storage.createTrial(study.id, draft(0, owner));
    for (const number of [1, 2]) {
      const waiting = { state: "waiting", startedAt: null, owner: null } as const;
      await storage.createTrial(study.id, { ...draft(number, null, { x: number }), ...waiting, note: number });
    }
    const claim = { owner, startedAt: 5 };
    for (const number of [1, 2]) {
      const { state, attempt, params, note, startedAt } = (await storage.claimTrial(study.id, claim))!;
      same([state, attempt, params, note, startedAt], ["running", 1, { x: number }, number, 5], `claim ${number}`);
    }
    same(await storage.claimTrial(study.id, claim), null, "a claim when none waits");
  },

  async "the attempt is a fence: what another one has followed is heard no more"({ storage, study, owner }) {
    await storage.createTrial(study.id, draft(0, owner));
    same(await storage.reportTrial(study.id, 0, [{ step: 0, value: 1 }], 1), true, "whether a report was taken");
    await storage.releaseTrial(study.id, 0, 1);
    same(await storage.reportTrial(study.id, 0, [{ step: 1, value: 1 }], 1), true, "a report after it was given back");
    await storage.claimTrial(study.id, { owner: storage.newOwner(), startedAt: 2 });
    same(await storage.reportTrial(study.id, 0, [{ step: 2, value: 1 }], 1), false, "a report of the attempt before");
    const late = { ...OUTCOME, value: -0, metrics: { lost: Number.NaN } };
    const refused = await storage.finishTrial(study.id, 0, late, { attempt: 1 });
    same([refused.accepted, refused.trial.state, refused.trial.reports], [false, "running", []], "a late result");
    const told = await storage.finishTrial(study.id, 0, OUTCOME, { attempt: 2, reports: [{ step: 4, value: 2 }] });
    same([told.accepted, told.trial.value, told.trial.reports], [true, 0.25, [{ step: 4, value: 2 }]], "the result");
    same((await storage.finishTrial(study.id, 0, late, { attempt: 2 })).accepted, false, "a second result");
    same(await trialOf(storage, study, 0), told.trial, "the trial");
    const attempts = await storage.attempts(study.id);
    same(
      attempts.map(({ end }) => end),
      ["released", "told"],
      "how the attempts ended",
    );
    same(
      attempts.map((it) => it.late),
      [late, late],
      "the late results, kept with their attempts",
    );
  },

  async "the result of an attempt that lost its trial is taken while no other has followed"({ storage, study, owner }) {
    await storage.createTrial(study.id, draft(0, owner));
    await storage.releaseTrial(study.id, 0, 1);
    const reports = [{ step: 0, value: 1 }];
    const { accepted, trial } = await storage.finishTrial(study.id, 0, OUTCOME, { attempt: 1, reports });
    same([accepted, trial.state, trial.reports], [true, "completed", reports], "the result");
    same(
      (await storage.attempts(study.id)).map(({ end }) => end),
      ["told"],
      "how the attempt ended",
    );
  },

  async "a call that is made again with its id changes nothing and gives the same"({ storage, study, owner }) {
    const waiting = { ...draft(0, null), state: "waiting", startedAt: null, call: "enqueue" } as const;
    const running = { ...draft(1, owner), call: "ask" };
    for (const [given, number] of [
      [waiting, 0],
      [running, 1],
    ] as const) {
      const first = await storage.createTrial(study.id, given);
      same(first?.number, number, "the trial created");
      const { revision } = await storage.trialsSince(study.id, 0);
      same(await storage.createTrial(study.id, given), first, "the trial, asked for again");
      same((await storage.trialsSince(study.id, revision)).trials, [], "what the second call changed");
    }
    const claim = { owner, startedAt: 3, call: "claim" };
    const claimed = await storage.claimTrial(study.id, claim);
    same(await storage.claimTrial(study.id, claim), claimed, "the trial, claimed again");
    same((await storage.createTrial(study.id, waiting))?.number, 0, "the trial that waits no more, enqueued again");
    const told = await storage.finishTrial(study.id, 1, OUTCOME, { attempt: 1, call: "tell" });
    const { revision } = await storage.trialsSince(study.id, 0);
    const again = await storage.finishTrial(study.id, 1, { ...OUTCOME, value: 9 }, { attempt: 1, call: "tell" });
    same([again.accepted, again.trial], [true, told.trial], "the trial, told again");
    same((await storage.trialsSince(study.id, revision)).trials, [], "what the second tell changed");
    same(
      (await storage.attempts(study.id)).map(({ end }) => end),
      [null, "told"],
      "the attempts",
    );
  },

  async "a tell brings what changed since a revision"({ storage, study, owner }) {
    await storage.createTrial(study.id, draft(0, owner));
    const { revision: since } = await storage.trialsSince(study.id, 0);
    await storage.createTrial(study.id, draft(1, owner));
    await storage.reportTrial(study.id, 1, [{ step: 0, value: 1 }]);
    const { changes } = await storage.finishTrial(study.id, 0, OUTCOME, { attempt: 1, since });
    same(changes, await storage.trialsSince(study.id, since), "the changes");
    same((await storage.finishTrial(study.id, 1, OUTCOME)).changes.trials, [], "the changes that nobody asked for");
  },

  async "a budget of trials is exact, whoever asks"({ storage }) {
    const { id } = await storage.createStudy({ ...DEFINITION, name: "five", budget: { trials: 5 } });
    const ask = async () => {
      const owner = storage.newOwner();
      for (;;) {
        const { length } = (await storage.trialsSince(id, 0)).trials;
        if ((await storage.createTrial(id, draft(length, owner))) !== null) return;
      }
    };
    const asked = await Promise.allSettled(Array.from({ length: 9 }, ask));
    same(asked.filter(({ status }) => status === "fulfilled").length, 5, "the asks that were granted");
    for (const ask of asked)
      if (ask.status === "rejected") await fails(Promise.reject(ask.reason), BudgetSpentError, "an ask");
    same((await storage.trialsSince(id, 0)).trials.length, 5, "the number of trials");
    await storage.updateStudy(id, { budget: { trials: 6 } });
    same((await storage.findStudy("five"))?.budget, { trials: 6 }, "the raised budget");
    same((await storage.createTrial(id, draft(5, "me")))?.number, 5, "the trial that it allows");
  },

  async "no trial begins when the told costs have reached their budget, or its time is over"({ storage, owner }) {
    const { id } = await storage.createStudy({ ...DEFINITION, name: "cost", budget: { cost: 3 } });
    for (const number of [0, 1, 2]) await storage.createTrial(id, draft(number, owner));
    await storage.createTrial(id, { ...draft(3, null), state: "waiting", startedAt: null });
    for (const number of [0, 1]) await storage.finishTrial(id, number, { ...OUTCOME, cost: 1.5 });
    await fails(storage.createTrial(id, draft(4, owner)), BudgetSpentError, "a trial");
    await fails(storage.claimTrial(id, { owner, startedAt: 0 }), BudgetSpentError, "a claim");
    same((await storage.finishTrial(id, 2, { ...OUTCOME, cost: 9 })).accepted, true, "a result over the budget");
    const late = await storage.createStudy({ ...DEFINITION, name: "time", budget: { wallMs: 0 } });
    await fails(storage.createTrial(late.id, draft(0, owner)), BudgetSpentError, "a trial after the end");
  },

  async "a study is restored as it was, save that what ran waits"({ storage, study, owner }) {
    const outcome = { ...OUTCOME, value: -0, standardError: 0.5, cost: 2, metrics: { f1: Number.NaN, "": 1 } };
    const lost = {
      ...EMPTY_TRIAL,
      number: 2,
      state: "lost",
      attempt: 3,
      error: { message: "m" },
      finishedAt: 9,
    } as const;
    const trials: FrozenTrial[] = [
      { ...EMPTY_TRIAL, ...outcome, attempt: 2, reports: [REPORT, { step: -0, value: Number.NaN }], note: [1] },
      { ...EMPTY_TRIAL, number: 1, state: "running", attempt: 2, reports: [REPORT], startedAt: 7 },
      lost,
    ];
    const told = { number: 0, attempt: 2, owner: "b", startedAt: 4, endedAt: 6, end: "told", late: null } as const;
    const attempts: Attempt[] = [
      { ...told, attempt: 1, owner: "a", end: "lapsed", late: outcome },
      told,
      { ...told, number: 1, attempt: 1, end: "died" },
      { ...told, number: 1, endedAt: null, end: null },
    ];
    const definition = { ...DEFINITION, name: "restored", budget: { cost: 2.5 }, leases: { graceMs: 99, retries: 1 } };
    const { id, ...restored } = await storage.restoreStudy({ study: definition, trials, attempts });
    same(restored, definition, "the study");
    const waiting = { ...trials[1]!, state: "waiting", startedAt: null } as const;
    same((await storage.trialsSince(id, 0)).trials, [trials[0], waiting, lost], "the trials");
    const [first, second, third, last] = await storage.attempts(id);
    same([first, second, third], attempts.slice(0, 3), "the attempts");
    same({ ...last, endedAt: null }, { ...attempts[3], end: "released" }, "the attempt that is given back");
    if (typeof last?.endedAt !== "number") throw new Error(`It must have an end, but got ${show(last?.endedAt)}.`);

    same((await storage.claimTrial(id, { owner, startedAt: 8 }))?.attempt, 3, "the attempt that follows");
    same((await storage.createTrial(id, draft(3, owner)))?.number, 3, "the next number");
    await storage.finishTrial(id, 3, { ...OUTCOME, cost: 0.5 });
    await fails(storage.createTrial(id, draft(4, owner)), BudgetSpentError, "a trial over the costs in all");

    const copy = { study: { ...definition, name: study.name }, trials, attempts };
    await fails(storage.restoreStudy(copy), DuplicateError, "a taken name");
    const renamed = { ...definition, name: "half" };
    const faults: FrozenTrial[] = [
      { ...lost, number: 3 },
      { ...lost, note: undefined as never },
      { ...lost, value: Number.NaN },
    ];
    for (const fault of faults) {
      const damaged = { study: renamed, trials: [...trials.slice(0, 2), fault], attempts };
      await fails(storage.restoreStudy(damaged), ValidationError, "a copy with a fault");
      same(await storage.findStudy("half"), null, "the study of which it was refused");
    }
  },

  async "running trials are leased for as long as their study says"({ storage, owner }) {
    const leases = { graceMs: 12_345, retries: 0 };
    const study = await storage.createStudy({ ...DEFINITION, name: "leased", leases });
    same(study.leases, leases, "the rules");
    await storage.createTrial(study.id, draft(0, owner));
    await storage.createTrial(study.id, { ...draft(1, null), state: "waiting", startedAt: null });
    await storage.renewLeases(owner);
    const [lease, ...others] = await storage.leases(study.id);
    same([lease?.number, lease?.attempt, lease?.owner, others], [0, 1, owner, []], "the leases");
    if (!(lease!.until > lease!.now))
      throw new Error(`A new lease must be in force, but it ran out at ${lease!.until}.`);
  },

  async "each owner has a name of its own, and a living one keeps its trials"({ storage, study, owner }) {
    const owners = [owner, ...Array.from({ length: 50 }, () => storage.newOwner())];
    same(new Set(owners).size, owners.length, "the number of names");
    const trial = await storage.createTrial(study.id, draft(0, owner));
    same(await storage.sweep(study.id), { requeued: [], lost: [] }, "the trials released");
    same(await trialOf(storage, study, 0), trial, "the trial");
  },

  async "studies do not touch each other's trials"({ storage, study, owner }) {
    const other = await storage.createStudy({ ...DEFINITION, name: "other" });
    await storage.createTrial(study.id, draft(0, owner, { x: 1 }));
    await storage.createTrial(other.id, draft(0, owner, { x: 2 }));
    await storage.finishTrial(other.id, 0, OUTCOME);
    same((await storage.trialsSince(study.id, 0)).trials.length, 1, "the trials of the first study");
    same((await trialOf(storage, study, 0)).state, "running", "the state of its trial");
    await storage.deleteStudy(other.id);
    same((await trialOf(storage, study, 0)).params, { x: 1 }, "its params after the other study was deleted");
  },

  async "a closed storage says so, and closing it again does nothing"({ storage, study, owner }) {
    await storage.close();
    await storage.close();
    const claim = { owner, params: {}, note: null, startedAt: 0 };
    const uses = [
      () => storage.createStudy({ ...DEFINITION, name: "late" }),
      () => storage.restoreStudy({ study: { ...DEFINITION, name: "late" }, trials: [], attempts: [] }),
      () => storage.findStudy("study"),
      () => storage.listStudies(),
      () => storage.deleteStudy(study.id),
      () => storage.updateStudy(study.id, {}),
      () => storage.createTrial(study.id, draft(0, owner)),
      ...(storage.createNext === undefined ? [] : [() => storage.createNext!(study.id, 0, () => draft(0, owner))]),
      () => storage.claimTrial(study.id, claim),
      () => storage.reportTrial(study.id, 0, [{ step: 0, value: 0 }]),
      () => storage.setTrialAttribute(study.id, 0, "a", 1),
      () => storage.finishTrial(study.id, 0, OUTCOME),
      () => storage.trialsSince(study.id, 0),
      () => storage.sweep(study.id),
      () => storage.renewLeases(owner),
      () => storage.leases(study.id),
      () => storage.attempts(study.id),
      () => storage.releaseTrial(study.id, 0, 1),
    ];
    for (const use of uses) await fails(use(), StorageError, "use after close");
  },
};

function draft(number: number, owner: Owner | null, params: FlatParams = { x: 0.5 }): TrialDraft {
  return { number, state: "running", params, note: null, attributes: {}, startedAt: 1000, owner };
}

async function trialOf(storage: Storage, study: StoredStudy, number: number): Promise<FrozenTrial> {
  const { trials } = await storage.trialsSince(study.id, 0);
  const trial = trials[number];
  if (trial === undefined) throw new Error(`Trial ${number} is missing among ${trials.length} trials.`);
  return trial;
}

/** Any finite double: 64 random bits, drawn again while they are no finite number. */
function randomDouble(rng: Rng): number {
  const view = new DataView(new ArrayBuffer(8));
  for (;;) {
    view.setUint32(0, rng.uint32());
    view.setUint32(4, rng.uint32());
    if (Number.isFinite(view.getFloat64(0))) return view.getFloat64(0);
  }
}

function nested(depth: number): Json {
  let value: Json = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

/** Changes whatever in `value` can be changed. */
function spoil(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    spoil(item);
    Reflect.set(value, key, "spoilt");
  }
  Reflect.set(value, "added", "spoilt");
}

function same(actual: unknown, expected: unknown, what: string): void {
  if (isSame(actual, expected)) return;
  throw new Error(`Expected ${what} to be ${show(expected)}, but got ${show(actual)}.`);
}

/** Deep equality in which −0 is not 0 and NaN is NaN. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) => Object.hasOwn(b, key) && isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}

async function fails(promise: Promise<unknown>, kind: new (message: string) => Error, what: string): Promise<void> {
  const thrown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof kind && thrown.message !== "") return;
  const got = thrown === null ? "nothing was thrown" : `got ${String(thrown)}`;
  throw new Error(`Expected ${what} to be refused with a ${kind.name}, but ${got}.`);
}
