// Makes schema-1.db and schema-1.json: a study as the library stored it at commit 1b2fa4f, by the sources of that commit, and what they
// read of it. `node test/schemas/make-schema-1.ts`

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const COMMIT = "1b2fa4f";
const here = import.meta.dirname;
const root = resolve(here, "../..");
const old = mkdtempSync(join(tmpdir(), "assay-schema-"));
mkdirSync(join(old, "src"));
const archive = execFileSync("git", ["archive", COMMIT, "src", "package.json"], { cwd: root, maxBuffer: 1e9 });
execFileSync("tar", ["-x", "-C", old], { input: archive });
symlinkSync(join(root, "node_modules"), join(old, "node_modules"));
const { sqlite } = await import(pathToFileURL(join(old, "src/storage/sql/sqlite.ts")).href);

const file = join(here, "schema-1.db");
rmSync(file, { force: true });
const storage = sqlite(file);
const study = await storage.createStudy({
  name: "old",
  direction: "maximize",
  space: [{ name: "x", parameter: { type: "float", low: -1, high: 1, log: false } }],
  seed: "7",
  attributes: { order: "fixed", definedByRun: [] },
  createdAt: 1_760_000_000_123.5,
});
const draft = { state: "running", note: null, attributes: { "": [-0] }, startedAt: 2.5, owner: "somebody" };
for (let number = 0; number < 5; number++)
  await storage.createTrial(study.id, { ...draft, number, params: { x: -0.1 * number } });
await storage.createTrial(study.id, {
  ...draft,
  number: 5,
  params: {},
  state: "waiting",
  startedAt: null,
  owner: null,
});
await storage.reportTrial(study.id, 0, { step: 0, value: Number.NaN });
await storage.reportTrial(study.id, 0, { step: 1, value: -0 });
const told = { value: null, metrics: {}, error: null, finishedAt: 9 };
const metrics = { f1: Number.NaN, recall: 1 };
await storage.finishTrial(study.id, 0, {
  ...told,
  state: "completed",
  value: -0,
  metrics,
  standardError: 5e-324,
  cost: 2,
});
await storage.finishTrial(study.id, 1, { ...told, state: "pruned", value: Number.POSITIVE_INFINITY });
await storage.finishTrial(study.id, 2, { ...told, state: "failed", error: { message: "it broke", stack: "at x" } });
const { trials } = await storage.trialsSince(study.id, 0);
await storage.close();
// JSON has no NaN and no −0; the test says where they stand.
writeFileSync(join(here, "schema-1.json"), `${JSON.stringify({ study, trials }, null, 2)}\n`);
rmSync(old, { recursive: true });
