/** How `assay watch` shows a study: what happened between two looks at it, and the lines of its region on a terminal. */
import { sparkline } from "../chart/terminal.ts";
import type { StoredStudy } from "../storage/storage.ts";
import { type FrozenTrial, isFinal } from "../trial/trial.ts";
import { type AtWork, leaseText } from "./at-work.ts";
import { bestOf, bestText, countStates, duration, short } from "./figures.ts";
import { printable } from "./printable.ts";

/** A study at one moment. */
export interface Picture {
  readonly study: StoredStudy;
  readonly trials: ReadonlyMap<number, FrozenTrial>;
  readonly running: readonly AtWork[];
}

export interface WatchEvent {
  /** `requeued`: it waits again, given back or because its worker is gone. */
  readonly event: "began" | "ended" | "requeued";
  readonly number: number;
  readonly attempt: number;
  readonly state: FrozenTrial["state"];
  readonly value: number | null;
  readonly worker: string | null;
  readonly error: string | null;
}

/** What happened between two looks. A trial that began and ended in between has only ended. */
export function changesOf(before: Picture, after: Picture): readonly WatchEvent[] {
  return [...after.trials.values()].flatMap((trial) => {
    const earlier = before.trials.get(trial.number);
    const isSame = earlier?.state === trial.state && earlier.attempt === trial.attempt;
    if (isSame || (trial.state === "waiting" && earlier === undefined)) return [];
    const { number, attempt, state, value, attributes, error } = trial;
    const event = isFinal(state) ? "ended" : state === "running" ? "began" : "requeued";
    const worker = typeof attributes.worker === "string" ? attributes.worker : null;
    return [{ event, number, attempt, state, value, worker, error: error?.message ?? null } as const];
  });
}

export function eventLine(
  { event, number, attempt, state, value, worker, error }: WatchEvent,
  picture: Picture,
  width: number,
): string {
  const by = worker === null ? "" : ` on ${worker}`;
  const again = attempt > 1 ? `, attempt ${attempt}` : "";
  const what = {
    began: `trial ${number} began${by}${again}`,
    requeued: `trial ${number} waits again${by === "" ? "" : `; it was${by}`}`,
    ended: `trial ${number} ${state}${value === null ? "" : ` ${short(value)}`}${by}${again}`,
  }[event];
  const why = error === null ? "" : `: ${error.split("\n")[0]}`;
  return fit(`${what} (${progress(picture)})${why}`, width);
}

const TOP = 5;
const RUNNING = 8;

/** The lines of the region, none longer than `width`. */
export function region(
  picture: Picture,
  { width, colour }: { readonly width: number; readonly colour: boolean },
): string[] {
  const { study, running } = picture;
  const trials = [...picture.trials.values()].sort((a, b) => a.number - b.number);
  const best = bestOf(trials, study.direction);
  const states = Object.entries(countStates(trials)).map(([state, count]) => `${count} ${state}`);
  const left = running.length === 0 ? null : leftMs(trials, study.budget.trials);
  const head = `${study.name}  ${progress(picture)}  ${[...states, ...(left === null ? [] : [`${duration(left)} left`])].join(", ")}`;
  const score = `${study.direction} ${study.attributes.metric ?? "value"}: ${bestText(best)}`;
  const bests = bestSoFar(trials, study);
  const room = Math.min(30, width - score.length - 2);
  const bold = (text: string) => (colour ? `\u001b[1m${text}\u001b[22m` : text);
  const sign = study.direction === "minimize" ? 1 : -1;
  const top = trials
    .filter(({ state, value }) => state === "completed" && Number.isFinite(value))
    .sort((a, b) => sign * (a.value! - b.value!) || a.number - b.number)
    .slice(0, TOP)
    .map(
      ({ number, value, params }, i) =>
        `  ${i + 1}.  ${short(value!).padEnd(12)} trial ${String(number).padEnd(6)} ${paramsText(params)}`,
    );
  const ages = [...running].sort((a, b) => b.runsForMs - a.runsForMs);
  const workers = ages.slice(0, RUNNING).map(({ number, attempt, worker, runsForMs, leaseMs }) => {
    const again = attempt > 1 ? `, attempt ${attempt}` : "";
    return `  trial ${String(number).padEnd(6)} ${duration(runsForMs).padEnd(12)} lease ${leaseText(leaseMs).padEnd(16)} ${worker}${again}`;
  });
  return [
    bold(fit(head, width)),
    fit(room > 3 && bests.length > 1 ? `${score}  ${sparkline(bests, { width: room })}` : score, width),
    ...(top.length === 0 ? [] : ["best trials", ...top.map((line) => fit(line, width))]),
    ...(workers.length === 0 ? [] : ["running", ...workers.map((line) => fit(line, width))]),
    ...(ages.length > RUNNING ? [`  and ${ages.length - RUNNING} more: assay workers`] : []),
  ];
}

function progress({ study, trials }: Picture): string {
  const ended = [...trials.values()].filter(({ state }) => isFinal(state)).length;
  return study.budget.trials === undefined ? `${ended} ended` : `${ended} of ${study.budget.trials}`;
}

/** From how fast the last twenty trials came to their ends, several at a time as they may have run. */
function leftMs(trials: readonly FrozenTrial[], budget: number | undefined): number | null {
  const ended = trials
    .flatMap(({ startedAt, finishedAt }) =>
      startedAt === null || finishedAt === null ? [] : [{ startedAt, finishedAt }],
    )
    .sort((a, b) => a.finishedAt - b.finishedAt);
  const last = ended.slice(-20);
  const done = trials.filter(({ state }) => isFinal(state)).length;
  if (budget === undefined || done >= budget || last.length === 0) return null;
  const from = Math.min(...last.map(({ startedAt }) => startedAt));
  return ((last.at(-1)!.finishedAt - from) / last.length) * (budget - done);
}

function bestSoFar(trials: readonly FrozenTrial[], { direction }: StoredStudy): (number | null)[] {
  let best: number | null = null;
  return trials
    .filter(({ state }) => state === "completed")
    .map(({ value }) => {
      const isBetter = best === null || (direction === "minimize" ? value! < best : value! > best);
      if (Number.isFinite(value) && isBetter) best = value;
      return best;
    });
}

function paramsText(params: FrozenTrial["params"]): string {
  return Object.entries(params)
    .map(([name, value]) => `${name}=${typeof value === "number" ? short(value) : value}`)
    .join(" ");
}

/** One line without what a terminal would obey, cut where it is too long. */
function fit(text: string, width: number): string {
  const line = printable(text).replaceAll(/[\n\t]/g, " ");
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
