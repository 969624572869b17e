/** The three parts of the data, ready for a network: made up from a seed, or read from a file. */
import { basename } from "node:path";
import { createRng, type Rng } from "assay";
import type { Matrix } from "assay/nn";
import { readCsv } from "./csv.ts";
import { type Encoder, fitEncoder } from "./encode.ts";
import type { Column, LabelledTable } from "./table.ts";
import { type Preset, transactions } from "./transactions.ts";
import { UsageError } from "./usage-error.ts";

/** Rows with their labels, on memory that worker threads share. */
export interface Part {
  readonly x: Matrix;
  /** [x.rows], 0 or 1. */
  readonly y: Uint8Array;
}

export interface Dataset {
  readonly name: string;
  /** What a label of 1 means. */
  readonly positive: string;
  readonly inputs: readonly string[];
  readonly train: Part;
  readonly validation: Part;
  readonly test: Part;
  /** What the user should know about how the numbers were made. */
  readonly notes: readonly string[];
}

/** Synthetic card transactions. */
export function syntheticDataset(preset: Preset, seed: number): Dataset {
  const parts = transactions(preset, seed);
  return assemble(parts, {
    name: `synthetic card transactions, ${preset}, seed ${seed}`,
    positive: "fraud",
    notes: [],
  });
}

/** Shares of the rows of a file: what is left goes to the training. */
const VALIDATION_SHARE = 0.2;
const TEST_SHARE = 0.2;

/** A user's own table, split at random with the classes in equal shares. @throws UsageError */
export function csvDataset(file: string, label: string, drop: readonly string[], seed: number): Dataset {
  const table = readCsv(file, label, drop);
  const split = stratifiedSplit(table.labels, createRng(seed).fork("split"));
  const parts = {
    train: pick(table, split.train),
    validation: pick(table, split.validation),
    test: pick(table, split.test),
  };
  const rare = table.positive === "1" ? "" : `, and not ${JSON.stringify(table.negative)},`;
  return assemble(parts, {
    name: `${basename(file)}, label ${label}`,
    positive: table.positive === "1" ? label : `${label} = ${table.positive}`,
    notes: [
      `The class to be found is ${label} = ${JSON.stringify(table.positive)}${rare} in ${count(table.labels)} of ${table.labels.length} rows.`,
    ],
  });
}

function assemble(
  parts: Record<"train" | "validation" | "test", LabelledTable>,
  about: Pick<Dataset, "name" | "positive" | "notes">,
): Dataset {
  const encoder = fitEncoder(parts.train.features);
  if (encoder.inputs.length === 0) {
    throw new UsageError("At least one column beside the label must have two values or more, but none has.");
  }
  return {
    ...about,
    notes: [...about.notes, ...encoder.notes],
    inputs: encoder.inputs,
    train: encodePart(parts.train, encoder),
    validation: encodePart(parts.validation, encoder),
    test: encodePart(parts.test, encoder),
  };
}

function encodePart({ features, labels }: LabelledTable, encoder: Encoder): Part {
  const y = new Uint8Array(new SharedArrayBuffer(labels.length));
  y.set(labels);
  return { x: encoder.encode(features), y };
}

/** Row numbers of the three parts, each in ascending order; every class is split in the same shares. */
export function stratifiedSplit(
  labels: Uint8Array,
  rng: Rng,
): Record<"train" | "validation" | "test", readonly number[]> {
  const train: number[] = [];
  const validation: number[] = [];
  const test: number[] = [];
  for (const label of [0, 1]) {
    const rows = [...labels.keys()].filter((row) => labels[row] === label);
    const shuffled = Array.from(rng.permutation(rows.length), (place) => rows[place]!);
    const validations = Math.round(VALIDATION_SHARE * rows.length);
    const tests = Math.round(TEST_SHARE * rows.length);
    validation.push(...shuffled.slice(0, validations));
    test.push(...shuffled.slice(validations, validations + tests));
    train.push(...shuffled.slice(validations + tests));
  }
  const ascending = (rows: number[]) => rows.sort((a, b) => a - b);
  return { train: ascending(train), validation: ascending(validation), test: ascending(test) };
}

function pick({ features, labels }: LabelledTable, rows: readonly number[]): LabelledTable {
  const columns = features.columns.map(
    (column): Column =>
      column.kind === "numeric"
        ? { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) }
        : { ...column, values: rows.map((row) => column.values[row] ?? null) },
  );
  return { features: { rows: rows.length, columns }, labels: Uint8Array.from(rows, (row) => labels[row]!) };
}

/** Rows with label 1. */
export function count(labels: Uint8Array): number {
  return labels.reduce((sum, label) => sum + label, 0);
}
