/**
 * A study: the one place where space, sampler, pruner and storage meet, and the only one with time, concurrency and side effects.
 *
 * Reproducible by construction: trial k draws from `rng.fork(k)`, and in order "fixed" with q lanes it is suggested from the
 * results of trials up to k − q, those after it taken as pending even where they have ended; so neither timing nor a resume
 * changes the sequence. A pruner then judges trial k by those same trials, so it stops the same trials at the same steps. In
 * order "asap", and for trials that were asked for one by one, every result and every report is used as it comes.
 */
import { BudgetSpentError, SpaceExhaustedError, StorageError, show, ValidationError } from "../errors.ts";
import { createRng, type Rng } from "../math/rng.ts";
import type { Pruner } from "../pruner/pruner.ts";
import { searchFeasible } from "../sampler/feasible.ts";
import type { Sampler, Suggestion } from "../sampler/sampler.ts";
import { spaceFromJson } from "../space/json.ts";
import type { FlatParams, Parameter, ParamValue } from "../space/parameter.ts";
import { type Dimension, describeConditions, Space } from "../space/space.ts";
import type { Clock } from "../storage/clock.ts";
import { checkReportable, finishedAlready } from "../storage/rules.ts";
import type {
  Direction,
  Owner,
  Storage,
  StoredStudy,
  Told,
  TrialChanges,
  TrialDraft,
  TrialPlan,
} from "../storage/storage.ts";
import { type FrozenTrial, isFinal, type Report } from "../trial/trial.ts";
import { Emitter, type StudyEvents } from "./events.ts";
import { type Best, expectedOf, explanationOf } from "./expectation.ts";
import { HistoryView } from "./history.ts";
import { type Objective, type OptimizeHost, type OptimizeOptions, runLanes, untilAborted } from "./optimize.ts";
import { Outbox, within } from "./outbox.ts";
import { type ObjectiveResult, outcomeOf, outcomeOfThrown, type TellResult } from "./outcome.ts";
import { lineProgress, terminal } from "./progress.ts";
import { Trial, type TrialHost } from "./trial.ts";
import { TrialsView } from "./view.ts";

/** When a result may be used: see the head of this file. */
export type Order = "fixed" | "asap";

/** What `createStudy` puts together. */
export interface StudyParts<P> {
  readonly stored: StoredStudy;
  readonly storage: Storage;
  readonly space: Space<P>;
  /** Names that running objectives added to the space. */
  readonly definedByRun: readonly string[];
  readonly sampler: Sampler;
  readonly pruner: Pruner | null;
  readonly order: Order;
  readonly maxConsecutiveFailures: number;
  readonly clock: Clock;
}

/** How long to wait before looking again for a trial that another process runs. */
const POLL_MS = 50;
/** How often a working study looks for trials whose workers are gone, and one that waits for such a trial, in looks. */
const SWEEP_MS = 15_000;
const SWEEP_POLLS = 10;
/** How long a report waits for news of other processes' trials, by which a pruner may judge. */
const NEWS_MS = 1000;
/** How long the giving back of a trial may take. */
const GIVE_BACK_MS = 3000;

/** Numbers beyond the next for which there may be plans in an ask, how many are added when all were taken, and how many to those that were. */
const AHEAD_MOST = 64;
const AHEAD_LEAST = 4;
const AHEAD_MORE = 2;

/** A trial that this object runs. */
interface Running {
  /** As it was when it began. */
  readonly begun: FrozenTrial;
  readonly attempt: number;
  /** Ends its `signal`. */
  readonly abort: AbortController;
  /** Resolves when it ends. */
  readonly ended: PromiseWithResolvers<void>;
  readonly outbox: Outbox;
}

export class Study<P = unknown> {
  readonly name: string;
  readonly direction: Direction;
  readonly seed: number | string;
  readonly order: Order;
  readonly storage: Storage;
  readonly sampler: Sampler;
  readonly pruner: Pruner | null;
  readonly #parts: StudyParts<P>;
  readonly #rng: Rng;
  readonly #owner: Owner;
  readonly #events = new Emitter<StudyEvents<P>>();
  readonly #view: TrialsView;
  readonly #history: HistoryView;
  readonly #running = new Map<number, Running>();
  /** A trial has such a parameter only once its objective asks for it. */
  readonly #definedByRun: Set<string>;
  #space: Space<P>;
  #spaceStored = true;
  #sweptAt = Number.NEGATIVE_INFINITY;
  #polls = 0;
  /** Whether the last tell brought what had changed, and nothing was asked since. */
  #toldNews = false;
  /** Whether an ask failed whose trial may have been created all the same. */
  #isInDoubt = false;
  /** Whether to ask in a line: other workers took the number that the last trial was to have. */
  #isCrowded = false;
  /** How many of the numbers after the next one others may take while this object asks, as far as is known. */
  #takenMost = 0;
  #asking: Promise<unknown> = Promise.resolve();
  #stopping = false;

  /** Studies come from `createStudy`. @internal */
  constructor(parts: StudyParts<P>) {
    this.#parts = parts;
    this.name = parts.stored.name;
    this.direction = parts.stored.direction;
    this.seed = parts.stored.seed;
    this.order = parts.order;
    this.storage = parts.storage;
    this.sampler = parts.sampler;
    this.pruner = parts.pruner;
    this.#rng = createRng(parts.stored.seed);
    this.#view = new TrialsView(parts.storage, parts.stored, parts.clock);
    this.#history = new HistoryView(this.direction);
    this.#owner = parts.storage.newOwner();
    this.#space = parts.space;
    this.#definedByRun = new Set(parts.definedByRun);
  }

  /** The space as it is now; define-by-run makes it grow. */
  get space(): Space<P> {
    return this.#space;
  }

  /** Calls `listener` at every event of this name; the function returned takes it off again. */
  on<K extends keyof StudyEvents<P>>(name: K, listener: (event: StudyEvents<P>[K]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** The next trial to run. @throws SpaceExhaustedError when a finite space has been tried whole, BudgetSpentError when the study's budget is */
  ask(): Promise<Trial<P>>;
  /** The next `count` trials, each suggested with those before it pending. */
  ask(count: number): Promise<Trial<P>[]>;
  async ask(count?: number): Promise<Trial<P> | Trial<P>[]> {
    if (count !== undefined && (!Number.isSafeInteger(count) || count < 1)) {
      throw new ValidationError(`The number of trials to ask for must be an integer >= 1, but got ${show(count)}.`);
    }
    const asked: Trial<P>[] = [];
    for (let i = 0; i < (count ?? 1); i++) {
      const trial = await this.#next(Number.POSITIVE_INFINITY, undefined, undefined);
      if (trial === null) {
        throw new SpaceExhaustedError(
          this.#view.trials.length < this.#space.size
            ? `Sampler ${this.sampler.name} has no configuration left to suggest in study ${show(this.name)}: all of its own have been tried.`
            : `All ${this.#space.size} configurations of the space of study ${show(this.name)} have been tried.`,
        );
      }
      asked.push(trial);
    }
    return count === undefined ? asked[0]! : asked;
  }

  /**
   * Ends a trial with its result. Durable when resolved. A trial object's result is that of its attempt: where its lease ran out and
   * another worker has the trial now, the result is kept with the attempt as a late one, and the trial goes on as it is.
   *
   * @returns the trial as it is stored now
   * @throws ValidationError for a result of a wrong shape, TrialFinishedError for a trial that has ended, NotFoundError for an unknown number
   */
  async tell(trial: Trial<P> | number, result: TellResult): Promise<FrozenTrial<P>> {
    const number = typeof trial === "number" ? trial : trial.number;
    if (!Number.isSafeInteger(number) || number < 0) {
      throw new ValidationError(`A trial is told by itself or by its number, an integer >= 0, but got ${show(trial)}.`);
    }
    if (typeof trial === "number") {
      await this.#refresh();
      const reports = this.#view.trials[trial]?.reports ?? [];
      const told = await this.#finish(trial, undefined, outcomeOf(result, reports), undefined);
      return this.#typed(told.trial);
    }
    const told = await this.#finish(number, trial.attempt, outcomeOf(result, trial.reports), trial.flatParams);
    if (!told.accepted && told.trial.attempt === trial.attempt && isFinal(told.trial.state)) {
      throw finishedAlready(number, told.trial.state);
    }
    return this.#typed(told.trial);
  }

  /** Runs the objective until the study has `trials` trials in all: see `OptimizeOptions`. */
  async optimize(objective: Objective<P>, options: OptimizeOptions = {}): Promise<void> {
    this.#stopping = false;
    await this.#sweep();
    const budget = options.trials ?? this.#parts.stored.budget.trials ?? Number.POSITIVE_INFINITY;
    const host: OptimizeHost<P> = {
      next: (budget, window, signal) => this.#next(budget, window, signal),
      complete: (trial, result) =>
        this.#finishWith(trial, () => outcomeOf(result satisfies ObjectiveResult, trial.reports)),
      fail: (trial, thrown) => this.#finishWith(trial, () => outcomeOfThrown(thrown, trial.reports)),
      release: (trial) => this.#release(trial),
      maxConsecutiveFailures: this.#parts.maxConsecutiveFailures,
      now: this.#parts.clock,
    };
    const stopProgress = options.progress === false ? undefined : await this.#showProgress(budget);
    try {
      await runLanes(host, objective, options, budget);
    } finally {
      stopProgress?.();
    }
  }

  /** Shows progress where there is a terminal; the function returned ends it. */
  async #showProgress(budget: number): Promise<(() => void) | undefined> {
    const stream = terminal();
    if (stream === null) return undefined;
    await this.#refresh();
    const ended = this.#view.trials.filter((trial) => isFinal(trial.state)).length;
    const progress = lineProgress(stream, ended, budget, this.#parts.clock);
    const offs = [
      this.on("ask", () => progress.began()),
      this.on("tell", ({ trial }) => progress.ended(trial, this.#view.best)),
    ];
    return () => {
      for (const off of offs) off();
      progress.close();
    };
  }

  /** Lets `optimize` finish the trials that run and begin no more. */
  stop(): void {
    this.#stopping = true;
  }

  /** All trials by number. */
  async trials(): Promise<FrozenTrial<P>[]> {
    await Promise.all([...this.#running.values()].map(({ outbox }) => within(outbox.flush(), NEWS_MS)));
    await this.#refresh();
    return this.#view.trials.map((trial) => this.#typed(trial));
  }

  /**
   * The completed trial with the best finite value, the earliest among equals; null while there is none. Beside it, as `expected`,
   * the trial that the sampler's model holds for the best: where values are noisy, the one to trust.
   */
  async best(): Promise<Best<P> | null> {
    await this.#refresh();
    const best = this.#view.best;
    if (best === null) return null;
    const trials = this.#history.of(this.#view.trials, this.#space as Space);
    const expectation = this.sampler.expect?.({ space: this.#space as Space, trials }) ?? null;
    const expected =
      expectation === null
        ? null
        : expectedOf(expectation, this.#typed(this.#view.trials[expectation.number]!).params, this.direction);
    return { ...this.#typed(best), expected };
  }

  /**
   * Puts a configuration in line, to be tried before anything else; the sampler fills in what it leaves open.
   *
   * @param params nested, as the objective receives them, and possibly partial
   * @throws ValidationError for a name or value that the space does not have, or a configuration that breaks a constraint
   * @throws SpaceInfeasibleError when no values for what is left open were found with which the constraints hold
   */
  async enqueue(params: { readonly [K in keyof P]?: unknown }): Promise<FrozenTrial<P>> {
    const flat =
      this.#space.dimensions.length === this.#definedByRun.size ? checkFlat(params) : this.#space.flatten(params);
    for (;;) {
      await this.#refresh();
      this.#feasible(flat, this.#view.trials.length);
      const created = await this.storage.createTrial(this.#parts.stored.id, {
        number: this.#view.trials.length,
        state: "waiting",
        params: flat,
        note: null,
        attributes: {},
        startedAt: null,
        owner: null,
      });
      if (created !== null) return this.#typed(created);
    }
  }

  /**
   * Adds parameters to the space; those it has already must be the same.
   * @throws ValidationError when a parameter of this name has another definition
   */
  extend(dimensions: readonly Dimension[]): void {
    const added = dimensions.filter((dimension) => {
      const present = this.#space.get(dimension.name);
      if (present !== undefined && !sameDimension(present, dimension)) {
        throw new ValidationError(
          `A parameter must keep its definition in all trials of a study, but ${show(dimension.name)} is ${present.parameter.describe()} (${describeConditions(present)}) there and ${dimension.parameter.describe()} (${describeConditions(dimension)}) here. Use another name, or a range that does not change.`,
        );
      }
      return present === undefined;
    });
    if (added.length === 0) return;
    this.#space = new Space<P>([...this.#space.dimensions, ...added], this.#space.constraints);
    this.#spaceStored = false;
  }

  /** What the study is and does, every default filled in, for people to read. */
  describe(): string {
    const lines = [
      `study ${show(this.name)}: ${this.direction}, seed ${show(this.seed)}, order ${this.order}`,
      `sampler ${this.sampler.name}: ${JSON.stringify(this.sampler.toJSON())}`,
      ...(this.pruner === null ? [] : [`pruner ${this.pruner.name}: ${JSON.stringify(this.pruner.toJSON())}`]),
      `stops after ${this.#parts.maxConsecutiveFailures} failed trials in a row`,
      `space of ${Number.isFinite(this.#space.size) ? `${this.#space.size} configurations` : "infinitely many configurations"}:`,
      ...this.#space.dimensions.map((dimension) => {
        const when = dimension.conditions.length === 0 ? "" : ` (${describeConditions(dimension)})`;
        const start = dimension.parameter.default === undefined ? "" : `, default ${show(dimension.parameter.default)}`;
        return `  ${dimension.name}: ${dimension.parameter.describe()}${start}${when}`;
      }),
      ...this.#space.constraints.map(({ name }) => `  must keep ${show(name)}`),
    ];
    return lines.join("\n");
  }

  /** Gives back what this object runs and closes the storage. */
  async close(): Promise<void> {
    await Promise.all([...this.#running].map(([number, { attempt }]) => this.#giveBack(number, attempt)));
    await this.storage.close();
  }

  /** One ask at a time, so that each sees the trial of the one before. Null as soon as the signal is aborted. */
  async #next(budget: number, window: number | undefined, signal: AbortSignal | undefined): Promise<Trial<P> | null> {
    const turn = this.#asking.then(() => this.#nextNow(budget, window, signal));
    this.#asking = turn.catch(() => {});
    if (signal === undefined) return turn;
    const asked = await untilAborted(turn, signal);
    if (asked !== null) return asked.result;
    // A storage that is away may still create the trial; nobody would run it.
    turn.then(
      (trial) => (trial === null ? undefined : this.#release(trial)),
      () => {},
    );
    return null;
  }

  async #nextNow(
    budget: number,
    window: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Trial<P> | null> {
    const { clock, stored } = this.#parts;
    if (this.#isInDoubt) await this.#giveBackUnknown();
    if (clock() - this.#sweptAt >= SWEEP_MS) await this.#sweep();
    let taken = -1;
    for (let isFirst = true; ; isFirst = false) {
      if (signal?.aborted || (window !== undefined && this.#stopping)) return null;
      try {
        if (this.#isCrowded && this.storage.createNext !== undefined) {
          const created = await this.#createInLine(this.storage.createNext.bind(this.storage), budget, window);
          if (created !== null) return created;
        }
        // What a tell has just brought need not be read again; should another process have been quicker, the number is taken.
        if (!isFirst || !this.#toldNews || !this.#view.isFresh) await this.#refresh();
        this.#toldNews = false;
        const { waiting, number, usable, blocking } = this.#outlook(window);
        if (waiting === undefined && number === taken) {
          // Somebody has the number, and nobody says who: what is known is of another past, as after a backup was put back.
          this.#view.forget();
          taken = -1;
          continue;
        }
        if (waiting === undefined && number >= budget) return null;
        if (blocking !== undefined) {
          await this.#change(blocking.number, signal);
          continue;
        }
        if (waiting !== undefined) {
          const plan = this.#complete(waiting, usable);
          // Where workers take trials as they come, the storage says which is next; else each must have the number it waited for.
          const isAny = this.#rivals(number, window) === Number.POSITIVE_INFINITY && samePlan(plan, waiting);
          const claimed = await this.storage.claimTrial(stored.id, {
            owner: this.#owner,
            startedAt: clock(),
            ...(isAny ? {} : { number: waiting.number, ...plan }),
          });
          if (claimed === null) continue;
          const isPlanned = claimed.number === waiting.number;
          return this.#begin(
            isPlanned ? claimed : { ...claimed, ...this.#complete(claimed, claimed.number) },
            this.#rivals(claimed.number, window),
          );
        }
        const draft = this.#draft(number, usable);
        if (draft === null) return null;
        const created = await this.#create(draft, () => this.#plansAhead(number, budget, window));
        if (created !== null) return this.#begin(created, this.#rivals(created.number, window));
        taken = number;
      } catch (error) {
        if (error instanceof BudgetSpentError && window !== undefined) return null;
        this.#isInDoubt ||= error instanceof StorageError;
        throw error;
      }
    }
  }

  /** The trial that is drafted, or one soon after it where others took its number; null where they took all those for which there are plans. */
  async #create(draft: TrialDraft, plansAhead: () => readonly TrialPlan[]): Promise<FrozenTrial | null> {
    const ahead = plansAhead();
    const given = ahead.length === 0 ? draft : { ...draft, ahead };
    const created = await this.storage.createTrial(this.#parts.stored.id, given);
    if (created === null) {
      this.#takenMost = Math.min(AHEAD_MOST, 2 * this.#takenMost + AHEAD_LEAST);
      this.#isCrowded = plansAhead().length === 0;
    } else {
      const passed = created.number - draft.number;
      this.#takenMost = Math.min(AHEAD_MOST, Math.max(passed > 0 ? passed + AHEAD_MORE : 0, this.#takenMost - 1));
    }
    return created;
  }

  /** The next trial, created in a line with other workers; null where it is not the time to create one. */
  async #createInLine(
    createNext: NonNullable<Storage["createNext"]>,
    budget: number,
    window: number | undefined,
  ): Promise<Trial<P> | null> {
    let failure: { readonly error: unknown } | undefined;
    // What was read before a database failed may be lost with it, for it is sure to be on the disk only when the call has ended well.
    let isRead = false;
    const forget = () => {
      if (isRead) this.#view.forget();
      return null;
    };
    const next = createNext(this.#parts.stored.id, this.#view.revision, (changes) => {
      if (isRead) return forget();
      isRead = true;
      try {
        this.#apply(changes);
        const { waiting, number, usable, blocking } = this.#outlook(window);
        const isToCreate = waiting === undefined && blocking === undefined && number < budget;
        this.#isCrowded = isToCreate && changes.trials.length > 0;
        return isToCreate ? this.#draft(number, usable) : null;
      } catch (error) {
        // It is not the storage's.
        failure = { error };
        return null;
      }
    });
    next.catch(forget);
    const created = await next;
    if (failure !== undefined) throw failure.error;
    return created === null ? null : this.#begin(created, this.#rivals(created.number, window));
  }

  /** Which trial is next, as far as is known, one that waits or a new one; the results it may use, and what must end first. */
  #outlook(window: number | undefined) {
    const waiting = this.#view.firstOpen((trial) => trial.state === "waiting");
    const number = waiting?.number ?? this.#view.trials.length;
    const rivals = this.#rivals(number, window);
    const blocking =
      rivals === Number.POSITIVE_INFINITY ? undefined : this.#view.firstOpen((trial) => trial.number < rivals);
    return { waiting, number, usable: Math.min(number, rivals), blocking };
  }

  /** A pruner may judge trial `number` by those with a number below this: in order "asap" by all. */
  #rivals(number: number, window: number | undefined): number {
    return this.order === "fixed" && window !== undefined ? Math.max(0, number - window + 1) : Number.POSITIVE_INFINITY;
  }

  /** A new trial as the sampler suggests it, or null where it has none left. */
  #draft(number: number, usable: number): TrialDraft | null {
    // Where nothing depends on the trials, a long history is not looked through.
    const plan = this.#planAhead(number) ?? asPlan(this.sampler.sample(this.#request(number, usable)));
    if (plan === null) return null;
    return {
      ...plan,
      number,
      state: "running",
      attributes: {},
      startedAt: this.#parts.clock(),
      owner: this.#owner,
    };
  }

  /** Plans for the numbers after this one, as many as others may take meanwhile; none where the sampler must know their trials. */
  #plansAhead(number: number, budget: number, window: number | undefined): readonly TrialPlan[] {
    const plans: TrialPlan[] = [];
    if (this.#rivals(number, window) < Number.POSITIVE_INFINITY) return plans;
    for (let next = number + 1; next <= number + this.#takenMost && next < budget; next++) {
      const plan = this.#planAhead(next);
      if (plan === null) break;
      plans.push(plan);
    }
    return plans;
  }

  /** The plan of a trial whatever the others are; null where the sampler must know them. */
  #planAhead(number: number): TrialPlan | null {
    const streams = { rng: this.#rng.fork(number), studyRng: this.#rng };
    return asPlan(this.sampler.sampleAhead?.({ space: this.#space as Space, number, ...streams }) ?? null);
  }

  #request(number: number, usable: number) {
    const trials = this.#history.of(this.#view.trials, this.#space as Space, number, usable);
    return { space: this.#space as Space, trials, rng: this.#rng.fork(number), studyRng: this.#rng };
  }

  /** Parameters for a waiting trial: its own where it has them (all, if it was given back), the sampler's for the rest. */
  #complete(waiting: FrozenTrial, usable: number): TrialPlan {
    let suggestion: Suggestion | undefined;
    const params = this.#space.build((dimension) => {
      const { name, parameter } = dimension;
      if (Object.hasOwn(waiting.params, name) && parameter.contains(waiting.params[name])) return waiting.params[name]!;
      suggestion ??= this.sampler.sample(this.#request(waiting.number, usable)) ?? { params: {} };
      if (Object.hasOwn(suggestion.params, name)) return suggestion.params[name]!;
      return parameter.decode(this.#rng.fork(waiting.number).fork(name).next());
    });
    const kept = this.#space.isFeasible(params) ? params : this.#feasible(waiting.params, waiting.number);
    // Names that no declaration knows yet belong to an objective that defines its parameters as it runs.
    return { params: { ...waiting.params, ...kept }, note: suggestion?.note ?? waiting.note };
  }

  /** Given parameters of trial `number` with others with which all constraints hold: the same at each call. */
  #feasible(given: FlatParams, number: number): FlatParams {
    const space = this.#space as Space;
    if (space.constraints.length === 0) return given;
    const rng = this.#rng.fork(number).fork("constraints");
    let isOpen = false;
    const draw = () =>
      space.build(({ name, parameter }) => {
        if (Object.hasOwn(given, name) && parameter.contains(given[name])) return given[name]!;
        isOpen ||= parameter.levels > 1;
        return parameter.decode(rng.next());
      });
    const params = draw();
    if (!isOpen) space.check(params);
    return space.isFeasible(params) ? params : searchFeasible(space, rng, draw);
  }

  /** Resolves when trial `number` may have ended, or the signal is aborted. */
  async #change(number: number, signal: AbortSignal | undefined): Promise<void> {
    const wake = Promise.withResolvers<void>();
    const onAbort = () => wake.resolve();
    signal?.addEventListener("abort", onAbort, { once: true });
    const own = this.#running.get(number);
    const timer = own === undefined ? setTimeout(onAbort, POLL_MS) : undefined;
    await Promise.race([wake.promise, own?.ended.promise ?? wake.promise]);
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    if (own === undefined && this.#polls++ % SWEEP_POLLS === 0) await this.#sweep();
  }

  /** Puts trials back in line whose workers are gone. */
  async #sweep(): Promise<void> {
    this.#sweptAt = this.#parts.clock();
    const { requeued, lost } = await this.storage.sweep(this.#parts.stored.id);
    for (const number of requeued) this.#events.emit("requeue", { number });
    for (const number of lost) this.#events.emit("lost", { number });
  }

  /** @param rivals a pruner may judge the trial by those with a number below this */
  #begin(frozen: FrozenTrial, rivals: number): Trial<P> {
    const { number, attempt } = frozen;
    const abort = new AbortController();
    const outbox = new Outbox(async (reports) => {
      const isHeard = await this.storage.reportTrial(this.#parts.stored.id, number, reports, attempt);
      if (!isHeard) abort.abort();
    });
    const running = { begun: frozen, attempt, abort, outbox, ended: Promise.withResolvers<void>() };
    this.#running.set(number, running);
    const chosen = Object.fromEntries(Object.entries(frozen.params).filter(([name]) => this.#isDeclared(name)));
    const host: TrialHost<P> = {
      suggest: (trial, name, parameter) => this.#suggest(trial, name, parameter),
      report: (trial, report) => this.#report(trial, report, running, rivals),
      setAttribute: (number, key, value) => this.storage.setTrialAttribute(this.#parts.stored.id, number, key, value),
      nest: (params) => this.#space.nest(params),
      explain: () => explanationOf(frozen.note, this.sampler.name, this.direction),
    };
    this.#view.put(frozen);
    const trial = new Trial(host, frozen, chosen, running.abort.signal);
    this.#events.emit("ask", { trial: this.#typed(frozen) });
    return trial;
  }

  #suggest(trial: Trial<P>, name: string, parameter: Parameter): ParamValue {
    if (this.#space.get(name) === undefined) this.#definedByRun.add(name);
    if (!(this.#isDeclared(name) && Object.hasOwn(trial.planned, name)))
      this.extend([{ name, path: [name], parameter, conditions: [] }]);
    const planned = trial.planned[name];
    if (planned !== undefined && parameter.contains(planned)) return planned;
    return parameter.default ?? parameter.decode(this.#rng.fork(trial.number).fork(name).next());
  }

  async #report(trial: Trial<P>, report: Report, { begun, outbox }: Running, rivals: number): Promise<boolean> {
    const { number } = trial;
    // Where trials before it are unknown, so is what became of it.
    const latest = () => this.#view.trials[number] ?? begun;
    const known = latest();
    if (known.attempt === trial.attempt && isFinal(known.state)) checkReportable(number, known.state, report);
    await outbox.push(report);
    this.#events.emit("report", { number, ...report });
    if (this.pruner === null) return false;
    // Trials before a finite bound had ended when this one began; elsewhere others have reported since.
    if (rivals === Number.POSITIVE_INFINITY) await within(this.#refreshSoon(), NEWS_MS);
    const space = this.#space as Space;
    const reports = [...trial.reports, report];
    const own = latest();
    // Other lanes look here, not at the storage, for what may not have arrived there yet.
    if (own.attempt === trial.attempt) this.#view.put({ ...own, reports });
    return this.pruner.shouldPrune({
      trial: this.#history.reported({ ...own, params: trial.flatParams, reports }, space),
      trials: this.#view.trials
        .filter((other) => other.number < rivals && other.number !== number)
        .map((other) => this.#history.reported(other, space)),
      rng: this.#rng.fork(number).fork("pruner").fork(report.step),
    });
  }

  /** A result that the objective returned in a wrong shape fails the trial rather than the study. */
  async #finishWith(trial: Trial<P>, outcome: () => ReturnType<typeof outcomeOf>): Promise<FrozenTrial<P>> {
    let checked: ReturnType<typeof outcomeOf>;
    try {
      checked = outcome();
    } catch (error) {
      checked = outcomeOfThrown(error, []);
    }
    const { trial: stored } = await this.#finish(trial.number, trial.attempt, checked, trial.flatParams);
    return this.#typed(stored);
  }

  async #finish(
    number: number,
    attempt: number | undefined,
    outcome: ReturnType<typeof outcomeOf>,
    params: FlatParams | undefined,
  ): Promise<Told> {
    await this.#storeSpace();
    const running = this.#running.get(number);
    const told = await this.storage.finishTrial(
      this.#parts.stored.id,
      number,
      { ...outcome, ...(params === undefined ? {} : { params }), finishedAt: this.#parts.clock() },
      {
        ...(attempt === undefined ? {} : { attempt }),
        reports: running?.outbox.unsent ?? [],
        since: this.#view.revision,
      },
    );
    this.#end(number);
    this.#toldNews = this.#apply(told.changes);
    this.#view.put(told.trial);
    const trial = this.#typed(told.trial);
    if (!told.accepted) this.#events.emit("late", { trial });
    else {
      this.#events.emit("tell", { trial });
      if (this.#view.best === told.trial) this.#events.emit("best", { trial });
    }
    return told;
  }

  async #release(trial: Trial<P>): Promise<void> {
    await this.#giveBack(trial.number, trial.attempt);
  }

  /** Gives back what was leased to this object by asks that failed: nobody runs it, and its leases would be renewed as those of the others are. */
  async #giveBackUnknown(): Promise<void> {
    const leases = await this.storage.leases(this.#parts.stored.id);
    const unknown = leases.filter(({ owner, number }) => owner === this.#owner && !this.#running.has(number));
    for (const { number, attempt } of unknown) await this.storage.releaseTrial(this.#parts.stored.id, number, attempt);
    this.#isInDoubt = false;
  }

  /** A storage that is away is not waited for long: the lease runs out by itself. */
  async #giveBack(number: number, attempt: number): Promise<void> {
    this.#running.get(number)?.abort.abort();
    this.#end(number);
    await within(this.storage.releaseTrial(this.#parts.stored.id, number, attempt), GIVE_BACK_MS);
    this.#events.emit("release", { number });
  }

  #end(number: number): void {
    const running = this.#running.get(number);
    running?.outbox.close();
    running?.ended.resolve();
    this.#running.delete(number);
  }

  /** A space that grew is stored before the first result that needs it, together with what other processes added. */
  async #storeSpace(): Promise<void> {
    if (this.#spaceStored) return;
    const stored = await this.storage.findStudy(this.name);
    if (stored !== null) this.extend(spaceFromJson(stored.space).dimensions);
    const attributes = { definedByRun: [...this.#definedByRun] };
    await this.storage.updateStudy(this.#parts.stored.id, { space: this.#space.toJSON(), attributes });
    this.#spaceStored = true;
  }

  async #refresh(): Promise<void> {
    await this.#view.refresh();
    this.#stopTaken();
  }

  async #refreshSoon(): Promise<void> {
    await this.#view.refreshSoon();
    this.#stopTaken();
  }

  #apply(changes: TrialChanges): boolean {
    const isTaken = this.#view.apply(changes);
    this.#stopTaken();
    return isTaken;
  }

  /** Stops what another worker has begun again: whatever comes of it here would be too late. */
  #stopTaken(): void {
    for (const [number, { attempt, abort }] of this.#running) {
      if ((this.#view.trials[number]?.attempt ?? 0) > attempt) abort.abort();
    }
  }

  #isDeclared(name: string): boolean {
    return this.#space.get(name) !== undefined && !this.#definedByRun.has(name);
  }

  #typed(trial: FrozenTrial): FrozenTrial<P> {
    return { ...trial, params: this.#space.nest(trial.params) };
  }
}

function asPlan(suggestion: Suggestion | null): TrialPlan | null {
  return suggestion === null ? null : { params: suggestion.params, note: suggestion.note ?? null };
}

/** Whether a plan is what the trial has already. */
function samePlan(plan: { readonly params: FlatParams }, waiting: FrozenTrial): boolean {
  const names = Object.keys(plan.params);
  return (
    names.length === Object.keys(waiting.params).length &&
    names.every((name) => Object.is(plan.params[name], waiting.params[name]))
  );
}

function sameDimension(a: Dimension, b: Dimension): boolean {
  const text = ({ parameter, conditions, path }: Dimension) => JSON.stringify([parameter.toJSON(), conditions, path]);
  return text(a) === text(b);
}

/** Parameters of a study that has no space yet: names with plain values. */
function checkFlat(params: object): FlatParams {
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && !["string", "number", "boolean"].includes(typeof value)) {
      throw new ValidationError(
        `A study without a declared space takes plain values, but ${show(name)} is ${show(value)}.`,
      );
    }
  }
  return { ...params } as FlatParams;
}
