/** Categories, given as numbers, turned into one 0/1 column for each. */
import { show, ValidationError } from "../../errors.ts";
import { checkChoice, columnwise, type Transformer } from "./transformer.ts";

const UNKNOWN = ["error", "ignore"] as const;
const DROP = [null, "first", "if_binary"] as const;

export interface OneHotEncoderParams {
  /** What becomes of a category that was not in the training rows: an error (default, as in scikit-learn), or all zeros. */
  readonly handleUnknown?: (typeof UNKNOWN)[number];
  /** The first category that gets no column: of every column, of those with two categories, or of none (default). */
  readonly drop?: (typeof DROP)[number];
}

/**
 * The categories of a column in ascending order, a missing value as the last one.
 *
 * @throws ValidationError for a param that it does not have; when transforming, for an unknown category, unless it is ignored
 */
export function oneHotEncoder({ handleUnknown = "error", drop = null }: OneHotEncoderParams = {}): Transformer {
  const check = (params: Required<OneHotEncoderParams>) => {
    checkChoice(KIND, "handleUnknown", params.handleUnknown, UNKNOWN);
    checkChoice(KIND, "drop", params.drop, DROP);
  };
  return columnwise(KIND, { handleUnknown, drop }, check, (params, values, column) => {
    // Sorting puts NaN last, and a Set holds it once.
    const categories = [...new Set(values.slice().sort())];
    const dropped = params.drop === "first" || (params.drop === "if_binary" && categories.length === 2) ? 1 : 0;
    const placeOf = new Map(categories.map((category, place) => [category, place - dropped]));
    return {
      width: categories.length - dropped,
      write: (value, out, offset) => {
        const place = placeOf.get(value);
        if (place === undefined && params.handleUnknown === "error") {
          throw new ValidationError(
            `${KIND} knows the categories of its training rows only, but column ${column} has ${show(value)}, which is not among ${show(categories)}. Set \`handleUnknown: "ignore"\` to encode it as zeros.`,
          );
        }
        if (place !== undefined && place >= 0) out[offset + place] = 1;
      },
    };
  });
}

const KIND = "oneHotEncoder";
