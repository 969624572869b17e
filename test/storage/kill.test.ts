import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

// Starting takes most of a worker's short life, and compiling half of that.
const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, "compiled") };
const SCRIPT = fileURLToPath(new URL("processes/worker.ts", import.meta.url));

/** A worker process, and what it has acknowledged so far: values by trial number. */
interface Worker {
  readonly process: ChildProcess;
  /** Complete lines only: a line that the kill cut off acknowledges nothing. */
  acknowledged(): [number: number, value: number][];
  errors(): string;
}

function startWorker(file: string, trials: number, seed: string): Worker {
  const args = [SCRIPT, file, String(trials), seed];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return {
    process: child,
    errors: () => errors,
    acknowledged: () =>
      output
        .split("\n")
        .slice(0, -1)
        .map((line) => line.split(" ").map(Number) as [number, number]),
  };
}

async function createFile(name: string): Promise<string> {
  const file = join(folder, name);
  const storage = sqlite(file);
  await storage.createStudy({ name: "s", direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 });
  await storage.close();
  return file;
}

function integrity(file: string): unknown {
  const db = new DatabaseSync(file);
  const result = db.prepare("pragma integrity_check").all();
  const violations = db.prepare("pragma foreign_key_check").all();
  db.close();
  return [...result.map((row) => row.integrity_check), ...violations];
}

test("four processes write 100 trials each to one file, none lost, none twice, no error", async () => {
  const file = await createFile("shared.db");
  const workers = [0, 1, 2, 3].map((seed) => startWorker(file, 100, `shared ${seed}`));
  for (const worker of workers) {
    const [code] = worker.process.exitCode === null ? await once(worker.process, "close") : [worker.process.exitCode];
    expect([code, worker.errors()]).toEqual([0, ""]);
  }
  const told = workers.flatMap((worker) => worker.acknowledged());
  expect(workers.map((worker) => worker.acknowledged().length)).toEqual([100, 100, 100, 100]);
  const storage = sqlite(file);
  const { id } = (await storage.findStudy("s"))!;
  const { trials } = await storage.trialsSince(id, 0);
  await storage.close();
  expect(trials.map(({ number, state, value }) => [number, state, value])).toEqual(
    told.sort((a, b) => a[0] - b[0]).map(([number, value]) => [number, "completed", value]),
  );
  expect(trials.length).toBe(400);
  expect(integrity(file)).toEqual(["ok"]);
});

test("what 50 killed workers had acknowledged is in the file, and nothing of it is damaged", async () => {
  const file = await createFile("killed.db");
  const rng = createRng("kills");
  const acknowledged = new Map<number, number>();
  let killed = 0;

  // Two lanes, so that a worker is killed while another writes. Each kill comes at a random moment after the worker's first
  // acknowledgement, save every fifth, which may strike while the worker still opens the file.
  const lane = async (name: number) => {
    while (killed < 50) {
      const round = killed++;
      const worker = startWorker(file, 1e9, `${name}.${round}`);
      const ended = once(worker.process, "close");
      if (round % 5 === 0) await sleep(rng.next() * 250);
      else {
        await Promise.race([once(worker.process.stdout!, "data"), ended]);
        await sleep(rng.next() * 40);
      }
      worker.process.kill("SIGKILL");
      const [, signal] = await ended;
      expect([signal, worker.errors()]).toEqual(["SIGKILL", ""]);
      for (const [number, value] of worker.acknowledged()) {
        expect(acknowledged.has(number)).toBe(false);
        acknowledged.set(number, value);
      }
    }
  };
  await Promise.all([lane(0), lane(1)]);

  expect(killed).toBeGreaterThanOrEqual(50);
  // Four of five came after the first acknowledgement of their worker.
  expect(acknowledged.size).toBeGreaterThanOrEqual(40);
  const storage = sqlite(file);
  const { id } = (await storage.findStudy("s"))!;
  const { trials } = await storage.trialsSince(id, 0);
  expect(trials.map((trial) => trial.number)).toEqual([...trials.keys()]);
  for (const [number, value] of acknowledged) {
    expect(trials[number]).toMatchObject({ state: "completed", value, reports: [{ step: 0, value }] });
  }
  // A tell can be kept without having been acknowledged, one for each kill at most.
  const completed = trials.filter((trial) => trial.state === "completed");
  expect(completed.length - acknowledged.size).toBeLessThanOrEqual(killed);

  const running = trials.filter((trial) => trial.state === "running").map((trial) => trial.number);
  expect(await storage.sweep(id)).toEqual({ requeued: running, lost: [] });
  const states = new Set((await storage.trialsSince(id, 0)).trials.map((trial) => trial.state));
  expect(states.has("running")).toBe(false);
  await storage.close();
  expect(integrity(file)).toEqual(["ok"]);
});

test("eight processes create one file together", async () => {
  const file = join(folder, "new.db");
  const source = `
    import { sqlite } from ${JSON.stringify(new URL("../../src/storage/sql/sqlite.ts", import.meta.url).href)};
    const storage = sqlite(${JSON.stringify(file)});
    const name = process.argv[1];
    await storage.createStudy({ name, direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 });
  `;
  const creators = Array.from({ length: 8 }, (_, i) =>
    spawn(process.execPath, ["--input-type=module", "-e", source, String(i)], {
      stdio: ["ignore", "ignore", "pipe"],
      env,
    }),
  );
  const ends = await Promise.all(
    creators.map(async (creator) => {
      let errors = "";
      creator.stderr.setEncoding("utf8").on("data", (text: string) => {
        errors += text;
      });
      const [code] = await once(creator, "close");
      return [code, errors];
    }),
  );
  expect(ends).toEqual(Array.from({ length: 8 }, () => [0, ""]));
  const storage = sqlite(file);
  expect((await storage.listStudies()).map((study) => study.name).sort()).toEqual([..."01234567"]);
  await storage.close();
});
