/** `assay doctor`: whether a storage is sound and fit to be relied on, each finding with its remedy. It changes nothing. */

import type { Finding } from "./finding.ts";
import { placeOf, redacted } from "./place.ts";
import { printable } from "./printable.ts";
import { printJson, type StorageOptions } from "./with-storage.ts";

export interface DoctorOptions extends StorageOptions {
  readonly json: boolean;
}

/** Prints all findings. Returns the exit code: 1 if something is wrong. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const place = placeOf(options.storage);
  const findings =
    place.kind === "sqlite"
      ? await (await import("./doctor-sqlite.ts")).examineSqlite(place.file)
      : await (await import("./doctor-postgres.ts")).examinePostgres(place.url);
  const wrong = findings.filter(({ status }) => status === "wrong").length;
  if (options.json) printJson(findings);
  else {
    const lines = findings.flatMap((finding) => linesOf(finding, Math.min(100, process.stdout.columns || 80)));
    const verdict = wrong === 0 ? "Nothing is wrong." : `${wrong} ${wrong === 1 ? "thing is" : "things are"} wrong.`;
    process.stdout.write(`${place.shown}\n${lines.join("\n")}\n${verdict}\n`);
  }
  return wrong === 0 ? 0 : 1;
}

const MARKS = { ok: "ok   ", note: "note ", wrong: "WRONG" } as const;
const INDENT = 20;

function linesOf({ check, status, found, remedy }: Finding, width: number): string[] {
  const text = wrap(printable(redacted(found)), width - INDENT);
  const help = remedy === undefined || status === "ok" ? [] : wrap(`→ ${printable(redacted(remedy))}`, width - INDENT);
  const [first = "", ...rest] = [...text, ...help];
  return [
    `${MARKS[status]} ${check.padEnd(INDENT - 7)} ${first}`,
    ...rest.map((line) => " ".repeat(INDENT) + line),
  ].map((line) => line.trimEnd());
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
