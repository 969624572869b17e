/** `assay study export`: a study as lines that another storage can take in whole, or its trials as a table. */
import { createWriteStream } from "node:fs";
import { rename } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { exportCsv } from "../storage/transfer/csv.ts";
import { exportStudy } from "../storage/transfer/export.ts";
import { type StorageOptions, studiesOf, withStorage } from "./with-storage.ts";

export interface StudyExportOptions extends StorageOptions {
  readonly format: "lines" | "csv";
  readonly out?: string;
}

/** Writes the study to a file, which is there only once it is whole, or to standard output. */
export async function studyExport(name: string, { format, out, ...options }: StudyExportOptions): Promise<void> {
  await withStorage(options, async (storage, place) => {
    await studiesOf(storage, place, name);
    const lines = Readable.from((format === "csv" ? exportCsv : exportStudy)(storage, name));
    if (out === undefined) return pipeline(lines, process.stdout, { end: false });
    const partial = `${out}.partial`;
    await pipeline(lines, createWriteStream(partial, { flush: true }));
    await rename(partial, out);
    process.stderr.write(`Wrote ${out}\n`);
  });
}
