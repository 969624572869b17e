// `npm run test:faults`: injects every fault of test/faults, prints what came of them, and when all rows ran writes
// docs/fault-report.md, or for the long counts a page beside it. Ends with an error when anything was lost, done twice, left behind or
// wrong.
//   -- --long          the long counts
//   -- --minutes N     what each row may take before it begins no more faults: some 45 s, and in the long form as long as it wants
//   -- --only NAME     one row, or several with commas; without a name: what there is
//   -- --seed SEED     replays one seed of the simulation, and prints what was wrong with it

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../src/storage/clock.ts";
import type { Anomaly } from "../test/faults/history.ts";
import type { Result, Row } from "../test/faults/row.ts";
import { ROWS } from "../test/faults/rows.ts";
import { simulate } from "../test/faults/simulation.ts";

/** What a row may take in the short form before it begins no more faults, where it does not say. */
const SECONDS_MAX = 45;
/** As many anomalies of a row are printed. */
const SHOWN = 10;

interface Ran {
  readonly row: Row;
  readonly result: Result;
  readonly seconds: number;
}

const { values: options } = parseArgs({
  options: {
    long: { type: "boolean", default: false },
    minutes: { type: "string" },
    only: { type: "string" },
    seed: { type: "string" },
  },
});

async function replay(seed: number): Promise<void> {
  const { anomalies, entries: _, ...counts } = await simulate(seed);
  console.log({ seed, ...counts });
  print(anomalies);
}

async function runAll({ long, minutes, only }: typeof options): Promise<void> {
  const most = minutes === undefined ? (long ? Number.POSITIVE_INFINITY : undefined) : 60 * Number(minutes);
  if (Number.isNaN(most)) {
    console.error(`--minutes must be a number, but got ${minutes}.`);
    process.exitCode = 2;
    return;
  }
  const names = only?.split(",");
  const rows = names === undefined ? ROWS : ROWS.filter(({ name }) => names.includes(name));
  if (names !== undefined && rows.length < names.length) {
    console.error(`The rows are ${ROWS.map(({ name }) => name).join(", ")}, but got ${only}.`);
    process.exitCode = 2;
    return;
  }
  const ran: Ran[] = [];
  for (const row of rows) {
    console.log(`\n── ${row.name}: ${row.title}`);
    const folder = mkdtempSync(join(tmpdir(), `assay-faults-${row.name}-`));
    const start = performance.now();
    const hasTime = () => performance.now() - start < (most ?? row.seconds ?? SECONDS_MAX) * 1000;
    const result = await row.run({ long, seed: row.name, folder, hasTime }).catch(brokenOff);
    const seconds = (performance.now() - start) / 1000;
    rmSync(folder, { recursive: true, force: true });
    ran.push({ row, result, seconds });
    print(result.anomalies);
    console.log(`${line({ row, result, seconds })}\n${result.note}`);
  }
  console.log(`\n${HEAD}\n${ran.map(line).join("\n")}`);
  if (only !== undefined) return;
  const page = `../docs/fault-report${long ? "-long" : ""}.md`;
  const how = `${long ? " --long" : ""}${minutes === undefined ? "" : ` --minutes ${minutes}`}`;
  writeFileSync(resolve(import.meta.dirname, page), reportOf(ran, how));
}

/** A row that could not be run to its end has shown nothing. */
function brokenOff(error: unknown): Result {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { injected: 0, survived: 0, anomalies: [{ kind: "wrong", text: `broke off: ${text}` }], note: "" };
}

function print(anomalies: readonly Anomaly[]): void {
  for (const { kind, text } of anomalies.slice(0, SHOWN)) console.error(`${kind}: ${text}`);
  if (anomalies.length > SHOWN) console.error(`and ${anomalies.length - SHOWN} more`);
  if (anomalies.length > 0) process.exitCode = 1;
}

const HEAD = `${"row".padEnd(22)} ${["injected", "survived", "lost", "double", "stuck", "wrong"].map((it) => it.padStart(9)).join("")}         s`;

function line({ row, result, seconds }: Ran): string {
  return `${row.name.padEnd(22)} ${counts(result)
    .map((it) => String(it).padStart(9))
    .join("")} ${seconds.toFixed(1).padStart(9)}`;
}

function counts({ injected, survived, anomalies }: Result): number[] {
  const of = (kind: Anomaly["kind"]) => anomalies.filter((it) => it.kind === kind).length;
  return [injected, survived, of("lost"), of("double"), of("stuck"), of("wrong")];
}

function reportOf(ran: readonly Ran[], how: string): string {
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release()}, Node ${process.version}`;
  const rows = ran.map(
    ({ row, result, seconds }) =>
      `| ${row.title} (\`${row.name}\`) | ${counts(result).join(" | ")} | ${seconds.toFixed(0)} |`,
  );
  const notes = ran.map(({ row, result }) => `- \`${row.name}\`: ${result.note}.`);
  return `# Fault report

What \`npm run test:faults${how === "" ? "" : ` --${how}`}\` found, written by that command. Every fault was injected into studies at work, and
every call of every worker was written down and checked (\`test/faults/history.ts\`). *Lost*: an acknowledged result, report or trial
is not there. *Double*: a trial had two workers or two results, or a budget was overrun. *Stuck*: something is left running or
waiting. *Wrong*: anything else that the contract forbids. All four must be 0, or the command fails.

- Machine: ${machine}
- Date: ${new Date(systemClock()).toISOString().slice(0, 10)}
- Seeds: each row's is its name; the simulation's are 0, 1, 2, …

| faults | injected | survived | lost | double | stuck | wrong | s |
|---|---:|---:|---:|---:|---:|---:|---:|
${rows.join("\n")}

What else was counted:

${notes.join("\n")}
`;
}

if (options.seed !== undefined) await replay(Number(options.seed));
else await runAll(options);
