import { describe, expect, test } from "vitest";
import { createProgress, minutes } from "../../../examples/fraud-detection/progress.ts";

const STEPS = [
  {
    title: "A search with a title that is much too long for its place in the line",
    trials: 30,
    trainings: 1,
    effort: 1,
  },
  { title: "Grid search", trials: 36, trainings: 3, effort: 1 },
];

/** A progress on a stream that keeps what is written, at a time that the test sets. */
function recorded(stream: { readonly isTTY?: boolean; readonly columns?: number }, environment = {}) {
  const written: string[] = [];
  const clock = { now: 0 };
  const progress = createProgress({
    steps: STEPS,
    stream: { ...stream, write: (text) => written.push(text) },
    environment,
    now: () => clock.now,
  });
  return { progress, clock, written };
}

const ESC = "\x1b";
const TOKEN = new RegExp(`${ESC}\\[\\??\\d*[A-Za-z]|[^${ESC}]`, "g");
const STYLE = new RegExp(`${ESC}\\[\\d*m`, "g");

/** What a terminal shows after these writes: as much of it as the progress uses. */
function screen(written: readonly string[]): string[] {
  const lines = [""];
  let row = 0;
  let column = 0;
  for (const [token] of written.join("").matchAll(TOKEN)) {
    if (token === "\n") {
      row++;
      column = 0;
      lines[row] ??= "";
    } else if (token === "\r") column = 0;
    else if (token === `${ESC}[K`) lines[row] = lines[row]!.slice(0, column);
    else if (token === `${ESC}[J`) lines.length = row + 1;
    else if (token.startsWith(`${ESC}[`) && token.endsWith("A")) row -= Number(token.slice(2, -1));
    else if (!token.startsWith(ESC)) {
      lines[row] = lines[row]!.slice(0, column) + token + lines[row]!.slice(column + 1);
      column++;
    }
  }
  return lines;
}

describe("in a terminal", () => {
  test("a region of a line for each search is redrawn in place, with what runs and the time left", () => {
    const { progress, clock, written } = recorded({ isTTY: true, columns: 80 });
    progress.begin(0, 0, null);
    for (let trial = 0; trial < 10; trial++) {
      clock.now += 1000;
      progress.epoch(0, trial, 7, 50);
      progress.ended(0, trial, { done: trial + 1, value: 0.5, best: 0.5 });
    }
    clock.now += 1000;
    progress.epoch(0, 10, 3, 100);
    const lines = screen(written);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^A search with a title that is much t… {2}███████░{13} {2}10\/30 {2}best 0\.5000$/);
    expect(lines[1]).toMatch(/^Grid search +░{20} {3}0\/36 *$/);
    expect(lines[2]).toMatch(/^ {2}trial 10, epoch 3 of 100 +0:11 so far, about 1:02 left$/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(80);
  });

  test("is not redrawn more often than ten times a second", () => {
    const { progress, clock, written } = recorded({ isTTY: true, columns: 80 });
    progress.begin(0, 0, null);
    for (let epoch = 1; epoch <= 1000; epoch++) {
      clock.now++;
      progress.epoch(0, 0, epoch, 1000);
    }
    expect(written.length).toBeLessThanOrEqual(11);
  });

  test("keeps what is said above the region", () => {
    const { progress, written } = recorded({ isTTY: true, columns: 80 });
    progress.begin(0, 0, null);
    progress.say("Finishing.");
    progress.close();
    expect(screen(written).map((line) => line.slice(0, 10))).toEqual([
      "Finishing.",
      "A search w",
      "Grid searc",
      "          ",
      "",
    ]);
  });

  test.each([40, 60, 80, 200])("of %i columns no line is broken", (columns) => {
    const { progress, written } = recorded({ isTTY: true, columns });
    progress.begin(0, 29, 0.9);
    progress.epoch(0, 29, 199, 200);
    progress.ended(0, 29, { done: 30, value: 0.9, best: 0.9 });
    progress.begin(1, 0, null);
    expect(Math.max(...screen(written).map((line) => line.length))).toBeLessThan(columns);
  });

  test("is not coloured under NO_COLOR", () => {
    const styles = (environment: Record<string, string>) => {
      const { progress, written } = recorded({ isTTY: true, columns: 80 }, environment);
      progress.begin(0, 0, null);
      return written.join("").match(STYLE);
    };
    expect(styles({})).not.toBeNull();
    expect(styles({ NO_COLOR: "1" })).toBeNull();
  });
});

describe("elsewhere", () => {
  test("each event is a line, and nothing moves", () => {
    const { progress, clock, written } = recorded({});
    progress.begin(0, 2, 0.4);
    clock.now = 2000;
    progress.epoch(0, 2, 1, 50);
    progress.ended(0, 2, { done: 3, value: 0.5, best: 0.5 });
    progress.ended(0, 3, { done: 4, value: null, best: 0.5 });
    progress.close();
    expect(written.join("")).toBe(
      `${STEPS[0]!.title}: 30 trials, 2 of them done before\n` +
        "  trial 2: value 0.5000, best 0.5000, 3 of 30, 0:02 so far\n" +
        "  trial 3: failed, best 0.5000, 4 of 30, 0:02 so far\n",
    );
  });

  test("a terminal that cannot move its cursor is one of them", () => {
    const { progress, written } = recorded({ isTTY: true }, { TERM: "dumb" });
    progress.begin(1, 0, null);
    expect(written).toEqual(["Grid search: 36 trials, 3 trainings each\n"]);
  });
});

test("times are written as minutes and seconds", () => {
  expect([0, 59_600, 75_000, 4_000_000].map(minutes)).toEqual(["0:00", "1:00", "1:15", "1:06:40"]);
});
