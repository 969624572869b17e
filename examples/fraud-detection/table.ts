/** A table by columns, as it comes from a file or a generator: raw values, nothing scaled, gaps kept as gaps. */

export type Column =
  /** NaN where the value is missing. */
  | { readonly name: string; readonly kind: "numeric"; readonly values: Float64Array }
  /** Null where the value is missing. */
  | { readonly name: string; readonly kind: "categorical"; readonly values: readonly (string | null)[] };

export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** A table whose rows are labelled 1 (the class to be found) or 0. */
export interface LabelledTable {
  readonly features: Table;
  /** [rows], 0 or 1. */
  readonly labels: Uint8Array;
}
