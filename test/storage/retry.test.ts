import { describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { type Retry, retry, systemTimer } from "../../src/storage/sql/retry.ts";

/** Time that passes only in waits, and what was waited for. */
function virtualTime(): { timer: Retry["timer"]; waits: number[] } {
  const waits: number[] = [];
  const deadlines: { at: number; controller: AbortController }[] = [];
  let now = 0;
  return {
    waits,
    timer: {
      deadline(ms) {
        const controller = new AbortController();
        deadlines.push({ at: now + ms, controller });
        return controller.signal;
      },
      async wait(ms, signal) {
        waits.push(ms);
        now += ms;
        for (const { at, controller } of deadlines) if (at <= now) controller.abort();
        signal.throwIfAborted();
      },
    },
  };
}

function options(change: Partial<Retry>): Retry {
  const { timer } = virtualTime();
  const random = () => 1;
  const closing = new AbortController().signal;
  return { isTransient: () => true, patienceMs: 60_000, random, timer, closing, ...change };
}

/** Fails so many times, then returns how often it was tried. */
function failing(times: number): () => Promise<number> {
  let tried = 0;
  return async () => {
    if (++tried <= times) throw new Error(`failure ${tried}`);
    return tried;
  };
}

describe("retry", () => {
  test("waits twice as long each time, to 4 s at most", async () => {
    const { timer, waits } = virtualTime();
    expect(await retry(failing(10), options({ timer }))).toBe(11);
    expect(waits).toEqual([50, 100, 200, 400, 800, 1600, 3200, 4000, 4000, 4000]);
  });

  test("draws each delay from the upper half of its limit", async () => {
    const { timer, waits } = virtualTime();
    const rng = createRng(1);
    await retry(failing(200), options({ timer, random: () => rng.next(), patienceMs: Infinity }));
    const late = waits.slice(7);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(2000);
    expect(Math.max(...late)).toBeLessThan(4000);
    expect(new Set(late).size).toBe(late.length);
  });

  test("gives up with the last failure when its patience ends, counted from the first one", async () => {
    const { timer, waits } = virtualTime();
    await timer.wait(1e6, new AbortController().signal);
    await expect(retry(failing(99), options({ timer, patienceMs: 1000 }))).rejects.toThrow("failure 5");
    expect(waits.slice(1)).toEqual([50, 100, 200, 400, 800]);
  });

  test("tries once without patience, and passes on at once what is not transient", async () => {
    await expect(retry(failing(1), options({ patienceMs: 0, timer: systemTimer }))).rejects.toThrow("failure 1");
    const isTransient = (error: unknown) => (error as Error).message !== "failure 3";
    await expect(retry(failing(9), options({ isTransient }))).rejects.toThrow("failure 3");
  });

  test("stops in the midst of a wait when nobody needs the result any longer", async () => {
    const closing = new AbortController();
    setTimeout(() => closing.abort(), 20);
    const attempt = retry(failing(99), options({ timer: systemTimer, closing: closing.signal, random: () => 1 }));
    await expect(attempt).rejects.toThrow("failure 1");
  });
});
