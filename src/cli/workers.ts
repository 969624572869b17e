/** `assay workers`: who runs what now, and for how long each may be silent. */
import { textTable } from "../chart/terminal.ts";
import { atWork, leaseText } from "./at-work.ts";
import { duration } from "./figures.ts";
import { printJson, type StorageOptions, studiesOf, withStorage } from "./with-storage.ts";

export interface WorkersOptions extends StorageOptions {
  readonly study?: string;
  readonly json: boolean;
}

/** Prints one line a running trial. */
export async function workers(options: WorkersOptions): Promise<void> {
  const { rows, waiting } = await withStorage(options, async (storage, place) => {
    const studies = await studiesOf(storage, place, options.study);
    const found = await Promise.all(
      studies.map(async ({ id, name }) => {
        const [leases, { trials }] = await Promise.all([storage.leases(id), storage.trialsSince(id, 0)]);
        const byNumber = new Map(trials.map((trial) => [trial.number, trial]));
        return {
          rows: atWork(leases, byNumber).map((row) => ({ study: name, ...row })),
          waiting: trials.filter(({ state }) => state === "waiting").length,
        };
      }),
    );
    return { rows: found.flatMap((it) => it.rows), waiting: found.reduce((sum, it) => sum + it.waiting, 0) };
  });
  if (options.json) return printJson(rows);
  if (rows.length === 0) return void process.stdout.write(`No trial runs; ${waiting} wait.\n`);
  const columns = ["study", "trial", "worker", "runs for", "lease"];
  const table = textTable(
    {
      caption: "",
      columns: columns.map((name) => ({ name, isNumeric: name === "trial" })),
      rows: rows.map(({ study, number, attempt, worker, runsForMs, leaseMs }) => [
        study,
        attempt === 1 ? String(number) : `${number} (attempt ${attempt})`,
        worker,
        duration(runsForMs),
        leaseText(leaseMs),
      ]),
    },
    { width: process.stdout.columns || 80 },
  );
  process.stdout.write(`${table}\n`);
  const late = rows.filter(({ leaseMs }) => leaseMs !== null && leaseMs <= 0).length;
  if (late > 0)
    process.stdout.write(`${late} with a lease that ran out: the next worker takes them, or \`assay sweep\`.\n`);
}
