#!/usr/bin/env node
/**
 * The command `assay`: options in, exit code out. What each command does is in a file of its own, loaded when that command is given,
 * so that help and mistakes cost no more than reading this one.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { RunOptions } from "./run.ts";

const EXIT_CODES = `
Exit codes:
  0    all trials have ended, or the whole space has been tried
  1    the run stopped on an error (too many failures in a row, the storage), or no trial was completed
  2    wrong usage or input; nothing was run
  130  stopped by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP; the same command goes on from there
`;

const RUN_HELP = `
The command is started once for each trial, without a shell. {lr} in its arguments is the parameter "lr", {optimizer.lr} one
in a group, {trial} the trial's number, {params} all parameters as JSON; {{x}} is the text {x}. An argument of a parameter
that is inactive in this trial is left out, with the option before it.

It prints its result as a JSON line: {"val_recall": 0.93, "val_loss": 0.2}; other numbers are kept as metrics. A number alone on
the last line will do; two results that differ are a failure. Lines such as {"step": 3, "value": 0.5} on the way are reports, by which a pruner stops what falls behind.
What each trial printed is kept in <storage>.logs/trial-0007.out and .err.

Run the same command again to go on after any interruption. The first Ctrl-C finishes the trials that run, the second
stops them, the third ends everything at once.

Examples:
  assay run --space space.json --maximize val_recall -- python train.py --lr {lr} --units {units}
  assay run --space space.ts --minimize loss --trials 200 --concurrency 4 --pruner halving -- ./train {params}
  assay run --space space.json --minimize loss --config-file template.yaml -- ./train --config {config}
${EXIT_CODES}`;

function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
  const program = new Command("assay")
    .description("Bayesian optimisation and hyperparameter tuning, for any program.")
    .version(version)
    .enablePositionalOptions()
    .showHelpAfterError("(assay --help tells more)")
    .exitOverride()
    .addHelpText("after", EXIT_CODES);

  program
    .command("run")
    .description("tune a program: start it with parameters, read its result, and do better next time")
    .argument("<command...>", "the program and its arguments, after --")
    .requiredOption("--space <file>", "what to try: a JSON file, or a module that exports `space`")
    .addOption(new Option("--maximize <name>", "the result to make large").conflicts("minimize"))
    .addOption(new Option("--minimize <name>", "the result to make small"))
    .option("--storage <file>", "the SQLite file that keeps the study", "assay.db")
    .option("--study <name>", "the study's name in it", "default")
    .option("--trials <n>", "trials in all, those of earlier runs included", integer(0), 50)
    .option("--concurrency <n>", "trials at a time", integer(1), 1)
    .option("--seed <seed>", "makes the sequence of trials repeatable")
    .addOption(
      new Option("--sampler <name>", "how to choose")
        .choices(["auto", "gp", "tpe", "cma-es", "random", "sobol", "halton", "grid"])
        .default("auto"),
    )
    .addOption(new Option("--pruner <name>", "how to stop trials that fall behind").choices(["median", "halving"]))
    .option("--min-steps <n>", "no trial is stopped before it has reported this step", integer(1))
    .option("--timeout <seconds>", "a trial that takes longer is stopped and has failed", positive)
    .option("--retries <n>", "how often a trial that failed is tried again", integer(0), 0)
    .addOption(
      new Option("--result-file <path>", "read the result from this file, such as out-{trial}.json").conflicts(
        "resultRegex",
      ),
    )
    .option("--result-regex <regex>", "read the result from the last match in a line; its first group is the number")
    .option("--env-prefix [prefix]", "give the parameters as environment variables (default prefix: ASSAY_PARAM_)")
    .option("--config-file <template>", "fill in this file for each trial; {config} is its path")
    .option("--json", "print events as JSON lines", false)
    .addHelpText("after", RUN_HELP)
    .passThroughOptions()
    .action(async (command: string[], options: Omit<RunOptions, "command">, self: Command) => {
      if (options.maximize === undefined && options.minimize === undefined) {
        self.error("error: one of --maximize <name> and --minimize <name> is needed");
      }
      if (options.minSteps !== undefined && options.pruner === undefined) {
        self.error("error: --min-steps <n> says when a pruner may begin, but there is no --pruner <name>");
      }
      const { run } = await import("./run.ts");
      process.exitCode = await run({ ...options, command });
    });

  program
    .command("init")
    .description("write space.json and tune.sh, to begin with")
    .option("--python", "print a helper for Python scripts instead")
    .action(async (options: { python?: true }) => {
      const { init, pythonHelper } = await import("./init.ts");
      process.stdout.write(options.python ? pythonHelper : init(process.cwd()));
    });
  return program;
}

function integer(least: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(number) || number < least)
      throw new InvalidArgumentError(`It must be an integer >= ${least}.`);
    return number;
  };
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError("It must be a number > 0.");
  return number;
}

try {
  await createProgram().parseAsync();
} catch (error) {
  // Commander has printed what it has to say.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    const { explain } = await import("./explain.ts");
    process.exitCode = explain(error);
  }
}
