/**
 * Where studies are kept, as `--storage` names it: the path of a SQLite file, `sqlite:` and a path, or the URL of a PostgreSQL
 * database. A URL may hold a password, which is never printed.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { NotFoundError, show, showWhole, ValidationError } from "../errors.ts";
import type { Storage } from "../storage/storage.ts";

export type Place =
  | { readonly kind: "sqlite"; readonly file: string; readonly shown: string }
  | { readonly kind: "postgres"; readonly url: string; readonly shown: string };

/** @throws ValidationError for what is none of these */
export function placeOf(given: string): Place {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(given)?.[1]?.toLowerCase();
  if (scheme === "postgres" || scheme === "postgresql") {
    return { kind: "postgres", url: given.replace(/^\w+/, "postgres"), shown: redacted(given) };
  }
  if (scheme === "sqlite") {
    const file = given.slice("sqlite:".length);
    // Some programs take sqlite:///a.db for a path from here, others for one from the root.
    if (file.startsWith("//")) {
      throw new ValidationError(
        `A SQLite file is named by "sqlite:" and its path, but got ${showWhole(given)}. Write sqlite:studies.db, or sqlite:/data/studies.db.`,
      );
    }
    return { kind: "sqlite", file, shown: file };
  }
  if (given.includes("://")) {
    throw new ValidationError(
      `--storage must be the path of a SQLite file, sqlite:PATH or postgres://USER@HOST/DATABASE, but got ${show(redacted(given))}.`,
    );
  }
  return { kind: "sqlite", file: given, shown: given };
}

/** Opens it. With `mustExist` a SQLite file is not created. @throws NotFoundError when it must exist and does not */
export async function openPlace(
  place: Place,
  { mustExist = false }: { readonly mustExist?: boolean } = {},
): Promise<Storage> {
  if (place.kind === "postgres") {
    const { postgres } = await import("../storage/sql/postgres.ts");
    return postgres(place.url);
  }
  if (mustExist && !existsSync(place.file)) {
    throw new NotFoundError(
      `There is no file ${showWhole(place.file)}. Name the study's storage: --storage FILE, or --storage postgres://USER@HOST/DATABASE.`,
    );
  }
  const { sqlite } = await import("../storage/sql/sqlite.ts");
  return sqlite(place.file);
}

/** Where what trials print is kept: beside a file, in this folder for a database; studies other than the default one have a folder of their own in it. */
export function logFolder(place: Place, study: string): string {
  const folder = place.kind === "sqlite" ? `${place.file}.logs` : "assay.logs";
  return study === "default" ? folder : join(folder, encodeURIComponent(study).replaceAll(".", "%2E"));
}

/** A text with the passwords of all URLs in it taken out: what stands before an "@", and parameters that are called so. */
export function redacted(text: string): string {
  return text
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/)([^\s@/?#:]*):[^\s]*@/gi, "$1$2:***@")
    .replaceAll(/([?&](?:ssl)?password=)[^&\s#]*/gi, "$1***");
}
