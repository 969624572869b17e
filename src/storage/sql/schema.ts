/**
 * The tables, as Kysely sees them. A trial is one row and its parameters one JSON text, so that asking and telling write one
 * row each; reports have a table of their own, so that a long training appends rows and never rewrites one. Columns that end
 * in JSON hold what `writeJson` wrote.
 */
import type { Generated } from "kysely";

export interface Schema {
  studies: StudiesTable;
  trials: TrialsTable;
  reports: ReportsTable;
}

export interface StudiesTable {
  id: Generated<number>;
  name: string;
  direction: string;
  /** JSON. */
  space: string;
  /** JSON, for 1 and "1" are different seeds. */
  seed: string;
  /** JSON. */
  attributes: string;
  created_at: number;
  /** The number that the next trial gets. */
  trial_count: Generated<number>;
  /** How many changes the study's trials have seen. */
  revision: Generated<number>;
}

export interface TrialsTable {
  study_id: number;
  number: number;
  state: string;
  /** The study's revision after the last change of this trial. */
  revision: number;
  owner: string | null;
  /** JSON. */
  params: string;
  /** JSON. */
  note: string;
  /** JSON. */
  attributes: string;
  value: number | null;
  standard_error: number | null;
  cost: number | null;
  /** JSON; a metric that is NaN is null in it. */
  metrics: string;
  /** JSON. */
  error: string | null;
  started_at: number | null;
  finished_at: number | null;
}

export interface ReportsTable {
  study_id: number;
  trial_number: number;
  /** 0, 1, 2, … in the order of reporting. */
  position: number;
  step: number;
  /** Null stands for NaN. */
  value: number | null;
}
