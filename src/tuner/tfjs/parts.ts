/** The rows of a training: those it learns from and those it is measured on. */
import { show, ValidationError } from "../../errors.ts";
import { finiteNumber } from "../../nn/choose.ts";
import type { FitOptions } from "../../nn/training.ts";
import type { Values } from "./evaluation.ts";
import type { Api, Network } from "./framework.ts";
import { loadRows, numbersOf, type Rows, type TensorLike, type WeightsLike } from "./rows.ts";

/** Data to validate on: `[x, y]`, `[x, y, sampleWeight]`, or the same by name. */
export type TfjsValidationData =
  | readonly [x: TensorLike, y: TensorLike, sampleWeight?: WeightsLike]
  | { readonly x: TensorLike; readonly y: TensorLike; readonly sampleWeight?: WeightsLike | undefined };

export interface PartOptions extends Pick<FitOptions, "validationSplit" | "classWeight"> {
  readonly sampleWeight?: WeightsLike | undefined;
  readonly validationData?: TfjsValidationData | undefined;
}

/** `count` rows from `first` on. */
export interface Part {
  readonly rows: Rows;
  readonly first: number;
  readonly count: number;
}

export interface Parts {
  /** Its rows begin at 0. */
  readonly training: Part;
  readonly validation: Part | undefined;
  dispose(): void;
}

/** @throws ValidationError for data that do not fit the model or one another */
export function loadParts(tf: Api, network: Network, x: unknown, y: unknown, options: PartOptions): Parts {
  const { validationData, validationSplit, sampleWeight, classWeight } = options;
  const split = finiteNumber(
    "`validationSplit`",
    validationSplit ?? 0,
    "at least 0 and below 1",
    (share) => share >= 0 && share < 1,
  );
  if (split > 0 && validationData !== undefined) {
    throw new ValidationError("Give `validationData` or `validationSplit`, not both.");
  }
  const rows = loadRows(tf, network, x, y, { sampleWeight, classWeight });
  try {
    const count = split > 0 ? Math.floor(rows.count * (1 - split)) : rows.count;
    if (count === 0 || (split > 0 && count === rows.count)) {
      throw new ValidationError(
        `\`validationSplit\` must leave rows on both sides, but ${split} of ${rows.count} rows leaves ${count} to train on.`,
      );
    }
    const training = { rows, first: 0, count };
    if (split > 0) {
      // Class weights are for training alone, as in Keras.
      const weights = sampleWeight === undefined ? undefined : Float32Array.from(numbersOf(sampleWeight));
      const validation = { rows: { ...rows, weights }, first: count, count: rows.count - count };
      return { training, validation, dispose: rows.dispose };
    }
    if (validationData === undefined) return { training, validation: undefined, dispose: rows.dispose };
    const [validationX, validationY, weights] = validationParts(validationData);
    const other = loadRows(tf, network, validationX, validationY, { sampleWeight: weights });
    const dispose = () => {
      rows.dispose();
      other.dispose();
    };
    return { training, validation: { rows: other, first: 0, count: other.count }, dispose };
  } catch (error) {
    rows.dispose();
    throw error;
  }
}

function validationParts(data: TfjsValidationData): readonly [unknown, unknown, WeightsLike?] {
  if (Array.isArray(data) && (data.length === 2 || data.length === 3)) {
    return data as unknown as [unknown, unknown, WeightsLike?];
  }
  if (typeof data === "object" && data !== null && "x" in data && "y" in data) {
    return data.sampleWeight === undefined ? [data.x, data.y] : [data.x, data.y, data.sampleWeight];
  }
  throw new ValidationError(
    `\`validationData\` must be [x, y], [x, y, sampleWeight] or { x, y }, but got ${show(data)}.`,
  );
}

/** The targets of a part as numbers. */
export function targetsOf({ rows, first, count }: Part): readonly Values[] {
  return rows.targets.map(({ tensor, values }) => {
    const width = values.length / rows.count;
    return {
      shape: [count, ...tensor.shape.slice(1)],
      values: values.subarray(first * width, (first + count) * width),
    };
  });
}
