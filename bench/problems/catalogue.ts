/**
 * Every task by name, `family/problem`, with its family; what `--tasks` chooses from.
 *
 * The tasks are split in two: by their order here within each family, the first, third, … are half "a", to tune on,
 * and the second, fourth, … half "b", not looked at while tuning.
 */
import { BBOB_FUNCTIONS, bbob, targetsReached } from "./bbob.ts";
import { germanCredit } from "./networks.ts";
import type { AnyProblem } from "./problem.ts";
import { SYNTHETIC } from "./synthetic.ts";
import { noisyTable, table } from "./tables.ts";
import { LCBENCH_INSTANCES, type SurrogateName, surrogate, XGBOOST_INSTANCES } from "./yahpo.ts";

export interface Task {
  readonly name: string;
  readonly family: string;
  readonly half: "a" | "b";
  /** Reads what it needs. @throws Error when that is absent */
  readonly make: () => AnyProblem;
}

const TABLES = ["australian", "blood-transfusion", "car", "credit-g", "kc1", "phoneme", "segment", "vehicle"];

const instances = (name: SurrogateName, all: readonly string[]): Record<string, () => AnyProblem> =>
  Object.fromEntries(all.map((instance) => [instance, () => surrogate(name, instance)]));

/** Instances 1 to 10 of each function; the score is the share of the precisions that are not reached yet. */
const bbobFamily = (d: number): Record<string, () => AnyProblem> =>
  Object.fromEntries(
    Array.from({ length: BBOB_FUNCTIONS * 10 }, (_, i) => {
      const [number, instance] = [1 + Math.floor(i / 10), 1 + (i % 10)];
      const make = (): AnyProblem => {
        const problem = bbob(number, d, instance);
        return { ...problem, regret: (loss) => 1 - targetsReached(problem.regret(loss)) };
      };
      return [`f${number}-i${instance}`, make];
    }),
  );

const FAMILIES: Readonly<Record<string, Readonly<Record<string, () => AnyProblem>>>> = {
  tables: Object.fromEntries(TABLES.map((name) => [name, () => table(`hpobench-${name}`)])),
  lcbench: instances("lcbench", LCBENCH_INSTANCES),
  xgboost: instances("xgboost", XGBOOST_INSTANCES),
  "noisy-tables": Object.fromEntries(TABLES.map((name) => [name, () => noisyTable(`hpobench-${name}`)])),
  ...SYNTHETIC,
  live: { "german-credit": germanCredit },
  "bbob-2d": bbobFamily(2),
  "bbob-5d": bbobFamily(5),
  "bbob-10d": bbobFamily(10),
};

/** The 35 recorded tasks to develop on, without noise. */
export const DEVELOPMENT: readonly string[] = ["tables", "lcbench", "xgboost"];

export const TASKS: readonly Task[] = Object.entries(FAMILIES).flatMap(([family, problems]) =>
  Object.entries(problems).map(([problem, make], i): Task => {
    const name = `${family}/${problem}`;
    return { name, family, half: i % 2 === 0 ? "a" : "b", make: () => ({ ...make(), name }) };
  }),
);

export function familyOf(name: string): string {
  return name.slice(0, name.indexOf("/"));
}

/** @throws Error for a name that no task has */
export function taskOf(name: string): Task {
  const task = TASKS.find((it) => it.name === name);
  if (task === undefined) throw new Error(`A task must be one of ${describeTasks()}, but got ${JSON.stringify(name)}.`);
  return task;
}

/**
 * The tasks that a list asks for: names in which * stands for anything, families, "development", "few" or "all", separated by commas.
 *
 * @throws Error for a word that is none of these
 */
export function selectTasks(list: string, half?: string): Task[] {
  const chosen = list.split(",").flatMap((word) => {
    if (word === "all") return TASKS;
    if (word === "development") return TASKS.filter(({ family }) => DEVELOPMENT.includes(family));
    if (word === "few") return DEVELOPMENT.flatMap(everyFourth);
    const parts = word.split("*").map((part) => part.replaceAll(/[^\w/-]/g, "\\$&"));
    const matching = TASKS.filter(
      ({ name, family }) => family === word || new RegExp(`^${parts.join(".*")}$`).test(name),
    );
    return matching.length > 0 ? matching : [taskOf(word)];
  });
  return [...new Set(chosen)].filter((task) => half === undefined || task.half === half);
}

/** From the second on: nine of the 35, all of half b, for peers of which a run takes minutes. */
function everyFourth(family: string): Task[] {
  return TASKS.filter((task) => task.family === family).filter((_, i) => i % 4 === 1);
}

export function describeTasks(): string {
  return `all, development (${DEVELOPMENT.join(", ")}), few (nine of these), a family (${Object.keys(FAMILIES).join(", ")}), or a name such as ${TASKS[0]!.name} or bbob-2d/*-i1`;
}
