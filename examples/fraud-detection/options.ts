/** The command line: what may be asked for, checked before anything is computed or written. */
import { parseArgs } from "node:util";
import { BACKENDS, type Backend } from "./backend.ts";
import { OBJECTIVES, type Objective, parseObjective } from "./objective.ts";
import type { Preset } from "./transactions.ts";
import { suggestion, UsageError } from "./usage-error.ts";

/** Where the rows come from. */
export type Source =
  | { readonly kind: "synthetic"; readonly preset: Preset }
  | { readonly kind: "csv"; readonly file: string; readonly label: string; readonly drop: readonly string[] };

export interface Options {
  readonly source: Source;
  readonly objective: Objective;
  /** How much is searched: "quick" for a smoke test, "full" with the article's whole grid besides. */
  readonly size: "quick" | "default" | "full";
  /** Trainings of the article's search. */
  readonly trials: number;
  /** Folds of the cross-validation. */
  readonly cv: number;
  readonly seed: number;
  readonly workers: number | "all";
  /** What the Bayesian optimisation models the objective with: a Gaussian process or Parzen estimators. */
  readonly sampler: SamplerName;
  /** What trains the networks. */
  readonly backend: Backend;
  /** Seeds over which the whole comparison is repeated. */
  readonly repeat: number;
  /** Folder of the report and the study database. */
  readonly out: string;
  /** Forget what an earlier run left in `out`. */
  readonly fresh: boolean;
}

const SAMPLERS = ["gp", "tpe"] as const;
export type SamplerName = (typeof SAMPLERS)[number];

const PRESETS: readonly Preset[] = ["balanced", "imbalanced"];

export const HELP: string = `Tunes a fraud-detection network by Bayesian optimisation and by grid search,
and compares the two.

  npm run demo                                  on synthetic card transactions
  npm run demo -- --data FILE --label COLUMN    on your own table

What to tune on
  --preset NAME     ${PRESETS.join(" or ")} (5 % fraud); default balanced
  --data FILE       a CSV file with a line of column names
  --label COLUMN    the column to predict; it must have two values
  --drop COLUMN     a column to leave out; may be given several times

What to look for
  --objective NAME  ${OBJECTIVES.slice(0, -1).join(", ")} or
                    "${OBJECTIVES.at(-1)}" (in quotes, for the shell);
                    default recall

How much
  --quick           a small search, for a first look
  --full            the article's whole grid besides: 1,458 combinations,
                    each in every fold
  --trials N        trainings of the article's search; default 30
                    (8 with --quick)
  --cv K            folds of the cross-validation; default 3
  --repeat N        the whole comparison over N seeds, with a paired test;
                    default 1
  --seed N          default 7; the same seed gives the same report
  --workers N       worker threads; default one for each core
  --sampler NAME    gp, a Gaussian process, or tpe, Parzen estimators;
                    default gp
  --backend NAME    nn, our own trainer, or tfjs, TensorFlow.js, which takes
                    some 80 times as long; default nn

Where
  --out DIR         folder of report.html, results.json and study.db;
                    default runs/fraud-detection/<name of the run>
  --fresh           start anew; otherwise a run that was stopped goes on
  --help            this text
`;

const FLAGS = {
  preset: { type: "string" },
  data: { type: "string" },
  label: { type: "string" },
  drop: { type: "string", multiple: true },
  objective: { type: "string" },
  quick: { type: "boolean" },
  full: { type: "boolean" },
  trials: { type: "string" },
  cv: { type: "string" },
  repeat: { type: "string" },
  seed: { type: "string" },
  workers: { type: "string" },
  sampler: { type: "string" },
  backend: { type: "string" },
  out: { type: "string" },
  fresh: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** What the arguments ask for; null for --help. @throws UsageError for an unknown option or a value outside its range */
export function parseOptions(args: readonly string[]): Options | null {
  const flags = readFlags(args);
  if (flags.help) return null;
  if (flags.quick && flags.full) throw new UsageError("--quick and --full exclude each other. Give one of them.");
  const size = flags.quick ? "quick" : flags.full ? "full" : "default";
  const options = {
    source: readSource(flags),
    objective: parseObjective(flags.objective ?? "recall"),
    size,
    trials: integer("trials", flags.trials, size === "quick" ? 8 : 30, 2, 1000),
    cv: integer("cv", flags.cv, 3, 2, 10),
    seed: integer("seed", flags.seed, 7, 0, Number.MAX_SAFE_INTEGER),
    workers:
      flags.workers === undefined || flags.workers === "all" ? "all" : integer("workers", flags.workers, 1, 1, 256),
    sampler: oneOf("sampler", flags.sampler ?? "gp", SAMPLERS),
    backend: oneOf("backend", flags.backend ?? "nn", BACKENDS),
    repeat: integer("repeat", flags.repeat, 1, 1, 100),
    fresh: flags.fresh ?? false,
  } as const;
  if (flags.out === "") throw new UsageError("--out must name a folder, but got an empty name.");
  return { ...options, out: flags.out ?? `runs/fraud-detection/${runName(options)}` };
}

function readFlags(args: readonly string[]) {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: FLAGS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const known = Object.keys(FLAGS).map((name) => `--${name}`);
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const flag = Object.hasOwn(FLAGS, token.name) ? FLAGS[token.name as keyof typeof FLAGS] : undefined;
    if (flag === undefined) {
      throw new UsageError(`There is no option ${token.rawName}.${suggestion(token.rawName, known)} See --help.`);
    }
    if (flag.type === "string" && token.value === undefined)
      throw new UsageError(`${token.rawName} needs a value. See --help.`);
    if (flag.type === "boolean" && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value.`);
  }
  if (positionals.length > 0) {
    throw new UsageError(`${JSON.stringify(positionals[0])} is not an option. Options begin with --; see --help.`);
  }
  // Every token was checked against its kind above, which `strict: false` leaves to us for the sake of the messages.
  return values as {
    [K in keyof typeof FLAGS]?: K extends "drop"
      ? string[]
      : (typeof FLAGS)[K]["type"] extends "boolean"
        ? boolean
        : string;
  };
}

function readSource(flags: ReturnType<typeof readFlags>): Source {
  const { data, label, drop, preset } = flags;
  if (data === undefined) {
    for (const [name, value] of Object.entries({ label, drop })) {
      if (value !== undefined) throw new UsageError(`--${name} is for a table of your own: give --data FILE as well.`);
    }
    const known = PRESETS.find((name) => name === (preset ?? "balanced"));
    if (known !== undefined) return { kind: "synthetic", preset: known };
    throw new UsageError(
      `--preset must be ${PRESETS.join(" or ")}, but got ${JSON.stringify(preset)}.${suggestion(preset ?? "", PRESETS)}`,
    );
  }
  if (preset !== undefined) throw new UsageError("--preset is for synthetic data and cannot be given with --data.");
  if (label === undefined) throw new UsageError("--data needs --label COLUMN: the column that is to be predicted.");
  return { kind: "csv", file: data, label, drop: drop ?? [] };
}

function oneOf<T extends string>(name: string, typed: string, known: readonly T[]): T {
  const found = known.find((it) => it === typed);
  if (found !== undefined) return found;
  throw new UsageError(
    `--${name} must be ${known.join(" or ")}, but got ${JSON.stringify(typed)}.${suggestion(typed, known)}`,
  );
}

function integer(name: string, typed: string | undefined, otherwise: number, least: number, most: number): number {
  if (typed === undefined) return otherwise;
  const value = /^\d+$/.test(typed) ? Number(typed) : Number.NaN;
  if (value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `>= ${least}` : `from ${least} to ${most}`;
  throw new UsageError(`--${name} must be a whole number ${range}, but got ${JSON.stringify(typed)}.`);
}

/** A folder name that two different runs do not share. */
function runName({
  source,
  objective,
  size,
  trials,
  cv,
  seed,
  repeat,
  sampler,
  backend,
}: Omit<Options, "out" | "workers" | "fresh">): string {
  const data =
    source.kind === "synthetic" ? source.preset : `${source.file.replace(/^.*[/\\]|\.[^.]*$/g, "")}-${source.label}`;
  const usual = trials === (size === "quick" ? 8 : 30);
  return [
    data,
    objective.name,
    size === "default" ? "" : size,
    usual ? "" : `${trials}-trials`,
    cv === 3 ? "" : `${cv}-folds`,
    sampler === "gp" ? "" : sampler,
    backend === "nn" ? "" : backend,
    repeat === 1 ? "" : `${repeat}-seeds`,
    `seed-${seed}`,
  ]
    .filter((part) => part !== "")
    .join("-")
    .replaceAll(/[^A-Za-z0-9.-]+/g, "-");
}
