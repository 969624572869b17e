/**
 * A storage that lasts as long as its process. It keeps deeply frozen copies, so handing one out cannot let anybody change
 * what is stored. Its owners live in this process too, so none of them is ever dead, and leases do not run out unless it is
 * given a clock to judge them by. It is the model that the others are compared with.
 */
import { type FrozenTrial, isFinal, type Json, type Report } from "../trial/trial.ts";
import { systemClock } from "./clock.ts";
import { frozenCopy } from "./exact-json.ts";
import {
  type BudgetLeft,
  budgetSpent,
  checkOutcome,
  checkReportable,
  checkStudyName,
  finishedAlready,
  lostError,
  nameTaken,
  noStudy,
  noTrial,
  planOf,
  storageClosed,
} from "./rules.ts";
import {
  type Attempt,
  type Call,
  LEASES,
  type Lease,
  type Owner,
  type Storage,
  type StoredStudy,
  type StudyChange,
  type StudyCopy,
  type StudyDefinition,
  type Swept,
  type Teller,
  type Told,
  type TrialChanges,
  type TrialClaim,
  type TrialDraft,
  type TrialOutcome,
} from "./storage.ts";
import { restored } from "./transfer/restored.ts";

export interface MemoryOptions {
  /** Milliseconds since 1970, by which leases are judged and renewed by `renewLeases` alone. Default: leases do not run out. */
  readonly clock?: () => number;
}

/**
 * Keeps studies in memory: the default of `createStudy`.
 *
 * @example const study = await createStudy({ storage: memory(), space })
 */
export function memory(options: MemoryOptions = {}): Storage {
  return new MemoryStorage(options.clock);
}

/** One study with its trials. */
interface Shelf {
  study: StoredStudy;
  readonly beganAt: number;
  /** The sum of the costs that were told. */
  cost: number;
  readonly trials: FrozenTrial[];
  /** By trial number: who runs it, or ran it last. */
  readonly owners: (Owner | null)[];
  /** Until when running trials are leased. */
  readonly leases: Map<number, number>;
  /** How often a trial's worker was lost. */
  readonly losses: Map<number, number>;
  /** By trial number, attempts that did not end with the trial. */
  readonly ended: Map<number, Attempt[]>;
  /** Results that came too late, by trial and attempt. */
  readonly late: Map<string, TrialOutcome>;
  /** The trials that calls created and leased; the calls that leased trials last and ended them. */
  readonly calls: {
    readonly created: Map<Call, number>;
    readonly leased: Map<Call, number>;
    readonly lastLease: Map<number, Call>;
    readonly told: Map<number, Call>;
  };
  /** The number of the trial that each change was made to; revision r is after the first r changes. */
  readonly changes: number[];
}

class MemoryStorage implements Storage {
  readonly #shelves = new Map<string, Shelf>();
  readonly #clock: (() => number) | undefined;
  #studiesMade = 0;
  #ownersMade = 0;
  #closed = false;

  constructor(clock: (() => number) | undefined) {
    this.#clock = clock;
  }

  async createStudy(definition: StudyDefinition): Promise<StoredStudy> {
    return this.#addStudy(definition).study;
  }

  async restoreStudy(copy: StudyCopy): Promise<StoredStudy> {
    const { trials, cost } = restored(copy);
    // Copied first, for a copy may throw, and then there must be no study.
    const kept = trials.map((it) => ({
      ...it,
      trial: frozenTrial(it.trial),
      attempts: it.attempts.map((attempt) => frozenAttempt(attempt, this.#now())),
    }));
    const shelf = this.#addStudy(copy.study);
    shelf.cost = cost;
    for (const { trial, losses, attempts } of kept) {
      const { number } = trial;
      shelf.owners.push(null);
      shelf.losses.set(number, losses);
      if (attempts.length > 0) shelf.ended.set(number, attempts);
      for (const { attempt, late } of attempts) if (late !== null) shelf.late.set(`${number}/${attempt}`, late);
      put(shelf, trial);
    }
    return shelf.study;
  }

  #addStudy(definition: StudyDefinition): Shelf {
    this.#open();
    checkStudyName(definition.name);
    if (this.#named(definition.name) !== undefined) throw nameTaken(definition.name);
    const { name, direction, space, seed, attributes, createdAt, budget = {}, leases = LEASES } = definition;
    const id = String(this.#studiesMade + 1);
    const study = frozenCopy(
      { id, name, direction, space, seed, attributes, createdAt, budget, leases },
      `study '${name}'`,
    );
    this.#studiesMade++;
    const shelf: Shelf = {
      study,
      beganAt: this.#now(),
      cost: 0,
      trials: [],
      owners: [],
      leases: new Map(),
      losses: new Map(),
      ended: new Map(),
      late: new Map(),
      calls: { created: new Map(), leased: new Map(), lastLease: new Map(), told: new Map() },
      changes: [],
    };
    this.#shelves.set(id, shelf);
    return shelf;
  }

  async findStudy(name: string): Promise<StoredStudy | null> {
    this.#open();
    return this.#named(name) ?? null;
  }

  async listStudies(): Promise<readonly StoredStudy[]> {
    this.#open();
    return [...this.#shelves.values()].map((shelf) => shelf.study);
  }

  async deleteStudy(studyId: string): Promise<void> {
    this.#shelf(studyId);
    this.#shelves.delete(studyId);
  }

  async updateStudy(studyId: string, change: StudyChange): Promise<void> {
    const shelf = this.#shelf(studyId);
    const { space = shelf.study.space, attributes = {}, budget = shelf.study.budget } = change;
    shelf.study = frozenCopy(
      { ...shelf.study, space, budget, attributes: { ...shelf.study.attributes, ...attributes } },
      `study '${shelf.study.name}'`,
    );
  }

  async createTrial(studyId: string, draft: TrialDraft): Promise<FrozenTrial | null> {
    const shelf = this.#shelf(studyId);
    const { state, attributes, startedAt, owner, call } = draft;
    const created = shelf.calls.created.get(call ?? "");
    const leased = shelf.calls.leased.get(call ?? "");
    const made = state === "waiting" ? created : leased;
    if (made !== undefined) return shelf.trials[made]!;
    const number = shelf.trials.length;
    const plan = planOf(draft, number);
    if (plan === undefined) return null;
    this.#checkBudget(shelf, ["trials", "cost", "wallMs"]);
    // What the call made is another worker's by now.
    if ((created ?? leased) !== undefined) return null;
    const trial: FrozenTrial = {
      number,
      state: "waiting",
      attempt: 0,
      params: frozenCopy(plan.params, `parameters of trial ${number}`),
      value: null,
      metrics: NO_METRICS,
      reports: NO_REPORTS,
      attributes: frozenCopy(attributes, `attributes of trial ${number}`),
      note: frozenCopy(plan.note, `note of trial ${number}`),
      error: null,
      startedAt,
      finishedAt: null,
    };
    shelf.owners.push(null);
    if (call !== undefined) shelf.calls.created.set(call, number);
    return state === "waiting" ? put(shelf, trial) : this.#lease(shelf, trial, owner!, call, startedAt!);
  }

  async claimTrial(studyId: string, claim: TrialClaim): Promise<FrozenTrial | null> {
    const shelf = this.#shelf(studyId);
    const { owner, params, note, startedAt, call } = claim;
    const leased = shelf.calls.leased.get(call ?? "");
    if (leased !== undefined) return shelf.trials[leased]!;
    const trial =
      claim.number === undefined
        ? shelf.trials.find(({ state }) => state === "waiting")
        : this.#trial(studyId, claim.number).trial;
    this.#checkBudget(shelf, ["cost", "wallMs"]);
    if (trial?.state !== "waiting") return null;
    const { number } = trial;
    const changed = {
      ...trial,
      params: params === undefined ? trial.params : frozenCopy(params, `parameters of trial ${number}`),
      note: note === undefined ? trial.note : frozenCopy(note, `note of trial ${number}`),
    };
    return this.#lease(shelf, changed, owner, call, startedAt);
  }

  async reportTrial(studyId: string, number: number, reports: readonly Report[], attempt?: number): Promise<boolean> {
    const { shelf, trial } = this.#trial(studyId, number);
    const [first] = reports;
    if (attempt === undefined && first !== undefined) checkReportable(number, trial.state, first);
    if (isFinal(trial.state) || (attempt ?? trial.attempt) !== trial.attempt) return false;
    put(shelf, { ...trial, reports: withReports(trial, reports) });
    return true;
  }

  async setTrialAttribute(studyId: string, number: number, key: string, value: Json): Promise<void> {
    const { shelf, trial } = this.#trial(studyId, number);
    const attribute = frozenCopy(value, `attribute '${key}' of trial ${number}`);
    put(shelf, { ...trial, attributes: Object.freeze({ ...trial.attributes, [key]: attribute }) });
  }

  async finishTrial(studyId: string, number: number, outcome: TrialOutcome, teller: Teller = {}): Promise<Told> {
    checkOutcome(number, outcome);
    const { shelf, trial } = this.#trial(studyId, number);
    const { attempt, reports = [], since, call } = teller;
    if (isFinal(trial.state) || (attempt !== undefined && attempt !== trial.attempt)) {
      if (call !== undefined && shelf.calls.told.get(number) === call)
        return { trial, accepted: true, changes: changesSince(shelf, since) };
      if (attempt === undefined) throw finishedAlready(number, trial.state);
      const late = frozenOutcome(outcome, number);
      const key = `${number}/${attempt}`;
      if (attempt >= 1 && attempt <= trial.attempt && !shelf.late.has(key)) shelf.late.set(key, late);
      return { trial, accepted: false, changes: changesSince(shelf, since) };
    }
    const { state, value, standardError, cost, metrics, error, finishedAt, params } = outcome;
    shelf.cost += cost ?? 0;
    shelf.leases.delete(number);
    if (call !== undefined) shelf.calls.told.set(number, call);
    const ended = shelf.ended.get(number);
    const last = ended?.at(-1);
    if (attempt !== undefined && last?.attempt === attempt) {
      ended!.splice(-1, 1, { ...last, end: "told", endedAt: this.#now() });
    }
    const told = put(shelf, {
      ...trial,
      state,
      params: params === undefined ? trial.params : frozenCopy(params, `parameters of trial ${number}`),
      value,
      ...(standardError === undefined ? {} : { standardError }),
      ...(cost === undefined ? {} : { cost }),
      metrics: frozenMetrics(metrics),
      reports: withReports(trial, reports),
      error: frozenCopy(error, `error of trial ${number}`),
      finishedAt,
    });
    return { trial: told, accepted: true, changes: changesSince(shelf, since) };
  }

  async trialsSince(studyId: string, revision: number): Promise<TrialChanges> {
    return changesSince(this.#shelf(studyId), revision);
  }

  async releaseTrial(studyId: string, number: number, attempt: number): Promise<void> {
    const { shelf, trial } = this.#trial(studyId, number);
    if (trial.state === "running" && trial.attempt === attempt) this.#revoke(shelf, trial, "released");
  }

  async sweep(studyId: string): Promise<Swept> {
    const shelf = this.#shelf(studyId);
    const lapsed =
      this.#clock === undefined
        ? []
        : shelf.trials.filter(({ number, state }) => state === "running" && shelf.leases.get(number)! <= this.#now());
    const swept = lapsed.map((trial) => this.#revoke(shelf, trial, "lapsed"));
    const numbers = (state: string) => swept.filter((trial) => trial.state === state).map(({ number }) => number);
    return { requeued: numbers("waiting"), lost: numbers("lost") };
  }

  async renewLeases(owner: Owner): Promise<void> {
    this.#open();
    for (const { study, leases, owners } of this.#shelves.values()) {
      for (const number of leases.keys()) {
        if (owners[number] === owner) leases.set(number, this.#now() + study.leases.graceMs);
      }
    }
  }

  async leases(studyId: string): Promise<readonly Lease[]> {
    const { trials, leases, owners } = this.#shelf(studyId);
    return trials
      .filter(({ state }) => state === "running")
      .map(({ number, attempt, startedAt }) => ({
        number,
        attempt,
        owner: owners[number]!,
        startedAt: startedAt!,
        until: this.#clock === undefined ? Number.POSITIVE_INFINITY : leases.get(number)!,
        now: this.#now(),
      }));
  }

  async attempts(studyId: string): Promise<readonly Attempt[]> {
    const { trials, owners, ended, late } = this.#shelf(studyId);
    return trials.flatMap(({ number, state, attempt, startedAt, finishedAt }) => {
      const before = ended.get(number) ?? [];
      const last: Attempt[] =
        owners[number] === null || before.at(-1)?.attempt === attempt
          ? []
          : [
              {
                number,
                attempt,
                owner: owners[number]!,
                startedAt: startedAt!,
                endedAt: finishedAt,
                end: isFinal(state) ? "told" : null,
                late: null,
              },
            ];
      return [...before, ...last].map((it) => ({ ...it, late: late.get(`${number}/${it.attempt}`) ?? null }));
    });
  }

  newOwner(): Owner {
    return `memory-${++this.#ownersMade}`;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #lease(shelf: Shelf, trial: FrozenTrial, owner: Owner, call: Call | undefined, startedAt: number): FrozenTrial {
    const { number } = trial;
    shelf.owners[number] = owner;
    shelf.leases.set(number, this.#now() + shelf.study.leases.graceMs);
    const { leased, lastLease } = shelf.calls;
    leased.delete(lastLease.get(number) ?? "");
    if (call !== undefined) {
      leased.set(call, number);
      lastLease.set(number, call);
    }
    return put(shelf, { ...trial, state: "running", attempt: trial.attempt + 1, reports: NO_REPORTS, startedAt });
  }

  /** Takes a running trial from its worker. */
  #revoke(shelf: Shelf, trial: FrozenTrial, end: "released" | "lapsed"): FrozenTrial {
    const { number, attempt, startedAt } = trial;
    const endedAt = this.#now();
    const ended = { number, attempt, owner: shelf.owners[number]!, startedAt: startedAt!, endedAt, end, late: null };
    shelf.ended.set(number, [...(shelf.ended.get(number) ?? []), ended]);
    shelf.leases.delete(number);
    const losses = (shelf.losses.get(number) ?? 0) + (end === "lapsed" ? 1 : 0);
    shelf.losses.set(number, losses);
    return losses > shelf.study.leases.retries
      ? put(shelf, { ...trial, state: "lost", error: lostError(losses), finishedAt: endedAt })
      : put(shelf, { ...trial, state: "waiting", startedAt: null });
  }

  #checkBudget(shelf: Shelf, kinds: readonly (keyof BudgetLeft)[]): void {
    const { trials, cost, wallMs } = shelf.study.budget;
    const left: BudgetLeft = {
      trials: trials === undefined ? null : trials - shelf.trials.length,
      cost: cost === undefined ? null : cost - shelf.cost,
      wallMs: wallMs === undefined ? null : shelf.beganAt + wallMs - this.#now(),
    };
    const spent = budgetSpent(left, kinds);
    if (spent !== undefined) throw spent;
  }

  #now(): number {
    return (this.#clock ?? systemClock)();
  }

  #open(): void {
    if (this.#closed) throw storageClosed();
  }

  #named(name: string): StoredStudy | undefined {
    for (const { study } of this.#shelves.values()) if (study.name === name) return study;
    return undefined;
  }

  #shelf(studyId: string): Shelf {
    this.#open();
    const shelf = this.#shelves.get(studyId);
    if (shelf === undefined) throw noStudy(studyId);
    return shelf;
  }

  #trial(studyId: string, number: number): { shelf: Shelf; trial: FrozenTrial } {
    const shelf = this.#shelf(studyId);
    const trial = shelf.trials[number];
    if (trial === undefined) throw noTrial(number, shelf.trials.length);
    return { shelf, trial };
  }
}

const NO_METRICS: Readonly<Record<string, number>> = Object.freeze({});
const NO_REPORTS: readonly Report[] = Object.freeze([]);

/** Copies, for what is frozen may still be somebody's. NaN may stand in metrics and reports alone. */
function frozenTrial(trial: FrozenTrial): FrozenTrial {
  const { number, params, metrics, reports, attributes, note, error } = trial;
  return Object.freeze({
    ...trial,
    params: frozenCopy(params, `parameters of trial ${number}`),
    metrics: frozenMetrics(metrics),
    reports:
      reports.length === 0
        ? NO_REPORTS
        : Object.freeze(reports.map(({ step, value }) => Object.freeze({ step, value }))),
    attributes: frozenCopy(attributes, `attributes of trial ${number}`),
    note: frozenCopy(note, `note of trial ${number}`),
    error: frozenCopy(error, `error of trial ${number}`),
  });
}

function frozenAttempt(attempt: Attempt, now: number): Attempt {
  const { number, endedAt, late } = attempt;
  return { ...attempt, endedAt: endedAt ?? now, late: late === null ? null : frozenOutcome(late, number) };
}

function frozenOutcome(outcome: TrialOutcome, number: number): TrialOutcome {
  const copy = frozenCopy({ ...outcome, metrics: {} }, `outcome of trial ${number}`);
  return Object.freeze({ ...copy, metrics: frozenMetrics(outcome.metrics) });
}

function frozenMetrics(metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.keys(metrics).length === 0 ? NO_METRICS : Object.freeze({ ...metrics });
}

/** Puts a trial, whose parts are frozen already, in its place, and notes the change. */
function put(shelf: Shelf, trial: FrozenTrial): FrozenTrial {
  const { number } = trial;
  shelf.trials[number] = Object.freeze(trial);
  shelf.changes.push(number);
  return trial;
}

function changesSince({ trials, changes }: Shelf, revision = changes.length): TrialChanges {
  if (revision === 0) return { trials: [...trials], revision: changes.length };
  const numbers = [...new Set(changes.slice(revision))].sort((a, b) => a - b);
  return { trials: numbers.map((number) => trials[number]!), revision: changes.length };
}

/** Its reports and those of other steps. */
function withReports(trial: FrozenTrial, reports: readonly Report[]): readonly Report[] {
  const added: Report[] = [];
  for (const { step, value } of reports) {
    if (![...trial.reports, ...added].some((report) => report.step === step))
      added.push(Object.freeze({ step, value }));
  }
  return added.length === 0 ? trial.reports : Object.freeze([...trial.reports, ...added]);
}
