/** The options of `assay run` and `assay worker`, which run a program for each trial of a study. */
import { type Command, Option } from "commander";
import { storageOption } from "./declare-storage.ts";
import { integer, positive, seconds } from "./parse.ts";
import type { RunOptions } from "./run.ts";
import type { WorkerOptions } from "./worker.ts";

export const RUN_EXIT_CODES = `
Exit codes:
  0    all trials have ended, or the whole space has been tried
  1    the run stopped on an error (too many failures in a row, the storage),
       or no trial was completed
  2    wrong usage or input; nothing was run
  130  stopped by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP; the same command goes
       on from there
`;

const PROTOCOL = `
The command is started once for each trial, without a shell. {lr} in its
arguments is the parameter "lr", {optimizer.lr} one in a group, {trial} the
trial's number, {params} all parameters as JSON; {{x}} is the text {x}. An
argument of a parameter that is inactive in this trial is left out, with the
option before it.

It prints its result as a JSON line: {"val_recall": 0.93, "val_loss": 0.2};
other numbers are kept as metrics. A number alone on the last line will do; two
results that differ are a failure. Lines such as {"step": 3, "value": 0.5} on
the way are reports, by which a pruner stops what falls behind.
`;

const RUN_HELP = `${PROTOCOL}What each trial printed is kept in <storage>.logs/trial-0007.out and .err.

Run the same command again to go on after any interruption. The first Ctrl-C
finishes the trials that run, the second stops them, the third ends everything
at once.

Examples:
  assay run --space space.json --maximize val_recall \\
    -- python train.py --lr {lr} --units {units}
  assay run --space space.ts --minimize loss --trials 200 --concurrency 4 \\
    --pruner halving -- ./train {params}
  assay run --space space.json --minimize loss --config-file template.yaml \\
    -- ./train --config {config}
${RUN_EXIT_CODES}`;

const WORKER_HELP = `
Start as many as you like, on as many machines as reach the storage: a SQLite
file serves one machine, PostgreSQL any number. Each takes the next trial, sees
those of all others as pending, and adds its result. The first to say --space
and --maximize or --minimize creates the study; the others may say the same, or
only --study. Sampler and pruner are kept with the study, and each worker takes
them from there. No program that a storage names is ever run: each worker is
given its own.

A worker that dies loses nothing: its trials wait again once their leases run
out (a minute), with the same parameters. So a worker stays until all trials
have ended, or for --idle-timeout. On SIGTERM it begins no more, finishes what
runs within --grace, and gives the rest back; a second SIGTERM gives it back at
once. Ctrl-C is as in \`assay run\`.
${PROTOCOL}
An objective of --objective is the default export of a module, or the export
#name: a function of a trial that returns a number or { value, metrics }, as of
\`study.optimize\`. It runs in this process.

--health answers GET /health with 200, or 503 when the storage has not answered
for as long as a lease lasts. It listens on 127.0.0.1 unless a host is given:
--health 0.0.0.0:8080.

Examples:
  export ASSAY_STORAGE=postgres://ada@db/studies
  assay worker --study kiln --space space.json --maximize yield --trials 500 \\
    -- ./kiln {params}
  assay worker --study kiln -- ./kiln {params}
  assay worker --study kiln --objective kiln.mjs --concurrency 4 --max-trials 10

Exit codes:
  0    the study is complete, this worker has done its --max-trials, or there
       was nothing to do for --idle-timeout
  1    stopped on an error: too many failures in a row, the storage
  2    wrong usage or input, or no such study; nothing was run
  143  stopped by SIGTERM, 129 by SIGHUP, 130 by Ctrl-C; what was not finished
       waits for another worker
`;

export function declareRun(program: Command): void {
  const run = withProgram(
    program
      .command("run")
      .description("tune a program: start it with parameters, read its result, and do better next time")
      .argument("<command...>", "the program and its arguments, after --")
      .requiredOption("--space <file>", "what to try: a JSON file, or a module that exports `space`"),
  )
    .addOption(storageOption())
    .option("--study <name>", "the study's name in it", "default")
    .option("--trials <n>", "trials in all, those of earlier runs included", integer(0), 50)
    .addOption(samplerOption().default("auto"))
    .addHelpText("after", RUN_HELP);
  run.action(async (command: string[], options: Omit<RunOptions, "command">, self: Command) => {
    if (options.maximize === undefined && options.minimize === undefined) {
      self.error("error: one of --maximize <name> and --minimize <name> is needed");
    }
    if (options.minSteps !== undefined && options.pruner === undefined) {
      self.error("error: --min-steps <n> says when a pruner may begin, but there is no --pruner <name>");
    }
    const { run } = await import("./run.ts");
    process.exitCode = await run({ ...options, command });
  });
}

export function declareWorker(program: Command): void {
  const worker = withProgram(
    program
      .command("worker")
      .description("work on a study's trials, beside any number of other workers")
      .argument("[command...]", "the program and its arguments, after --")
      .option("--objective <file[#export]>", "a function in a module, in place of a program")
      .option("--space <file>", "what to try, to create the study: a JSON file, or a module that exports `space`"),
  )
    .addOption(storageOption())
    .option("--study <name>", "the study's name in it", "default")
    .option("--trials <n>", "trials of the study in all, by all workers (of a new study: 50)", integer(0))
    .addOption(samplerOption())
    .option("--max-trials <n>", "this worker's trials, then it ends", integer(1))
    .option("--idle-timeout <seconds>", "ends when there is nothing to do for so long", seconds)
    .option("--grace <seconds>", "on SIGTERM, for trials to finish before they are given back", seconds, 20)
    .option("--health <[host:]port>", "serve this worker's health over HTTP")
    .option("--name <name>", "what this worker is called (default: the host and the process id)")
    .addHelpText("after", WORKER_HELP);
  worker.action(async (command: string[], options: Omit<WorkerOptions, "command">, self: Command) => {
    if (command.length > 0 === (options.objective !== undefined)) {
      self.error("error: what measures a trial is needed: either --objective <file> or -- and a command");
    }
    const [{ worker }, { explain }] = await Promise.all([import("./worker.ts"), import("./explain.ts")]);
    process.exitCode = await worker({ ...options, command }).catch(explain);
    // What an objective of this process left running, such as a trial that was given back, would keep it.
    if (options.objective !== undefined) process.exit();
  });
}

/** What both say of the trials and of the program. */
function withProgram(command: Command): Command {
  return command
    .addOption(new Option("--maximize <name>", "the result to make large").conflicts("minimize"))
    .addOption(new Option("--minimize <name>", "the result to make small"))
    .option("--concurrency <n>", "trials at a time", integer(1), 1)
    .option("--seed <seed>", "makes the sequence of trials repeatable")
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
    .passThroughOptions();
}

function samplerOption(): Option {
  return new Option("--sampler <name>", "how to choose").choices([
    ...["auto", "gp", "tpe", "cma-es", "random", "sobol", "halton", "grid"],
  ]);
}
