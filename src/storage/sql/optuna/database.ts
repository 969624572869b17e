/** Studies in Optuna's relational database, schema version 12 (Optuna 3 to 5), in SQLite. The file is opened for reading only. */
import { DatabaseSync } from "node:sqlite";
import { StorageError } from "../../../errors.ts";
import { emptyTrial, type OptunaStudy, type OptunaTrial, readPythonJson, readTime } from "./record.ts";

const SCHEMA = 12;

/** @throws StorageError when the database is not Optuna's, or of another version */
export function readDatabase(file: string): readonly OptunaStudy[] {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    checkSchema(db, file);
    return db
      .prepare("select study_id, study_name from studies order by study_id")
      .all()
      .map((row) => readStudy(db, row as { study_id: number; study_name: string }));
  } finally {
    db.close();
  }
}

function checkSchema(db: DatabaseSync, file: string): void {
  const isOptuna = db.prepare("select 1 from sqlite_schema where name = 'version_info'").get() !== undefined;
  const version = isOptuna ? db.prepare("select schema_version from version_info").get()?.schema_version : "none";
  if (version === SCHEMA) return;
  throw new StorageError(
    `A database of Optuna must have schema version ${SCHEMA}, but ${JSON.stringify(file)} has ${version}. ` +
      "Upgrade it with `optuna storage upgrade`, or name another file.",
  );
}

/** The columns of all tables that are read; a row has those of its own. */
interface Row {
  readonly trial_id: number;
  readonly direction: string;
  readonly state: string;
  readonly datetime_start: string | null;
  readonly datetime_complete: string | null;
  readonly param_name: string;
  readonly param_value: number;
  readonly distribution_json: string;
  readonly value: number | null;
  readonly value_type: string;
  readonly step: number;
  readonly intermediate_value: number | null;
  readonly intermediate_value_type: string;
  readonly key: string;
  readonly value_json: string;
}

function readStudy(
  db: DatabaseSync,
  { study_id: study, study_name: name }: { study_id: number; study_name: string },
): OptunaStudy {
  const all = (sql: string): Row[] => db.prepare(sql).all(study) as unknown as Row[];
  const directions = all("select direction from study_directions where study_id = ? order by objective");
  const attributes = all("select key, value_json from study_user_attributes where study_id = ?");
  const trials = new Map<number, OptunaTrial>();
  for (const row of all("select * from trials where study_id = ? order by number")) {
    const { trial_id, state, datetime_start, datetime_complete } = row;
    const times = { startedAt: readTime(datetime_start), finishedAt: readTime(datetime_complete) };
    trials.set(trial_id, { ...emptyTrial(state), ...times });
  }
  const each = (table: string, order: string, take: (trial: OptunaTrial, row: Row) => void) => {
    const rows = all(`select t.* from ${table} t join trials using (trial_id) where study_id = ? order by t.${order}`);
    for (const row of rows) take(trials.get(row.trial_id)!, row);
  };
  each("trial_params", "param_id", ({ params }, row) =>
    params.set(row.param_name, { value: row.param_value, distribution: row.distribution_json }),
  );
  each("trial_values", "objective", (trial, row) => {
    trial.values = [...trial.values, typed(row.value, row.value_type)];
  });
  each("trial_intermediate_values", "step", ({ reports }, row) =>
    reports.set(row.step, typed(row.intermediate_value, row.intermediate_value_type)),
  );
  each("trial_user_attributes", "trial_user_attribute_id", ({ attributes }, row) =>
    attributes.set(row.key, readPythonJson(row.value_json)),
  );
  each("trial_system_attributes", "trial_system_attribute_id", ({ system }, row) =>
    system.set(row.key, readPythonJson(row.value_json)),
  );
  return {
    name,
    directions: directions.map(({ direction }) => direction),
    attributes: Object.fromEntries(attributes.map((row) => [row.key, readPythonJson(row.value_json)])),
    trials: [...trials.values()],
  };
}

/** A number, whose type stands beside it where the column cannot hold it; null for NaN. */
function typed(value: number | null, type: string): number | null {
  if (type === "FINITE") return value;
  return type === "INF_POS" ? Number.POSITIVE_INFINITY : type === "INF_NEG" ? Number.NEGATIVE_INFINITY : null;
}
