/** `assay study import`: takes in what `assay study export` wrote, whole or not at all. */
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { NotFoundError, show } from "../errors.ts";
import { importStudy } from "../storage/transfer/import.ts";
import { openPlace, placeOf } from "./place.ts";
import type { StorageOptions } from "./with-storage.ts";

export interface StudyImportOptions extends StorageOptions {
  /** Another name for it. */
  readonly as?: string;
}

/** @throws NotFoundError for a file that cannot be read, ValidationError for one that is not as it was written, DuplicateError */
export async function studyImport(file: string, options: StudyImportOptions): Promise<void> {
  const place = placeOf(options.storage);
  const lines = await linesOf(file);
  const storage = await openPlace(place);
  try {
    const { name } = await importStudy(storage, lines, options.as === undefined ? {} : { name: options.as });
    process.stdout.write(`Imported study ${show(name)} into ${place.shown}.\n`);
  } finally {
    await storage.close();
  }
}

async function linesOf(file: string): Promise<AsyncIterable<string>> {
  if (file === "-") return createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    return (await open(file)).readLines();
  } catch (cause) {
    throw new NotFoundError(`The file ${show(file)} cannot be read: ${(cause as Error).message}.`, { cause });
  }
}
