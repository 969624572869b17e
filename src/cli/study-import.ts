/** `assay study import`: takes in what `assay study export` wrote, or a study of Optuna's, whole or not at all. */
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { NotFoundError, show, showWhole } from "../errors.ts";
import type { Storage, StoredStudy } from "../storage/storage.ts";
import { importStudy } from "../storage/transfer/import.ts";
import { openPlace, placeOf } from "./place.ts";
import type { StorageOptions } from "./with-storage.ts";

export interface StudyImportOptions extends StorageOptions {
  /** Another name for it. */
  readonly as?: string;
  readonly from: "assay" | "optuna";
  /** Which of the studies in a file of Optuna's. */
  readonly optunaStudy?: string;
}

/** @throws NotFoundError for a file that cannot be read, ValidationError for one that is not as it was written, DuplicateError */
export async function studyImport(file: string, options: StudyImportOptions): Promise<void> {
  const place = placeOf(options.storage);
  const name = options.as === undefined ? {} : { name: options.as };
  const take =
    options.from === "optuna" ? await takeOptuna(file, name, options.optunaStudy) : await takeLines(file, name);
  const storage = await openPlace(place);
  try {
    const study = await take(storage);
    process.stdout.write(`Imported study ${show(study.name)} into ${place.shown}.\n`);
  } finally {
    await storage.close();
  }
}

type Take = (storage: Storage) => Promise<StoredStudy>;

async function takeOptuna(file: string, name: { name?: string }, study: string | undefined): Promise<Take> {
  const { importOptunaStudy } = await import("../storage/sql/optuna/import.ts");
  return (storage) => importOptunaStudy(storage, file, { ...name, ...(study === undefined ? {} : { study }) });
}

async function takeLines(file: string, name: { name?: string }): Promise<Take> {
  const lines = await linesOf(file);
  return (storage) => importStudy(storage, lines, name);
}

async function linesOf(file: string): Promise<AsyncIterable<string>> {
  if (file === "-") return createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    return (await open(file)).readLines();
  } catch (cause) {
    throw new NotFoundError(`The file ${showWhole(file)} cannot be read: ${(cause as Error).message}.`, { cause });
  }
}
