/**
 * Studies in Optuna's journal: a file of JSON lines, each an operation; whoever reads it does them all again. A last line that was cut
 * off, as a writer that was killed leaves it, is passed over.
 */
import { readFileSync } from "node:fs";
import { StorageError } from "../../../errors.ts";
import { emptyTrial, type OptunaStudy, type OptunaTrial, readPythonJson, readTime } from "./record.ts";

const DIRECTIONS = ["NOT_SET", "MINIMIZE", "MAXIMIZE"];
const STATES = ["RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING"];

/** @throws StorageError when the file is no journal of Optuna's */
export function readJournal(file: string): readonly OptunaStudy[] {
  const replay = new Replay();
  const lines = readFileSync(file, "utf8").split("\n");
  for (const [i, line] of lines.entries()) {
    if (line === "") continue;
    try {
      replay.apply(readPythonJson(line) as Operation);
    } catch (error) {
      if (i === lines.length - 1 && error instanceof SyntaxError) continue;
      throw new StorageError(
        `A journal of Optuna must consist of its operations, but line ${i + 1} of ${JSON.stringify(file)} is none ` +
          `(${(error as Error).message}). Name another file, or take the line away.`,
        { cause: error },
      );
    }
  }
  return replay.studies.filter((study) => study !== null);
}

// biome-ignore lint/suspicious/noExplicitAny: an operation has fields of its own, and a fault in one is an error of its line
type Operation = Readonly<Record<string, any>>;
type Growing = { -readonly [K in keyof OptunaStudy]: OptunaStudy[K] } & { trials: OptunaTrial[] };

class Replay {
  /** By id; null where one was deleted. */
  readonly studies: (Growing | null)[] = [];
  /** By id, over all studies. */
  readonly #trials: OptunaTrial[] = [];
  readonly #operations: readonly ((operation: Operation) => void)[] = [
    ({ study_name, directions }) => {
      // Of two processes that create one study at once, one writes in vain.
      if (this.studies.some((it) => it?.name === study_name)) return;
      const names = directions.map((it: number) => DIRECTIONS[it] ?? "");
      this.studies.push({ name: study_name, directions: names, attributes: {}, trials: [] });
    },
    ({ study_id }) => {
      this.studies[study_id] = null;
    },
    ({ study_id, user_attr }) =>
      this.#ofStudy(study_id, (it) => {
        it.attributes = { ...it.attributes, ...user_attr };
      }),
    () => {},
    (operation) => this.#ofStudy(operation.study_id, ({ trials }) => trials.push(this.#create(operation))),
    ({ trial_id, param_name, param_value_internal, distribution }) =>
      this.#ofTrial(trial_id, ({ params }) => params.set(param_name, { value: param_value_internal, distribution })),
    ({ trial_id, state, values, datetime_start, datetime_complete }) =>
      this.#ofTrial(trial_id, (trial) => {
        trial.state = STATES[state] ?? "";
        trial.values = values ?? trial.values;
        trial.startedAt = readTime(datetime_start) ?? trial.startedAt;
        trial.finishedAt = readTime(datetime_complete);
      }),
    ({ trial_id, step, intermediate_value }) =>
      this.#ofTrial(trial_id, ({ reports }) => reports.set(step, intermediate_value)),
    ({ trial_id, user_attr }) => this.#ofTrial(trial_id, ({ attributes }) => setAll(attributes, user_attr)),
    ({ trial_id, system_attr }) => this.#ofTrial(trial_id, ({ system }) => setAll(system, system_attr)),
    // Discards trials, which Optuna itself passes over.
    () => {},
  ];

  apply(operation: Operation): void {
    const perform = this.#operations[operation.op_code];
    if (perform === undefined) throw new Error(`its op_code is ${operation.op_code}`);
    perform(operation);
  }

  #create(operation: Operation): OptunaTrial {
    const { state, params = {}, distributions = {}, value, values, intermediate_values: reports = {} } = operation;
    const trial = emptyTrial(state === undefined ? "RUNNING" : (STATES[state] ?? ""));
    for (const [name, it] of Object.entries<number>(params))
      trial.params.set(name, { value: it, distribution: distributions[name] });
    trial.values = values ?? (value === undefined || value === null ? [] : [value]);
    for (const [step, it] of Object.entries<number | null>(reports)) trial.reports.set(Number(step), it);
    setAll(trial.attributes, operation.user_attrs ?? {});
    setAll(trial.system, operation.system_attrs ?? {});
    trial.startedAt = readTime(operation.datetime_start);
    trial.finishedAt = readTime(operation.datetime_complete);
    this.#trials.push(trial);
    return trial;
  }

  #ofStudy(id: number, change: (study: Growing) => void): void {
    const study = this.studies[id];
    if (study) change(study);
  }

  /** A trial that has ended changes no more. */
  #ofTrial(id: number, change: (trial: OptunaTrial) => void): void {
    const trial = this.#trials[id];
    if (trial !== undefined && (trial.state === "RUNNING" || trial.state === "WAITING")) change(trial);
  }
}

function setAll(map: Map<string, unknown>, values: object): void {
  for (const [key, value] of Object.entries(values)) map.set(key, value);
}
