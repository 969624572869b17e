import { describe, expect, it } from "vitest";
import { lineProgress } from "../../src/study/progress.ts";
import type { FrozenTrial } from "../../src/trial/trial.ts";

const trial = (number: number, value: number) => ({ number, value, state: "completed" }) as FrozenTrial<unknown>;

function screen(
  columns: number,
  steps: (progress: ReturnType<typeof lineProgress>, tick: (ms: number) => void) => void,
) {
  const written: string[] = [];
  let now = 0;
  const progress = lineProgress({ columns, write: (text) => written.push(text) }, 2, 12, () => now);
  steps(progress, (ms) => {
    now += ms;
  });
  return written;
}

describe("the progress line", () => {
  it("says how many trials have ended, the best, what runs and the time left, and erases itself", () => {
    const written = screen(80, (progress, tick) => {
      progress.began();
      tick(30_000);
      progress.ended(trial(2, 0.123456789), trial(2, 0.123456789));
      progress.close();
    });
    expect(written).toEqual([
      "\r\u001b[2Ktrial 2 of 12  no result yet  1 running",
      "\r\u001b[2Ktrial 3 of 12  best 0.12346 (trial 2)  0 running  4:30 left",
      "\r\u001b[2K",
    ]);
  });

  it("is drawn at most ten times a second and never wider than the terminal", () => {
    const written = screen(20, (progress, tick) => {
      for (let k = 2; k < 12; k++) {
        progress.began();
        tick(30);
        progress.ended(trial(k, 1 / 3), trial(2, 1 / 3));
      }
    });
    expect(written.length).toBeLessThanOrEqual(4);
    for (const line of written) expect(line.replace("\r\u001b[2K", "").length).toBeLessThan(20);
  });
});
