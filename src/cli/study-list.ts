/** `assay study list`: all studies of a storage, with how far they are. */
import { textTable } from "../chart/terminal.ts";
import { bestOf, countStates, short } from "./figures.ts";
import { printJson, type StorageOptions, studiesOf, withStorage } from "./with-storage.ts";

export async function studyList(options: StorageOptions & { readonly json: boolean }): Promise<void> {
  const rows = await withStorage(options, async (storage, place) =>
    Promise.all(
      (await studiesOf(storage, place)).map(async ({ id, name, direction, budget, createdAt, attributes }) => {
        const { trials } = await storage.trialsSince(id, 0);
        const best = bestOf(trials, direction);
        return {
          ...{
            study: name,
            direction,
            metric: attributes.metric ?? null,
            createdAt: new Date(createdAt).toISOString(),
          },
          ...{ budget, trials: trials.length, states: countStates(trials) },
          best: best && { number: best.number, value: best.value },
        };
      }),
    ),
  );
  if (options.json) return printJson(rows);
  if (rows.length === 0) return void process.stdout.write("There are no studies yet.\n");
  const columns = ["study", "goal", "trials", "state", "best", "created"];
  const table = textTable(
    {
      caption: "",
      columns: columns.map((name) => ({ name, isNumeric: name === "best" })),
      rows: rows.map(({ study, direction, metric, budget, trials, states, best, createdAt }) => [
        study,
        `${direction} ${metric ?? ""}`.trim(),
        budget.trials === undefined ? String(trials) : `${trials} of ${budget.trials}`,
        Object.entries(states)
          .filter(([state]) => state !== "completed")
          .map(([state, count]) => `${count} ${state}`)
          .join(", "),
        best === null ? "" : short(best.value!),
        createdAt.slice(0, 16).replace("T", " "),
      ]),
    },
    { width: process.stdout.columns || 80 },
  );
  process.stdout.write(`${table}\n`);
}
