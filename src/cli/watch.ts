/**
 * `assay watch`: a study as it goes on, whoever works on it. It reads only what changed, once a second, and holds up nobody. On a
 * terminal it redraws one region below the lines of what ended; elsewhere every event is one line.
 */
import { setTimeout } from "node:timers/promises";
import { NotFoundError, show } from "../errors.ts";
import type { Lease, StoredStudy, TrialChanges } from "../storage/storage.ts";
import { type FrozenTrial, isFinal } from "../trial/trial.ts";
import { atWork } from "./at-work.ts";
import type { Output } from "./progress.ts";
import { changesOf, eventLine, type Picture, region, type WatchEvent } from "./watch-view.ts";
import { type StorageOptions, studiesOf, withStorage } from "./with-storage.ts";

export interface WatchOptions extends StorageOptions {
  readonly study: string;
  readonly interval: number;
  readonly once: boolean;
  readonly json: boolean;
}

/** Shows the study until its budget is used up and all trials have ended. */
export async function watch(options: WatchOptions): Promise<void> {
  const { study: name, interval, once, json } = options;
  const view = json ? jsonView(process.stdout) : viewOf(process.stdout, process.env, once);
  await withStorage(options, async (storage, place) => {
    const { id } = (await studiesOf(storage, place, name))[0]!;
    let picture: Picture | null = null;
    let revision = 0;
    for (;;) {
      const before: Picture | null = picture;
      const [study, changes, leases]: [StoredStudy | null, TrialChanges, readonly Lease[]] = await Promise.all([
        storage.findStudy(name),
        storage.trialsSince(id, revision),
        storage.leases(id),
      ]);
      if (study === null) throw new NotFoundError(`The study ${show(name)} has been deleted.`);
      const trials: Map<number, FrozenTrial> = new Map(before?.trials);
      for (const trial of changes.trials) trials.set(trial.number, trial);
      revision = changes.revision;
      picture = { study, trials, running: atWork(leases, trials) };
      view.show(picture, before === null ? [] : changesOf(before, picture));
      const all = [...trials.values()];
      const isComplete = all.length >= (study.budget.trials ?? Number.POSITIVE_INFINITY);
      if (once || (isComplete && all.every(({ state }) => isFinal(state)))) break;
      await setTimeout(interval * 1000);
    }
    view.close();
  });
}

interface View {
  show(picture: Picture, events: readonly WatchEvent[]): void;
  close(): void;
}

function jsonView(output: Output): View {
  const write = (record: object) => output.write(`${JSON.stringify(record)}\n`);
  let isFirst = true;
  return {
    show({ study, trials, running }, events) {
      if (isFirst) write({ event: "study", study: study.name, trials: trials.size, budget: study.budget, running });
      isFirst = false;
      for (const event of events) write(event);
    },
    close: () => void write({ event: "end" }),
  };
}

function viewOf(output: Output, environment: Readonly<Record<string, string | undefined>>, once: boolean): View {
  const live = output.isTTY === true && environment.TERM !== "dumb" && !once;
  const colour = output.isTTY === true && environment.TERM !== "dumb" && !environment.NO_COLOR;
  const width = () => Math.max(40, output.columns || 80);
  let drawn = 0;
  let isFirst = true;
  return {
    show(picture, events) {
      if (live) {
        const lines = region(picture, { width: width() - 1, colour });
        // Up to the region's first line, and everything below it away.
        const erase = drawn === 0 ? "" : `\u001b[${drawn}A\r\u001b[J`;
        const ended = events
          .filter(({ event }) => event !== "began")
          .map((event) => eventLine(event, picture, width() - 1));
        output.write(`${erase}${[...ended, ...lines].map((line) => `${line}\n`).join("")}`);
        drawn = lines.length;
        return;
      }
      if (isFirst) output.write(`${region(picture, { width: width(), colour }).join("\n")}\n`);
      isFirst = false;
      for (const event of events) output.write(`${eventLine(event, picture, width())}\n`);
    },
    close() {},
  };
}
