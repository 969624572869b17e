/** Each storage beside the one in memory, which is its model: operations of all kinds in any order, by the thousand. */
import { join } from "node:path";
import { postgres } from "../../../src/storage/sql/postgres.ts";
import { sqlite } from "../../../src/storage/sql/sqlite.ts";
import { ModelTest } from "../../storage/model.ts";
import type { Anomaly } from "../history.ts";
import type { Row, Setting } from "../row.ts";
import { unsynced, watched } from "../sqlite-files.ts";
import { withServer } from "./postgres.ts";

/** Sequences between two looks at the clock. */
const BATCH = 20;
/** Sequences that PostgreSQL answers at a time, for most of theirs is waiting. */
const LANES = 4;

export const model: Row = {
  name: "model",
  title: "Random operations on SQLite and PostgreSQL beside memory, their model (survived: sequences answered alike)",
  run: (setting) =>
    withServer(async ({ url }) => {
      const file = join(setting.folder, "model.db");
      // What is compared are answers, for which nothing need be synced.
      const open = watched(unsynced);
      const runs = await Promise.all([
        compare("SQLite", setting, [new ModelTest((clock) => sqlite(file, { clock, open }))]),
        compare(
          "PostgreSQL",
          setting,
          Array.from(
            { length: LANES },
            (_, lane) => new ModelTest((clock) => postgres({ url, clock, connections: 1 }), `lane ${lane}`),
          ),
        ),
      ]);
      return {
        injected: runs.reduce((sum, { sequences }) => sum + sequences, 0),
        survived: runs.reduce((sum, { sequences, anomalies }) => sum + sequences - anomalies.length, 0),
        anomalies: runs.flatMap(({ anomalies }) => anomalies),
        note: runs.map(({ note }) => note).join("; "),
      };
    }),
};

/** Compares a storage with its model in several lanes at a time. */
async function compare(name: string, { long, hasTime }: Setting, lanes: readonly ModelTest[]) {
  const [most, lengthMax] = long ? [100_000, 200] : [2000, 60];
  const anomalies: Anomaly[] = [];
  let [begun, sequences, operations] = [0, 0, 0];
  const run = async (lane: ModelTest) => {
    while (begun < most && hasTime()) {
      const seed = begun;
      begun += BATCH;
      const compared = await lane.compare(BATCH, lengthMax, seed);
      sequences += compared.sequences;
      operations += compared.operations;
      if (compared.difference !== null) anomalies.push({ kind: "wrong", text: `${name}: ${compared.difference}` });
    }
    await lane.close();
  };
  await Promise.all(lanes.map(run));
  return { sequences, anomalies, note: `${name} ${sequences} of ${most} sequences, ${operations} operations` };
}
