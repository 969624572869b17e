/**
 * What a search under cross-validation keeps in its study beside parameters and values: the scores of a candidate's folds,
 * and of what data and settings the study was made, so that it is not continued with others.
 */
import { ValidationError } from "../errors.ts";
import type { Study } from "../study/study.ts";
import type { FrozenTrial, Json } from "../trial/trial.ts";
import type { FoldScore } from "./cv-results.ts";
import type { Dataset } from "./dataset.ts";
import type { Fold } from "./splitter/splitter.ts";

/** JSON has no NaN: a score that is none is null. */
export function foldsToJson(folds: readonly FoldScore[]): Json {
  const number = (value: number) => (Number.isFinite(value) ? value : null);
  const numbers = (values: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, number(value)]));
  return folds.map((fold) => ({
    testScore: number(fold.testScore),
    ...(fold.trainScore === undefined ? {} : { trainScore: number(fold.trainScore) }),
    ...(fold.testScores === undefined ? {} : { testScores: numbers(fold.testScores) }),
    ...(fold.trainScores === undefined ? {} : { trainScores: numbers(fold.trainScores) }),
    fitSeconds: fold.fitSeconds,
    scoreSeconds: fold.scoreSeconds,
    ...(fold.error === undefined ? {} : { error: fold.error }),
  }));
}

/** The folds of a trial that was tried on all of them; undefined for another. @param errorScore of a failed training */
export function foldsOf(trial: FrozenTrial<unknown>, errorScore: number): FoldScore[] | undefined {
  const stored = trial.attributes.folds as unknown as readonly StoredFold[] | undefined;
  const numbers = (values: Readonly<Record<string, number | null>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? Number.NaN]));
  return stored?.map(({ testScore, trainScore, testScores, trainScores, ...rest }) => ({
    ...rest,
    ...(testScores === undefined ? {} : { testScores: numbers(testScores) }),
    ...(trainScores === undefined ? {} : { trainScores: numbers(trainScores) }),
    testScore: rest.error === undefined ? (testScore ?? Number.NaN) : errorScore,
    ...(trainScore === undefined ? {} : { trainScore: trainScore ?? Number.NaN }),
  }));
}

interface StoredFold {
  readonly testScore: number | null;
  readonly trainScore?: number | null;
  readonly testScores?: Readonly<Record<string, number | null>>;
  readonly trainScores?: Readonly<Record<string, number | null>>;
  readonly fitSeconds: number;
  readonly scoreSeconds: number;
  readonly error?: string;
}

/** What must be the same for scores to be comparable. */
export interface SearchSettings {
  readonly data: string;
  readonly folds: string;
  readonly scoring: string;
  /** What is spent in each round, of a search in rounds. */
  readonly rounds?: string;
}

export async function searchSettings(
  dataset: Dataset,
  folds: readonly Fold[],
  scoring: string,
  rounds?: string,
): Promise<SearchSettings> {
  const { x, y } = dataset;
  return {
    data: `${x.rows} × ${x.columns}, ${await fingerprint([x.data, y])}`,
    folds: `${folds.length}, ${await fingerprint(folds.flatMap(({ train, test }) => [train, test]))}`,
    scoring,
    ...(rounds === undefined ? {} : { rounds }),
  };
}

/**
 * Keeps the settings with a new study, and compares them with a resumed one's.
 * @throws ValidationError that lists the differences
 */
export async function keepSettings(study: Study<unknown>, settings: SearchSettings): Promise<void> {
  const stored = await study.storage.findStudy(study.name);
  const kept = stored?.attributes.search as SearchSettings | undefined;
  if (stored === null) return;
  if (kept === undefined) {
    await study.storage.updateStudy(stored.id, { attributes: { search: { ...settings } } });
    return;
  }
  const differences = (["data", "folds", "scoring", "rounds"] as const)
    .filter((name) => kept[name] !== settings[name])
    .map((name) => `${name}: stored ${kept[name]}, given ${settings[name]}`);
  if (differences.length === 0) return;
  throw new ValidationError(
    `A resumed search must be what it was, but ${JSON.stringify(study.name)} differs:\n  ${differences.join("\n  ")}\nChoose another \`name\`, or delete the stored study.`,
  );
}

/** The first half of the SHA-256 of the arrays' bytes, in hexadecimal. */
async function fingerprint(arrays: readonly (Float32Array | Float64Array | Uint32Array)[]): Promise<string> {
  const bytes = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let end = 0;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), end);
    end += array.byteLength;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
