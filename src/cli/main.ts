#!/usr/bin/env node
/**
 * The command `assay`: options in, exit code out. What each command does is in a file of its own, loaded when that command is given,
 * so that help and mistakes cost no more than reading the options.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { declareRun, declareWorker, RUN_EXIT_CODES } from "./declare-run.ts";
import { declareStudies } from "./declare-study.ts";
import { endAtSignals } from "./signals.ts";

function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
  const program = new Command("assay")
    .description("Bayesian optimisation and hyperparameter tuning, for any program.")
    .version(version)
    .enablePositionalOptions()
    .showHelpAfterError("(assay --help tells more)")
    .exitOverride()
    .addHelpText("after", RUN_EXIT_CODES);

  declareRun(program);
  declareWorker(program);
  declareStudies(program);
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

endAtSignals();
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
