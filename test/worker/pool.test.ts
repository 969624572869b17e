import { afterEach, describe, expect, it } from "vitest";
import { ValidationError, WorkerCrashedError } from "../../src/errors.ts";
import { fromModule, loadModule } from "../../src/worker/module-ref.ts";
import { createWorkerPool, type WorkerPool } from "../../src/worker/pool.ts";
import type * as tasks from "./tasks.ts";

const ref = <K extends keyof typeof tasks>(name: K) =>
  fromModule<(typeof tasks)[K]>(new URL("./tasks.ts", import.meta.url), name);
const pools: WorkerPool[] = [];
const pool = (workers: number) => {
  const made = createWorkerPool({ workers });
  pools.push(made);
  return made;
};
afterEach(async () => {
  for (const made of pools.splice(0)) await made.close();
});

describe("a worker pool", () => {
  it("calls an exported function in another thread and returns what it returns", async () => {
    expect(await pool(1).run(ref("square"), 7)).toBe(49);
  });

  it("runs as many tasks at a time as it has workers, and no more", async () => {
    const flags = new Int32Array(new SharedArrayBuffer(8));
    const two = pool(2);
    await Promise.all(Array.from({ length: 6 }, () => two.run(ref("countRunning"), flags)));
    expect(flags[0]).toBe(0);
    expect(flags[1]).toBe(2);
  });

  it("shares a SharedArrayBuffer instead of copying it", async () => {
    const shared = new Float64Array(new SharedArrayBuffer(16));
    await pool(1).run(ref("fill"), shared);
    expect([...shared]).toEqual([1, 2]);
  });

  it("hands on the messages of a task while it runs, in order", async () => {
    const messages: unknown[] = [];
    await pool(1).run(ref("countUp"), 3, { onMessage: (message) => messages.push(message) });
    expect(messages).toEqual([0, 1, 2]);
  });

  it("rejects with the error that the function threw", async () => {
    await expect(pool(1).run(ref("fail"), "no data")).rejects.toThrow("no data");
  });

  it("fails only the task whose thread crashes, and goes on with a new thread", async () => {
    const one = pool(1);
    const crashed = one.run(ref("crash"), null);
    const next = one.run(ref("square"), 3);
    await expect(crashed).rejects.toThrow(WorkerCrashedError);
    await expect(crashed).rejects.toThrow(/exit code 3/);
    expect(await next).toBe(9);
  });

  it("ends a busy thread at once when its signal is aborted, and rejects with the reason", async () => {
    const one = pool(1);
    const abort = new AbortController();
    const endless = one.run(ref("endless"), null, {
      signal: abort.signal,
      onMessage: () => abort.abort(new Error("enough")),
    });
    await expect(endless).rejects.toThrow("enough");
    expect(await one.run(ref("square"), 2)).toBe(4);
  });

  it("rejects what is queued when it is closed, and everything after", async () => {
    const one = pool(1);
    const running = one.run(ref("endless"), null);
    const queued = one.run(ref("square"), 2);
    const both = Promise.allSettled([running, queued]);
    await one.close();
    expect((await both).map((end) => end.status)).toEqual(["rejected", "rejected"]);
    await expect(one.run(ref("square"), 2)).rejects.toThrow(/pool was closed/);
  });

  it("refuses input that cannot be copied, with a reason", async () => {
    await expect(pool(1).run(ref("square"), (() => 1) as never)).rejects.toThrow(/plain data that can be copied/);
  });

  it("refuses a number of workers below one", () => {
    expect(() => createWorkerPool({ workers: 0 })).toThrow(ValidationError);
    expect(() => createWorkerPool({ workers: 1.5 })).toThrow(
      /`workers` must be an integer >= 1 or "all", but got 1\.5/,
    );
  });
});

describe("a module for a worker", () => {
  it("must have an absolute address and the named export", async () => {
    expect(() => fromModule("./train.ts", "run")).toThrow(/needs an absolute address, but got "\.\/train\.ts"/);
    await expect(loadModule(fromModule(new URL("./tasks.ts", import.meta.url), "missing"))).rejects.toThrow(
      /must export "missing", but exports .*"square"/,
    );
  });

  it("that awaits its own loading ends with an error that says so, not in silence", async () => {
    const waiting = import("./waits-for-itself.ts");
    await expect(waiting).rejects.toThrow(/within 0\.3 s.*move "answer" to a module of its own/);
  });
});
