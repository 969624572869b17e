/**
 * What is seen while the program runs. In a terminal: one region at the bottom that is redrawn in place, a line for each
 * search with a bar and its best value so far, and a line for what runs now and how long the rest will take. Elsewhere (a
 * file, a pipe, a build log): one line for each event, and nothing that moves.
 */

/** One search, as the progress shows it. */
export interface Step {
  readonly title: string;
  /** Trials in all. */
  readonly trials: number;
  /** Trainings of one trial: under k-fold cross-validation, k. */
  readonly trainings: number;
  /** How long a trial takes, compared with those of other steps. */
  readonly effort: number;
}

export interface Ended {
  /** Trials of the step that have ended, this one and those of earlier runs included. */
  readonly done: number;
  /** Null for a trial that failed. */
  readonly value: number | null;
  readonly best: number | null;
}

export interface Progress {
  /** A step begins, with so many trials done by an earlier run. */
  begin(step: number, done: number, best: number | null): void;
  /** An epoch of a training of trial `trial` ended. */
  epoch(step: number, trial: number, epoch: number, epochs: number): void;
  ended(step: number, trial: number, ended: Ended): void;
  /** A line that stays, above the region. */
  say(line: string): void;
  /** Draws a last time and leaves the lines standing. */
  close(): void;
}

export interface ProgressOptions {
  readonly steps: readonly Step[];
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds. */
  readonly now: () => number;
}

export function createProgress(options: ProgressOptions): Progress {
  const live = options.stream.isTTY === true && options.environment.TERM !== "dumb";
  return live ? liveProgress(options) : lineProgress(options);
}

/** Redrawing more often than this is work that nobody sees. */
const REDRAW_MS = 100;

/** Of many searches the neighbours of the one that runs are shown, so that the region fits any terminal. */
const STEPS_SHOWN = 6;

const CURSOR_HIDE = "\x1b[?25l";
const CURSOR_SHOW = "\x1b[?25h";
/** Between these a terminal that knows them shows nothing half-drawn; others ignore them. */
const UPDATE_BEGIN = "\x1b[?2026h";
const UPDATE_END = "\x1b[?2026l";
const CLEAR_RIGHT = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

interface StepState {
  done: number;
  best: number | null;
  state: "waiting" | "running" | "finished";
}

function liveProgress({ steps, stream, environment, now }: ProgressOptions): Progress {
  const states: StepState[] = steps.map(() => ({ done: 0, best: null, state: "waiting" }));
  const colour = !environment.NO_COLOR;
  const clock = stopwatch(steps, now);
  let running: { readonly trial: number; readonly epoch: number; readonly epochs: number } | null = null;
  let drawn = 0;
  let lastDraw = Number.NEGATIVE_INFINITY;

  function region(): string[] {
    const width = Math.min(stream.columns ?? 80, 100) - 1;
    const at = states.findLastIndex(({ state }) => state !== "waiting");
    const first = Math.max(0, Math.min(at - 2, steps.length - STEPS_SHOWN));
    const lines = steps
      .slice(first, first + STEPS_SHOWN)
      .map((step, index) => stepLine(step, states[first + index]!, width, colour));
    if (steps.length > STEPS_SHOWN) lines.push(dim(`search ${at + 1} of ${steps.length}`, colour));
    if (states[at]?.state === "running") {
      const epoch = running === null ? "" : `trial ${running.trial}, epoch ${running.epoch} of ${running.epochs}`;
      lines.push(dim(pad(`  ${epoch}`, clock.text(states), width), colour));
    }
    return lines;
  }

  function draw(above = ""): void {
    lastDraw = now();
    const lines = region();
    const up = drawn === 0 ? "" : `\x1b[${drawn}A`;
    const body = lines.map((line) => `${line}${CLEAR_RIGHT}\n`).join("");
    const said = above === "" ? "" : `${above}${CLEAR_RIGHT}\n`;
    stream.write(`${UPDATE_BEGIN}${CURSOR_HIDE}${up}\r${said}${body}${CLEAR_BELOW}${UPDATE_END}`);
    drawn = lines.length;
  }

  function drawSoon(): void {
    if (now() - lastDraw >= REDRAW_MS) draw();
  }

  return {
    begin(step, done, best) {
      for (const state of states) if (state.state === "running") state.state = "finished";
      states[step] = { done, best, state: done >= steps[step]!.trials ? "finished" : "running" };
      running = null;
      clock.begin(step, done);
      draw();
    },
    epoch(_, trial, epoch, epochs) {
      running = { trial, epoch, epochs };
      drawSoon();
    },
    ended(step, _, { done, best }) {
      const state = done >= steps[step]!.trials ? "finished" : "running";
      states[step] = { done, best, state };
      if (state === "finished") draw();
      else drawSoon();
    },
    say: (line) => draw(line),
    close() {
      draw();
      stream.write(CURSOR_SHOW);
    },
  };
}

function stepLine(step: Step, { done, best, state }: StepState, width: number, colour: boolean): string {
  const count = `${String(done).padStart(String(step.trials).length)}/${step.trials}`;
  const found = best === null ? "" : `best ${best.toFixed(4)}`;
  const right = `${count}  ${found.padEnd(11)}`;
  const bar = Math.min(20, width - right.length - 24);
  const title = fitText(step.title, width - right.length - Math.max(bar, 0) - 4);
  const filled = Math.max(0, Math.round((bar * done) / step.trials));
  const drawnBar = bar < 4 ? "" : `${"█".repeat(filled)}${"░".repeat(bar - filled)}`;
  const text = `${title.padEnd(width - right.length - drawnBar.length - 4)}  ${drawnBar}  ${right}`;
  return state === "waiting" ? dim(text, colour) : state === "running" ? bold(text, colour) : text;
}

function lineProgress({ steps, stream, now }: ProgressOptions): Progress {
  const states: StepState[] = steps.map(() => ({ done: 0, best: null, state: "waiting" }));
  const clock = stopwatch(steps, now);
  const write = (line: string) => stream.write(`${line}\n`);
  return {
    begin(step, done, best) {
      states[step] = { done, best, state: "running" };
      clock.begin(step, done);
      const { title, trials, trainings } = steps[step]!;
      const each = trainings === 1 ? "" : `, ${trainings} trainings each`;
      write(`${title}: ${trials} trials${each}${done === 0 ? "" : `, ${done} of them done before`}`);
    },
    epoch() {},
    ended(step, trial, { done, value, best }) {
      states[step] = { done, best, state: "running" };
      const outcome = value === null ? "failed" : `value ${value.toFixed(4)}`;
      const found = best === null ? "" : `, best ${best.toFixed(4)}`;
      write(`  trial ${trial}: ${outcome}${found}, ${done} of ${steps[step]!.trials}, ${clock.text(states)}`);
    },
    say: write,
    close() {},
  };
}

/** Estimates the time left from what this process has done and what is still to come, each trial by its effort. */
function stopwatch(steps: readonly Step[], now: () => number) {
  const started = now();
  /** Trials that earlier runs had done, of the steps that have begun. */
  const before = steps.map(() => 0);
  const efforts = (counts: readonly number[]) => counts.reduce((sum, count, i) => sum + count * steps[i]!.effort, 0);
  return {
    begin(step: number, done: number): void {
      before[step] = done;
    },
    text(states: readonly StepState[]): string {
      const elapsed = now() - started;
      const done = states.map((state) => state.done);
      const made = done.reduce((sum, count, i) => sum + count - before[i]!, 0);
      // A few trials say little about the rest.
      if (made < 3) return `${minutes(elapsed)} so far`;
      const left = efforts(steps.map(({ trials }, i) => trials - done[i]!));
      const share = left / (efforts(done) - efforts(before));
      return `${minutes(elapsed)} so far, about ${minutes(elapsed * share)} left`;
    },
  };
}

/** 75000 → "1:15", 4000000 → "1:06:40". */
export function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${hours > 0 ? two(Math.floor(seconds / 60) % 60) : Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

function pad(left: string, right: string, width: number): string {
  return `${fitText(left, width - right.length - 2).padEnd(width - right.length)}${right}`;
}

function fitText(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function bold(text: string, colour: boolean): string {
  return colour ? `\x1b[1m${text}\x1b[22m` : text;
}

function dim(text: string, colour: boolean): string {
  return colour ? `\x1b[2m${text}\x1b[22m` : text;
}
