/** `assay repair`: saves what can be read of a damaged SQLite file into a new one. */
import { show, ValidationError } from "../errors.ts";
import { repair } from "../storage/sql/repair.ts";
import { placeOf } from "./place.ts";
import { printJson, type StorageOptions } from "./with-storage.ts";

export interface RepairOptions extends StorageOptions {
  readonly out?: string;
  readonly json: boolean;
}

/** Returns the exit code: 1 where something was lost. */
export async function repairFile({ storage, out, json }: RepairOptions): Promise<number> {
  const place = placeOf(storage);
  if (place.kind !== "sqlite") {
    throw new ValidationError(
      `Only a SQLite file is repaired, but got ${place.shown}. A PostgreSQL database is restored from its backup.`,
    );
  }
  const report = await repair(place.file, out === undefined ? {} : { to: out });
  const { file, damage, studies, lostStudies, unreadRows } = report;
  const lost = lostStudies.length + studies.reduce((sum, { lostTrials }) => sum + lostTrials.length, 0);
  if (json) printJson([report]);
  else {
    const say = (line: string) => process.stdout.write(`${line}\n`);
    for (const sentence of damage) say(`damage: ${sentence}`);
    for (const { name, trials, lostTrials } of studies) {
      say(
        `study ${show(name)}: ${trials} trials${lostTrials.length === 0 ? "" : `, of which ${lostTrials.join(", ")} could not be read and count as failed`}`,
      );
    }
    for (const { id, trials } of lostStudies)
      say(`a study is lost: number ${id}, of which ${trials} trials could be read`);
    const { reports, attempts } = unreadRows;
    if (reports + attempts > 0) say(`at most ${reports} reports and ${attempts} attempts could not be read`);
    say(`Wrote ${file}. The damaged file is as it was.`);
  }
  return lost === 0 ? 0 : 1;
}
