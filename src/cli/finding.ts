/** What `assay doctor` finds. */
export interface Finding {
  readonly check: string;
  /** `wrong`: results or their safety are at stake. `note`: worth knowing. */
  readonly status: "ok" | "note" | "wrong";
  readonly found: string;
  /** What to do, unless all is well. */
  readonly remedy?: string;
}
