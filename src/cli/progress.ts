/**
 * What is seen while `assay run` or `assay worker` works. On a terminal: a line for each trial that ended, and below them one line that is redrawn in
 * place. Elsewhere: a line for each trial that begins or ends, and nothing that moves. With `json`: every event as a JSON line.
 */
import { sparkline } from "../chart/terminal.ts";
import type { Clock } from "../storage/clock.ts";
import type { Study } from "../study/study.ts";
import { type FrozenTrial, isFinal } from "../trial/trial.ts";
import { bestText, duration, short } from "./figures.ts";
import { printable } from "./printable.ts";

/** The part of a stream that is needed here. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  readonly output: Output;
  readonly json: boolean;
  /** Trials in all; null for one worker of many, which shows its own trials only. */
  readonly budget: number | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

export interface Progress {
  /** Something the user should know. */
  say(message: string): void;
  /** Ends it, and gives the terminal back. */
  close(): void;
}

type Trial = FrozenTrial<unknown>;

/** How events are shown. */
interface View extends Progress {
  began(trial: Trial): void;
  reported(report: { readonly number: number; readonly step: number; readonly value: number }): void;
  ended(trial: Trial, best: Trial | null): void;
  released(number: number): void;
  /** Something else became of a trial. */
  noted(event: string, number: number, text: string): void;
}

/** Shows what happens in a study from now on. */
export async function followStudy(study: Study, options: ProgressOptions): Promise<Progress> {
  // The best of many workers' trials is more than one of them knows.
  const isAlone = options.budget !== null;
  const before = isAlone ? await study.trials() : [];
  let best: Trial | null = isAlone ? await study.best() : null;
  const view = options.json ? jsonView(options) : lineView(before, best, options);
  const offs = [
    study.on("ask", ({ trial }) => view.began(trial)),
    study.on("report", (report) => view.reported(report)),
    study.on("tell", ({ trial }) => {
      if (isAlone && trial.state === "completed" && isBetter(trial, best, study.direction)) best = trial;
      view.ended(trial, best);
    }),
    study.on("release", ({ number }) => view.released(number)),
    study.on("requeue", ({ number }) => view.noted("requeue", number, "waits again, for its worker is gone")),
    study.on("lost", ({ number }) => view.noted("lost", number, "is lost: its workers were gone too often")),
    study.on("late", ({ trial: { number } }) => {
      view.noted("late", number, "had a result here, but was another worker's already; it is kept beside the trial");
    }),
    study.on("warning", ({ message }) => view.say(message)),
  ];
  return {
    say: (message) => view.say(message),
    close() {
      for (const off of offs) off();
      view.close();
    },
  };
}

function isBetter(trial: Trial, best: Trial | null, direction: Study["direction"]): boolean {
  if (best === null) return true;
  return direction === "minimize" ? trial.value! < best.value! : trial.value! > best.value!;
}

function jsonView({ output, budget }: ProgressOptions): View {
  const write = (event: string, rest: object) => output.write(`${JSON.stringify({ event, ...rest })}\n`);
  return {
    began: ({ number, params }) => write("ask", { number, params }),
    reported: (report) => write("report", report),
    ended: ({ number, state, value, metrics, error }, best) =>
      write("tell", {
        ...{ number, state, value, metrics, error: error?.message ?? null },
        ...(budget === null ? {} : { best: best?.number ?? null }),
      }),
    released: (number) => write("release", { number }),
    noted: (event, number) => write(event, { number }),
    say: (message) => write("message", { message }),
    close() {},
  };
}

const ERASE_LINE = "\r\u001b[2K";
const COLOURS = { completed: 32, pruned: 33, failed: 31 } as const;

function lineView(before: readonly Trial[], incumbent: Trial | null, options: ProgressOptions): View {
  const { output, budget, environment, clock } = options;
  const live = output.isTTY === true && environment.TERM !== "dumb";
  const coloured = live && !environment.NO_COLOR;
  const width = Math.max(20, (output.columns || 80) - 1);
  const startedAt = clock();
  const known = before.filter(({ state }) => isFinal(state)).length;
  const running = new Map<number, number>();
  const bests: (number | null)[] = [];
  let best = incumbent;
  let count = known;

  function status(): string {
    const perTrial = (clock() - startedAt) / (count - known);
    const oldest = Math.min(...running.values());
    const parts = [
      ...(budget === null ? [`${count} done here`] : [`${count} of ${budget}`, bestText(best)]),
      ...(running.size === 0 ? [] : [`${running.size} running (${duration(clock() - oldest)})`]),
      ...(budget !== null && count > known && count < budget ? [`${duration(perTrial * (budget - count))} left`] : []),
    ];
    const text = parts.join("  ").slice(0, width);
    const room = Math.min(20, width - text.length - 2);
    return room > 3 && bests.length > 1 ? `${text}  ${sparkline(bests, { width: room })}` : text;
  }
  const redraw = () => void (live && output.write(ERASE_LINE + status()));
  const line = (text: string) => {
    output.write(`${live ? ERASE_LINE : ""}${text}\n`);
    redraw();
  };
  const timer = live ? setInterval(redraw, 1000) : undefined;
  timer?.unref();
  redraw();

  return {
    began({ number, params }) {
      running.set(number, clock());
      if (live) redraw();
      else line(`trial ${number} began: ${JSON.stringify(params)}`);
    },
    reported() {},
    ended(trial, incumbent) {
      const { number, state, value, error, startedAt: from, finishedAt } = trial;
      running.delete(number);
      count++;
      best = incumbent;
      bests.push(best?.value ?? null);
      const shown = coloured ? `\u001b[${COLOURS[state as keyof typeof COLOURS]}m${state}\u001b[0m` : state;
      const took = from === null || finishedAt === null ? "" : ` in ${duration(finishedAt - from)}`;
      const result = value === null ? "" : ` ${short(value)}`;
      const why = error === null ? "" : `: ${indent(printable(error.message))}`;
      line(
        `trial ${number} ${shown}${result}${took}${live || budget === null ? "" : ` (${count} of ${budget}, ${bestText(best)})`}${why}`,
      );
    },
    released(number) {
      running.delete(number);
      redraw();
    },
    noted(_event, number, text) {
      running.delete(number);
      line(`trial ${number} ${text}`);
    },
    say: (message) => line(printable(message)),
    close() {
      clearInterval(timer);
      if (live) output.write(ERASE_LINE);
    },
  };
}

/** Further lines of a message stand under the first. */
function indent(text: string): string {
  return text.trim().replaceAll("\n", "\n    ");
}
