/** The last words of `assay run`: the best parameters as JSON on standard output, where they can be copied or piped, and how to go on. */
import type { Study } from "../study/study.ts";
import { type FrozenTrial, isFinal } from "../trial/trial.ts";
import { redacted } from "./place.ts";

export interface Conclusion {
  readonly json: boolean;
  /** Trials in all. */
  readonly budget: number;
  /** Where what each trial printed is kept. */
  readonly logs: string;
  readonly metric: string;
  /** The command line, without the program's own name. */
  readonly argv: readonly string[];
}

/** Prints what a study has come to. Returns its best trial. */
export async function conclude(study: Study, conclusion: Conclusion): Promise<FrozenTrial<unknown> | null> {
  const { json, budget, logs, metric, argv } = conclusion;
  const best = await study.best();
  const trials = await study.trials();
  const counts = Object.fromEntries(
    Object.entries(Object.groupBy(trials, ({ state }) => state)).map(([state, all]) => [state, all.length]),
  );
  const isDone = trials.filter(({ state }) => isFinal(state)).length >= budget;
  const isWhole = trials.length >= study.space.size;
  const next = isWhole ? null : commandLine(isDone ? withTrials(argv, Math.max(1, 2 * budget)) : argv);
  if (json) {
    const found = best && { number: best.number, value: best.value, params: best.params, metrics: best.metrics };
    process.stdout.write(`${JSON.stringify({ event: "end", best: found, trials: counts, logs, next })}\n`);
    return best;
  }
  const ended = Object.entries(counts).map(([state, count]) => `${count} ${state}`);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  say(
    `${trials.length} ${trials.length === 1 ? "trial" : "trials"}: ${ended.join(", ") || "none"}. What they printed is in ${logs}`,
  );
  if (best !== null) {
    say(`Best ${metric}: ${best.value}, in trial ${best.number}, with`);
    process.stdout.write(`${JSON.stringify(best.params, null, 2)}\n`);
  }
  if (next === null) say(`All ${study.space.size} configurations of the space have been tried.`);
  else say(`${isDone ? "For more trials" : "To go on"}: ${next}`);
  return best;
}

/** The command line with another number of trials. */
function withTrials(argv: readonly string[], trials: number): string[] {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const at = argv.slice(0, end).indexOf("--trials");
  if (at >= 0) return argv.toSpliced(at + 1, 1, String(trials));
  const joined = argv.slice(0, end).findIndex((arg) => arg.startsWith("--trials="));
  if (joined >= 0) return argv.with(joined, `--trials=${trials}`);
  return argv.toSpliced(1, 0, "--trials", String(trials));
}

/** As it can be typed into a POSIX shell, except for passwords. */
function commandLine(argv: readonly string[]): string {
  const quote = (arg: string) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`);
  return redacted(["assay", ...argv.map(quote)].join(" "));
}
