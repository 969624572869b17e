/** The space of a study from a file: JSON as people write it, or a module that exports `space`. */
import { readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { NotFoundError, showWhole, ValidationError } from "../errors.ts";
import { createSpace, type SpaceSpec } from "../space/declare.ts";
import { Space } from "../space/space.ts";
import { spaceFromSpecJson } from "../space/spec-json.ts";

/** @throws NotFoundError when there is no such file, ValidationError with the file and the place of the fault in it */
export async function readSpaceFile(file: string): Promise<Space> {
  try {
    return /^\.[cm]?[jt]s$/.test(extname(file)) ? await fromModule(file) : await fromJson(file);
  } catch (error) {
    if (error instanceof ValidationError) throw new ValidationError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

async function fromJson(file: string): Promise<Space> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new NotFoundError(`The space file ${showWhole(file)} cannot be read: ${(cause as Error).message}.`, {
      cause,
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ValidationError(`A space file must be JSON, but it is not: ${(cause as Error).message}.`, { cause });
  }
  return spaceFromSpecJson(json);
}

async function fromModule(file: string): Promise<Space> {
  let module: { readonly space?: unknown; readonly default?: unknown };
  try {
    module = await import(pathToFileURL(resolve(file)).href);
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    if (code === "ERR_MODULE_NOT_FOUND" && message.includes(resolve(file))) {
      throw new NotFoundError(`The space file ${showWhole(file)} cannot be read: there is no such file.`, { cause });
    }
    const remedy =
      code === "ERR_UNKNOWN_FILE_EXTENSION"
        ? " This Node does not run TypeScript; use Node >= 22.18, or JavaScript."
        : "";
    throw new ValidationError(`A space file must be a module that can be loaded, but: ${message}.${remedy}`, { cause });
  }
  const space = module.space ?? module.default;
  if (space instanceof Space) return space;
  if (typeof space !== "object" || space === null) {
    throw new ValidationError(
      `A space file must export \`space\`, an object of parameters, but exports: ${Object.keys(module).join(", ") || "nothing"}.`,
    );
  }
  return createSpace(space as SpaceSpec);
}
