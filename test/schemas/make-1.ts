// Makes 1.db, a file as the last version of schema 1 wrote it, and 1.json, what that version read from it. It takes that version out of
// the repository's history, so it needs a clone that is not shallow.
// Usage: node test/schemas/make-1.ts
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LAST_OF_SCHEMA_1 = "1b2fa4f477801e0dc2837d9a66e08890bcc5e7c0";
const here = import.meta.dirname;
// Inside the repository, where its packages are found.
const past = join(here, "past");
mkdirSync(past, { recursive: true });
try {
  const archive = execFileSync("git", ["archive", LAST_OF_SCHEMA_1, "src"], {
    cwd: join(here, "../.."),
    maxBuffer: 1e9,
  });
  execFileSync("tar", ["-x", "-C", past], { input: archive });
  const { sqlite } = await import(join(past, "src/storage/sql/sqlite.ts"));
  const file = join(here, "1.db");
  rmSync(file, { force: true });
  const storage = sqlite(file);
  const study = { direction: "minimize", space: [], seed: 1, createdAt: 1000 };
  const { id } = await storage.createStudy({ ...study, name: "s", attributes: { order: "asap", definedByRun: [] } });
  const outcome = { metrics: { m: Number.NaN }, error: null, finishedAt: 3000 };
  for (let number = 0; number < 6; number++) {
    const draft = { number, params: { x: number / 7, kind: "ä" }, note: { n: -0 }, attributes: { a: [1] } };
    const running = { state: "running", startedAt: 2000, owner: "a/b/c" };
    await storage.createTrial(id, {
      ...draft,
      ...(number === 5 ? { state: "waiting", startedAt: null, owner: null } : running),
    });
    if (number < 5) await storage.reportTrial(id, number, { step: 0, value: number === 0 ? Number.NaN : number });
  }
  await storage.finishTrial(id, 0, { ...outcome, state: "completed", value: -0, standardError: 0.5, cost: 2 });
  await storage.finishTrial(id, 1, { ...outcome, state: "pruned", value: 0.1 });
  await storage.finishTrial(id, 2, { ...outcome, state: "failed", value: null, error: { message: "no" } });
  const { trials } = await storage.trialsSince(id, 0);
  await storage.close();
  // JSON has neither NaN nor −0: strings say which they are.
  const exact = (_: string, value: unknown) => (Object.is(value, -0) ? "-0" : Number.isNaN(value) ? "NaN" : value);
  writeFileSync(join(here, "1.json"), `${JSON.stringify(trials, exact, 1)}\n`);
} finally {
  rmSync(past, { recursive: true });
}
