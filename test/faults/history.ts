/**
 * Judges what happened. Every call that a worker made of its storage was written down as it began and as it returned, as the worker
 * saw it; from that, and from what the storage holds in the end, follows whether the contract was kept: nothing that was
 * acknowledged is lost, no trial had two workers or two results, no budget was overrun, nothing is left behind, and whoever asks
 * later sees no less. A call that never returned may have happened or not, so it excuses what it could explain, and no more.
 */
import type { Attempt, Budget, Owner } from "../../src/storage/storage.ts";
import { type FrozenTrial, isFinal, type Report, type TrialState } from "../../src/trial/trial.ts";

/** What a worker writes down; `at` is milliseconds of one clock that all workers share. */
export type Entry =
  | { readonly kind: "call"; readonly worker: string; readonly id: number; readonly at: number; readonly made: Made }
  | {
      readonly kind: "return";
      readonly worker: string;
      readonly id: number;
      readonly at: number;
      readonly got: unknown;
    }
  | { readonly kind: "error"; readonly worker: string; readonly id: number; readonly at: number; readonly code: string }
  | { readonly kind: "fault"; readonly worker: string; readonly at: number; readonly fault: "killed" | "stopped" };

/** A call with what of its arguments matters here. */
export type Made =
  | {
      readonly op: "create";
      readonly number: number;
      readonly state: TrialState;
      readonly call: string;
      readonly owner: Owner | null;
    }
  | { readonly op: "claim"; readonly call: string; readonly owner: Owner }
  | { readonly op: "report"; readonly number: number; readonly attempt?: number; readonly reports: readonly Report[] }
  | {
      readonly op: "finish";
      readonly number: number;
      readonly attempt?: number;
      readonly call: string;
      readonly value: number | null;
      readonly cost: number;
    }
  | { readonly op: "release"; readonly number: number; readonly attempt: number }
  | { readonly op: "sweep" }
  | { readonly op: "renew" }
  | { readonly op: "read"; readonly since: number };

/** What `create` and `claim` give, or null. */
export interface GotTrial {
  readonly number: number;
  readonly attempt: number;
  readonly state: TrialState;
}
export interface GotTold {
  readonly accepted: boolean;
  readonly revision: number;
}
export interface GotSwept {
  readonly requeued: readonly number[];
  readonly lost: readonly number[];
}
export interface GotChanges {
  readonly revision: number;
}

/** What the storage holds after the run. */
export interface Final {
  readonly trials: readonly FrozenTrial[];
  readonly attempts: readonly Attempt[];
  readonly budget: Budget;
  readonly graceMs: number;
  readonly retries: number;
}

export interface Rules {
  /** Whether renewals are in the history; if not, a worker that was neither killed nor stopped renews its leases in time. */
  readonly renewalsAreLogged: boolean;
  /** Whether all trials should have ended. */
  readonly isOver: boolean;
}

export interface Anomaly {
  readonly kind: "lost" | "double" | "stuck" | "wrong";
  readonly text: string;
}

/** A call with its return; `end` is infinite and `got` undefined where there was none. */
interface Done<M extends Made = Made> {
  readonly worker: string;
  readonly start: number;
  readonly end: number;
  readonly made: M;
  readonly got: unknown;
  readonly code: string | undefined;
}

/** By trial number. */
type Grants = ReadonlyMap<number, readonly Grant[]>;

/** An attempt that a worker was given. */
interface Grant extends GotTrial {
  readonly worker: string;
  readonly call: string;
  readonly owner: Owner | null;
  readonly start: number;
  readonly end: number;
}

export function checkHistory(entries: readonly Entry[], final: Final, rules: Rules): Anomaly[] {
  const calls = pair(entries);
  const faults = entries.filter((entry) => entry.kind === "fault");
  const grants = Map.groupBy(grantsOf(calls), ({ number }) => number);
  return [
    ...checkNumbers(calls, final),
    ...checkGrants(calls, [...grants.values()].flat(), final),
    ...checkRevocations(calls, grants, faults, final, rules),
    ...checkTells(calls, grants, final),
    ...checkReports(calls, grants, final),
    ...checkAttempts(final),
    ...checkBudget(calls, final),
    ...checkOrder(calls),
    ...(rules.isOver ? checkEnds(final) : []),
  ];
}

/** P2: numbers are 0 … n−1, each once, and rise in the order in which trials were made. */
function checkNumbers(calls: readonly Done[], { trials }: Final): Anomaly[] {
  const anomalies: Anomaly[] = [];
  trials.forEach((trial, i) => {
    if (trial.number !== i) anomalies.push(anomaly("lost", `the trial at place ${i} has number ${trial.number}`));
  });
  const created = new Map<number, string>();
  const made: { start: number; end: number; number: number }[] = [];
  for (const { made: it, got, start, end } of calls) {
    if (it.op !== "create" || !isTrial(got)) continue;
    const other = created.get(got.number);
    if (other !== undefined && other !== it.call)
      anomalies.push(anomaly("double", `number ${got.number} was given twice`));
    created.set(got.number, it.call);
    if (got.number >= trials.length)
      anomalies.push(anomaly("lost", `trial ${got.number} was created, and is not there`));
    made.push({ start, end, number: got.number });
  }
  return [...anomalies, ...inOrder(made, ({ number }) => number, true, "numbers")];
}

/** P3, P6: each attempt is given to one call, the storage has it on record, and has none that was given to nobody. */
function checkGrants(calls: readonly Done[], grants: readonly Grant[], { attempts, graceMs }: Final): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const given = new Map<string, Grant>();
  const kept = new Map(attempts.map((attempt) => [`${attempt.number}/${attempt.attempt}`, attempt]));
  for (const grant of grants) {
    const key = `${grant.number}/${grant.attempt}`;
    const other = given.get(key);
    if (other !== undefined && other.call !== grant.call)
      anomalies.push(anomaly("double", `attempt ${key} was given to ${other.worker} and to ${grant.worker}`));
    given.set(key, grant);
    if (kept.get(key)?.owner !== grant.owner)
      anomalies.push(anomaly("lost", `attempt ${key} was given to ${grant.worker}, and no record says so`));
  }
  // A call whose answer came not at all, or only when the lease it had taken may have run out, may have taken one in vain.
  const unanswered = new Set(
    calls.flatMap(({ made, start, end }) =>
      (made.op === "create" || made.op === "claim") && end - start >= graceMs ? [made.owner] : [],
    ),
  );
  for (const [key, { owner }] of kept) {
    if (!given.has(key) && !unanswered.has(owner))
      anomalies.push(anomaly("stuck", `attempt ${key} is on record, but was given to nobody`));
  }
  return anomalies;
}

/** P3, P4: an attempt ends only because its worker gave it back, was killed or stopped, or had not renewed its lease in time. */
function checkRevocations(
  calls: readonly Done[],
  grants: Grants,
  faults: readonly Extract<Entry, { kind: "fault" }>[],
  { attempts, graceMs }: Final,
  rules: Rules,
): Anomaly[] {
  const renewals = rules.renewalsAreLogged
    ? calls.filter(({ made, end }) => made.op === "renew" && end < Infinity)
    : [];
  const anomalies: Anomaly[] = [];
  const isExcused = (grant: Grant, until: number) =>
    faults.some(({ worker, at }) => worker === grant.worker && at <= until && at >= grant.start - graceMs);
  for (const { made, got, start, end } of calls) {
    if (made.op !== "sweep" || got === undefined) continue;
    const { requeued, lost } = got as GotSwept;
    for (const number of [...requeued, ...lost]) {
      // The attempt that it ended: the last one that was surely given before.
      const own = grants.get(number) ?? [];
      const grant = own.filter((it) => it.end <= start).sort((a, b) => b.attempt - a.attempt)[0];
      const isLast = grant !== undefined && !own.some((it) => it.attempt > grant.attempt && it.start < end);
      if (grant === undefined || !isLast || !wasHeld(grant, attempts)) continue;
      // Another one may have been given to a worker that never heard of it, and it is that one which the sweep ended.
      const isAnother = attempts.some(
        (it) =>
          it.number === number && it.attempt !== grant.attempt && (it.endedAt ?? -1) >= start && it.endedAt! <= end,
      );
      if (isAnother) continue;
      const leased = [grant, ...renewals.filter((it) => it.worker === grant.worker && it.end <= start)];
      const since = Math.max(...leased.map((it) => it.start));
      const isForced = rules.renewalsAreLogged ? end < since + graceMs : !isExcused(grant, end);
      if (isForced)
        anomalies.push(
          anomaly("double", `a sweep took trial ${number} from ${grant.worker}, whose lease was in force`),
        );
    }
  }
  // Where no sweep was seen to end it, one may have whose return was lost; but not while its worker lived and renewed.
  const releases = calls.filter(({ made }) => made.op === "release") as Done<Extract<Made, { op: "release" }>>[];
  const sweeps = calls.filter(({ made }) => made.op === "sweep");
  for (const next of [...grants.values()].flat()) {
    const before = grants.get(next.number)!.find((it) => it.attempt === next.attempt - 1);
    if (before === undefined) continue;
    const isReleased = releases.some(
      ({ made, start }) => made.number === next.number && made.attempt === before.attempt && start <= next.end,
    );
    const isSwept = sweeps.some(({ start, end }) => start <= next.end && end >= before.start);
    if (!isReleased && !(isSwept && (rules.renewalsAreLogged || isExcused(before, next.end))))
      anomalies.push(
        anomaly("double", `trial ${next.number} went from ${before.worker} to ${next.worker} without a cause`),
      );
  }
  return anomalies;
}

/** Whether a sweep ended this attempt, as the storage has it. */
function wasHeld({ number, attempt }: GotTrial, attempts: readonly Attempt[]): boolean {
  return attempts.some((it) => it.number === number && it.attempt === attempt && it.end !== "released");
}

/** P1, P3, P6: each result that was acknowledged is there, each trial has one, and it is that of its last attempt. */
function checkTells(calls: readonly Done[], grants: Grants, { trials, attempts }: Final): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const tells = new Map<number, Done<Extract<Made, { op: "finish" }>>[]>();
  for (const call of calls) {
    if (call.made.op !== "finish") continue;
    const { number } = call.made;
    tells.set(number, [...(tells.get(number) ?? []), call as Done<Extract<Made, { op: "finish" }>>]);
  }
  for (const [number, told] of tells) {
    const trial = trials[number];
    const own = grants.get(number) ?? [];
    const accepted = told.filter(({ got }) => (got as GotTold | undefined)?.accepted === true);
    if (new Set(accepted.map(({ made }) => made.call)).size > 1)
      anomalies.push(anomaly("double", `trial ${number} accepted ${accepted.length} results`));
    for (const { made, start, end } of accepted) {
      if (trial === undefined || !isFinal(trial.state) || !Object.is(trial.value, made.value))
        anomalies.push(
          anomaly("lost", `trial ${number} was told ${made.value}, but has ${trial?.state} ${trial?.value}`),
        );
      const later = own.find((it) => it.attempt > (made.attempt ?? Infinity) && it.end <= start);
      if (later !== undefined)
        anomalies.push(
          anomaly(
            "double",
            `trial ${number} took the result of attempt ${made.attempt} after ${later.attempt} had begun`,
          ),
        );
      if (own.some((it) => it.start >= end && it.state === "running"))
        anomalies.push(anomaly("double", `trial ${number} was given out after it had ended`));
    }
    for (const { made, got } of told) {
      if (got === undefined || (got as GotTold).accepted) continue;
      const late = attempts.find((it) => it.number === number && it.attempt === made.attempt)?.late;
      const isOther = told.some((it) => it.made.attempt === made.attempt && it.made.call !== made.call);
      if (!isOther && !Object.is(late?.value, made.value))
        anomalies.push(anomaly("lost", `the late result ${made.value} of trial ${number} is not kept`));
    }
    const possible = told.filter(({ got }) => got === undefined || (got as GotTold).accepted);
    if (trial !== undefined && trial.value !== null && !possible.some(({ made }) => Object.is(made.value, trial.value)))
      anomalies.push(anomaly("wrong", `trial ${number} has the value ${trial.value}, which nobody told it`));
  }
  for (const { number, value } of trials) {
    if (value !== null && !tells.has(number))
      anomalies.push(anomaly("wrong", `trial ${number} has a value that nobody told`));
  }
  return anomalies;
}

/** P1, P3: what the attempt reported whose result the trial has is there with it, each step once, and nothing of earlier ones. */
function checkReports(calls: readonly Done[], grants: Grants, { trials }: Final): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const winners = new Map<number, number>();
  for (const { made, got } of calls) {
    if (made.op === "finish" && (got as GotTold | undefined)?.accepted && made.attempt !== undefined)
      winners.set(made.number, made.attempt);
  }
  for (const { made, got, start } of calls) {
    if (made.op !== "report" || got !== true) continue;
    const { number, attempt = Infinity } = made;
    if (grants.get(number)?.some((it) => it.attempt > attempt && it.end <= start))
      anomalies.push(
        anomaly("double", `trial ${number} took a report of attempt ${attempt}, which another one had followed`),
      );
    if (winners.get(made.number) !== made.attempt) continue;
    const kept = trials[made.number]?.reports ?? [];
    for (const { step, value } of made.reports) {
      if (!kept.some((it) => it.step === step && Object.is(it.value, value)))
        anomalies.push(
          anomaly("lost", `trial ${made.number} was reported ${value} at step ${step}, which is not there`),
        );
    }
  }
  for (const { number, reports } of trials) {
    if (new Set(reports.map(({ step }) => step)).size < reports.length)
      anomalies.push(anomaly("double", `trial ${number} has a step twice`));
  }
  return anomalies;
}

/** P3: attempts are 1 … k, at most the last one lasts, and a trial is retried so often and no more. */
function checkAttempts({ trials, attempts, retries }: Final): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const byTrial = Map.groupBy(attempts, ({ number }) => number);
  for (const trial of trials) {
    const own = byTrial.get(trial.number) ?? [];
    const told = own.filter(({ end }) => end === "told");
    const open = own.filter(({ end }) => end === null);
    const losses = own.filter(({ end }) => end === "lapsed" || end === "died").length;
    const name = `trial ${trial.number} (${trial.state})`;
    if (own.some(({ attempt }, i) => attempt !== i + 1) || own.length !== trial.attempt)
      anomalies.push(anomaly("lost", `${name} is at attempt ${trial.attempt}, but has records of ${own.length}`));
    if (told.length > 1) anomalies.push(anomaly("double", `${name} has ${told.length} attempts that told`));
    if (open.length !== (trial.state === "running" ? 1 : 0))
      anomalies.push(anomaly("wrong", `${name} has ${open.length} attempts that last`));
    // A result that came after the last loss makes its attempt one that told.
    if (trial.state === "lost" && losses !== retries + 1)
      anomalies.push(anomaly("lost", `${name} was given up after ${losses} losses`));
    if (losses > retries + 1) anomalies.push(anomaly("wrong", `${name} was lost ${losses} times`));
  }
  return anomalies;
}

/** P8: no more trials than the budget has, and none that began after its cost was spent. */
function checkBudget(calls: readonly Done[], { trials, budget }: Final): Anomaly[] {
  const anomalies: Anomaly[] = [];
  if (budget.trials !== undefined && trials.length > budget.trials)
    anomalies.push(anomaly("double", `there are ${trials.length} trials, of a budget of ${budget.trials}`));
  if (budget.cost === undefined) return anomalies;
  let spent = 0;
  const told = calls
    .filter((call) => call.made.op === "finish" && (call.got as GotTold | undefined)?.accepted === true)
    .sort((a, b) => a.end - b.end);
  const seen = new Set<number>();
  for (const { made, end } of told) {
    if (made.op !== "finish" || seen.has(made.number)) continue;
    seen.add(made.number);
    spent += made.cost;
    if (spent < budget.cost) continue;
    const late = calls.find(
      (call) => (call.made.op === "create" || call.made.op === "claim") && call.start >= end && isFresh(call, calls),
    );
    if (late !== undefined)
      anomalies.push(
        anomaly("double", `${late.worker} began a trial after the budget's cost of ${budget.cost} was spent`),
      );
    break;
  }
  return anomalies;
}

/** Whether a call gave a trial for the first time. */
function isFresh({ made, got, start }: Done, calls: readonly Done[]): boolean {
  if ((made.op !== "create" && made.op !== "claim") || !isTrial(got)) return false;
  return !calls.some((it) => it.start < start && "call" in it.made && it.made.call === made.call);
}

/** What one call was told of the study's revision, no later call may know less of. */
function checkOrder(calls: readonly Done[]): Anomaly[] {
  const seen = calls.flatMap(({ made, got, start, end }) =>
    (made.op === "read" || made.op === "finish") && got !== undefined
      ? [{ start, end, revision: (got as GotChanges).revision }]
      : [],
  );
  return inOrder(seen, ({ revision }) => revision, false, "revisions");
}

/** What began after another had returned has a larger mark, or where it is not strict, none smaller. */
function inOrder<T extends { readonly start: number; readonly end: number }>(
  items: readonly T[],
  markOf: (item: T) => number,
  isStrict: boolean,
  what: string,
): Anomaly[] {
  const byStart = [...items].sort((a, b) => a.start - b.start);
  const byEnd = [...items].sort((a, b) => a.end - b.end);
  let most = Number.NEGATIVE_INFINITY;
  let ended = 0;
  for (const item of byStart) {
    for (; ended < byEnd.length && byEnd[ended]!.end < item.start; ended++)
      most = Math.max(most, markOf(byEnd[ended]!));
    const mark = markOf(item);
    if (isStrict ? mark <= most : mark < most) return [anomaly("wrong", `${what} went back from ${most} to ${mark}`)];
  }
  return [];
}

/** P4: nothing runs or waits for ever. */
function checkEnds({ trials, budget }: Final): Anomaly[] {
  const spent = trials.reduce((sum, { cost = 0 }) => sum + cost, 0);
  // What waits when the budget of cost is spent waits until it is raised.
  const mayWait = budget.cost !== undefined && spent >= budget.cost;
  return trials
    .filter(({ state }) => !isFinal(state) && !(state === "waiting" && mayWait))
    .map(({ number, state }) => anomaly("stuck", `trial ${number} is left ${state}`));
}

function grantsOf(calls: readonly Done[]): Grant[] {
  return calls.flatMap(({ worker, start, end, made, got }) =>
    (made.op === "create" || made.op === "claim") && isTrial(got) && got.attempt > 0
      ? [{ ...got, worker, start, end, call: made.call, owner: made.owner }]
      : [],
  );
}

function isTrial(got: unknown): got is GotTrial {
  return typeof got === "object" && got !== null && "attempt" in got;
}

/** Calls with their returns. */
function pair(entries: readonly Entry[]): Done[] {
  const ends = new Map<string, Extract<Entry, { kind: "return" | "error" }>>();
  for (const entry of entries) {
    if (entry.kind === "return" || entry.kind === "error") ends.set(`${entry.worker} ${entry.id}`, entry);
  }
  return entries.flatMap((entry) => {
    if (entry.kind !== "call") return [];
    const end = ends.get(`${entry.worker} ${entry.id}`);
    return [
      {
        worker: entry.worker,
        start: entry.at,
        end: end?.at ?? Number.POSITIVE_INFINITY,
        made: entry.made,
        got: end?.kind === "return" ? end.got : undefined,
        code: end?.kind === "error" ? end.code : undefined,
      },
    ];
  });
}

function anomaly(kind: Anomaly["kind"], text: string): Anomaly {
  return { kind, text };
}
