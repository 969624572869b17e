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
  attempts: AttemptsTable;
  clock: ClockTable;
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
  lease_ms: number;
  retries: number;
  max_trials: number | null;
  max_cost: number | null;
  max_wall_ms: number | null;
  /** When the study was created, by the database's clock. */
  began_at: number;
  /** The sum of the costs that were told. */
  cost: number;
  /** The call that created the study's last trial. */
  last_call: string | null;
}

export interface TrialsTable {
  study_id: number;
  number: number;
  state: string;
  /** The study's revision after the last change of this trial. */
  revision: number;
  owner: string | null;
  attempt: number;
  /** By the database's clock; null where nobody runs it. */
  lease_until: number | null;
  /** How often its worker was lost. */
  losses: number;
  /** The calls that created it, leased it last, and ended it. */
  created_by: string | null;
  asked_by: string | null;
  told_by: string | null;
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

export interface AttemptsTable {
  study_id: number;
  trial_number: number;
  attempt: number;
  owner: string;
  /** By the database's clock, as the end is. */
  started_at: number;
  ended_at: number | null;
  cause: string | null;
  /** JSON of an outcome that came too late. */
  late: string | null;
}

/** SQLite only, and one row: how the file's clock goes on this machine; see machine-clock.ts. */
export interface ClockTable {
  boot: string;
  /** Milliseconds from the machine's monotonic clock to the file's. */
  ahead: number;
}
