/** What commands that look at studies have in common: a storage that is there, opened and closed again, and the studies that are meant. */
import { NotFoundError, show } from "../errors.ts";
import type { Storage, StoredStudy } from "../storage/storage.ts";
import { openPlace, type Place, placeOf } from "./place.ts";

export interface StorageOptions {
  readonly storage: string;
}

/** @throws NotFoundError when there is no such file */
export async function withStorage<T>(
  options: StorageOptions,
  use: (storage: Storage, place: Place) => Promise<T>,
): Promise<T> {
  const place = placeOf(options.storage);
  const storage = await openPlace(place, { mustExist: true });
  try {
    return await use(storage, place);
  } finally {
    await storage.close();
  }
}

/** The study of this name, or all. @throws NotFoundError with the names that there are */
export async function studiesOf(storage: Storage, place: Place, name?: string): Promise<readonly StoredStudy[]> {
  const all = await storage.listStudies();
  if (name === undefined) return all;
  const found = all.find((study) => study.name === name);
  if (found !== undefined) return [found];
  const names = all.slice(0, 10).map((study) => show(study.name));
  throw new NotFoundError(
    `There is no study ${show(name)} in ${place.shown}. It has ${names.length === 0 ? "none" : names.join(", ")}${all.length > 10 ? ", …" : ""}.`,
  );
}

/** One record a line. */
export function printJson(records: readonly object[]): void {
  for (const record of records) process.stdout.write(`${JSON.stringify(record)}\n`);
}
