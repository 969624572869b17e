/** Where the recorded surfaces are: in the folder that ASSAY_DATA names, or in `../shared/data` beside the repository. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** A path in the data folder, whether it is there or not. */
export function dataPath(...parts: readonly string[]): string {
  return join(process.env.ASSAY_DATA ?? join(import.meta.dirname, "../../../shared/data"), ...parts);
}

/** A path in the data folder. @throws Error, saying what to do, when it is absent */
export function requiredData(...parts: readonly string[]): string {
  const path = dataPath(...parts);
  if (!existsSync(path)) {
    throw new Error(
      `The recorded surfaces are read from a folder, not kept here, and ${path} is absent. Set ASSAY_DATA to the folder that holds \`${parts[0]}\`.`,
    );
  }
  return path;
}
