import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { ValidationError, WorkerCrashedError } from "../../src/errors.ts";
import { fromModule, loadModule } from "../../src/worker/module-ref.ts";
import { createWorkerPool, type WorkerKind, type WorkerPool } from "../../src/worker/pool.ts";
import type * as tasks from "./tasks.ts";

const ref = <K extends keyof typeof tasks>(name: K) =>
  fromModule<(typeof tasks)[K]>(new URL("./tasks.ts", import.meta.url), name);
const pools: WorkerPool[] = [];
const pool = (workers: number, kind: WorkerKind = "thread", heapLimitMb?: number) => {
  const made = createWorkerPool({ workers, kind, ...(heapLimitMb === undefined ? {} : { heapLimitMb }) });
  pools.push(made);
  return made;
};
const isAlive = (id: number) => {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
};
afterEach(async () => {
  for (const made of pools.splice(0)) await made.close();
});

const KINDS: readonly WorkerKind[] = ["thread", "process"];

describe.each(KINDS)("a worker pool of kind %s", (kind) => {
  it("calls an exported function in a worker and returns what it returns", async () => {
    expect(await pool(1, kind).run(ref("square"), 7)).toBe(49);
    expect((await pool(1, kind).run(ref("processId"), null)) === process.pid).toBe(kind === "thread");
  });

  it("hands on the messages of a task while it runs, in order", async () => {
    const messages: unknown[] = [];
    await pool(1, kind).run(ref("countUp"), 3, { onMessage: (message) => messages.push(message) });
    expect(messages).toEqual([0, 1, 2]);
  });

  it("rejects with the error that the function threw", async () => {
    await expect(pool(1, kind).run(ref("fail"), "no data")).rejects.toThrow("no data");
  });

  it("fails only the task whose worker crashes, and goes on with a new one", async () => {
    const one = pool(1, kind);
    const crashed = one.run(ref("crash"), null);
    const next = one.run(ref("square"), 3);
    await expect(crashed).rejects.toThrow(WorkerCrashedError);
    await expect(crashed).rejects.toThrow(`A worker ${kind} ended before its task did: exit code 3`);
    expect(await next).toBe(9);
  });

  it("fails only the task that needs more memory than its worker may have", async () => {
    const one = pool(1, kind, 24);
    const greedy = one.run(ref("fillMemory"), null);
    await expect(greedy).rejects.toThrow(WorkerCrashedError);
    await expect(greedy).rejects.toThrow(/memory/);
    expect(await one.run(ref("square"), 3)).toBe(9);
  });

  it("ends a busy worker at once when its signal is aborted, and rejects with the reason", async () => {
    const one = pool(1, kind);
    const abort = new AbortController();
    const endless = one.run(ref("endless"), null, {
      signal: abort.signal,
      onMessage: () => abort.abort(new Error("enough")),
    });
    await expect(endless).rejects.toThrow("enough");
    expect(await one.run(ref("square"), 2)).toBe(4);
  });

  it("rejects what is queued when it is closed, and everything after", async () => {
    const one = pool(1, kind);
    const running = one.run(ref("endless"), null);
    const queued = one.run(ref("square"), 2);
    const both = Promise.allSettled([running, queued]);
    await one.close();
    expect((await both).map((end) => end.status)).toEqual(["rejected", "rejected"]);
    await expect(one.run(ref("square"), 2)).rejects.toThrow(/pool was closed/);
  });

  it("refuses input that cannot be copied, with a reason", async () => {
    await expect(pool(1, kind).run(ref("square"), (() => 1) as never)).rejects.toThrow(/plain data that can be copied/);
  });

  it("hands in typed arrays, nested and on shared memory too", async () => {
    const shared = new Float64Array(new SharedArrayBuffer(16)).fill(2);
    const input = { x: { data: shared, rows: 2, columns: 1 }, y: [1, 2], weights: [Float32Array.of(3)] };
    expect(await pool(1, kind).run(ref("sumOf"), input)).toBe(10);
  });
});

describe("a worker process", () => {
  it("that is killed fails its task with the signal and what it said last", async () => {
    const one = pool(1, "process");
    const killed = one.run(ref("killItself"), "no more room on the device");
    await expect(killed).rejects.toThrow(
      "A worker process ended before its task did: signal SIGKILL, after it had said: no more room on the device.",
    );
    expect(await one.run(ref("square"), 2)).toBe(4);
  });

  it.each(["waits", "computes without a pause"])(
    "that %s does not outlive the process that started it",
    async (how) => {
      const script = fileURLToPath(new URL("./starts-a-process.ts", import.meta.url));
      const parent = spawn(
        process.execPath,
        ["--conditions=assay-source", script, how === "waits" ? "wait" : "endless"],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      const [said] = (await once(parent.stdout, "data")) as [Buffer];
      const child = Number(said.toString());
      expect(isAlive(child)).toBe(true);
      parent.kill("SIGKILL");
      const patience = Date.now() + 10_000;
      while (isAlive(child) && Date.now() < patience) await setTimeout(50);
      expect(isAlive(child)).toBe(false);
    },
  );

  it("lets its program end when nothing is left to do, without a word to the pool", async () => {
    const script = fileURLToPath(new URL("./starts-a-process.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=assay-source", script, "square"]);
    expect(stdout).toBe("49\n");
    const args = ["--conditions=assay-source", script, "square", "close"];
    expect((await promisify(execFile)(process.execPath, args)).stdout).toBe("49\nclosed\n");
  });
});

describe("a worker pool", () => {
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

  it("refuses a number of workers below one, another kind and a heap too small to start in", () => {
    expect(() => createWorkerPool({ kind: "fibre" as never })).toThrow(/"thread" or "process", but got "fibre"/);
    expect(() => createWorkerPool({ heapLimitMb: 1 })).toThrow(/`heapLimitMb` must be an integer >= 8, but got 1/);
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
