/** The program that is run for each trial, from the options of a command line. */
import { type CommandObjective, commandObjective } from "../command/command-objective.ts";
import { show, showWhole, ValidationError } from "../errors.ts";
import type { Space } from "../space/space.ts";

export interface ProgramOptions {
  readonly command: readonly string[];
  readonly concurrency: number;
  readonly timeout?: number;
  readonly retries: number;
  readonly resultFile?: string;
  readonly resultRegex?: string;
  readonly envPrefix?: string | true;
  readonly configFile?: string;
}

/** @throws ValidationError for options that do not fit the space or each other, NotFoundError for a program that is not there */
export function programObjective(
  options: ProgramOptions,
  study: { readonly space: Space; readonly metric: string; readonly logs: string },
): CommandObjective {
  const { command, concurrency, resultFile, resultRegex, configFile, envPrefix, timeout, retries } = options;
  const [program, ...args] = command as readonly [string, ...string[]];
  if (resultFile !== undefined && concurrency > 1 && !resultFile.includes("{trial}")) {
    throw new ValidationError(
      `Trials that run at the same time need result files of their own, but --result-file is ${showWhole(resultFile)}. Put {trial} in its name.`,
    );
  }
  return commandObjective({
    ...study,
    command: program,
    args,
    retries,
    ...(resultFile === undefined ? {} : { resultFile }),
    ...(resultRegex === undefined ? {} : { resultPattern: patternOf(resultRegex) }),
    ...(configFile === undefined ? {} : { configTemplate: configFile }),
    ...(envPrefix === undefined ? {} : { envPrefix: envPrefix === true ? "ASSAY_PARAM_" : envPrefix }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
  });
}

/** What to say of parameters that the program is not given, or null. */
export function warningOf({ unused }: CommandObjective): string | null {
  if (unused.length === 0) return null;
  return `Warning: the program is not given all parameters; nothing in the command has ${unused.map((name) => `{${name}}`).join(", ")}.`;
}

function patternOf(source: string): RegExp {
  try {
    return new RegExp(source, "g");
  } catch (cause) {
    throw new ValidationError(
      `--result-regex must be a regular expression, but got ${show(source)}: ${(cause as Error).message}.`,
      { cause },
    );
  }
}
