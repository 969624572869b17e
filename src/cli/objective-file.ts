/** An objective from a module: `objective.mjs`, or `objective.mjs#train` for an export that is not its default. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { NotFoundError, show, showWhole, ValidationError } from "../errors.ts";
import type { Objective } from "../study/optimize.ts";

/** @throws NotFoundError when there is no such file, ValidationError when it cannot be loaded or exports no such function */
export async function readObjectiveFile(given: string): Promise<Objective<unknown>> {
  const at = given.lastIndexOf("#");
  const [file, name] = at < 0 ? [given, "default"] : [given.slice(0, at), given.slice(at + 1)];
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(resolve(file)).href);
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    if (code === "ERR_MODULE_NOT_FOUND" && message.includes(resolve(file))) {
      throw new NotFoundError(`The objective's file ${showWhole(file)} cannot be read: there is no such file.`, {
        cause,
      });
    }
    throw new ValidationError(`An objective's file must be a module that can be loaded, but: ${message}.`, { cause });
  }
  const objective = module[name];
  if (typeof objective !== "function") {
    throw new ValidationError(
      `${file} must export a function ${show(name)} of a trial, but exports ${Object.keys(module).map(show).join(", ") || "nothing"}. Name another export: ${file}#NAME.`,
    );
  }
  return objective as Objective<unknown>;
}
