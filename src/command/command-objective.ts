/**
 * A program as an objective: started once a trial with the trial's parameters, in whatever language it is written. What it prints
 * on its way is reported, so that a pruner can stop it; what it prints last is the result. See placeholders.ts for how it gets
 * the parameters, and result.ts for what it may print.
 */
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { delimiter, dirname, extname, join, resolve } from "node:path";
import { NotFoundError, ProgramError, show, showWhole, TrialPruned, ValidationError } from "../errors.ts";
import type { ParamValue } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import type { ObjectiveResult } from "../study/outcome.ts";
import type { Trial } from "../study/trial.ts";
import { checkPlaceholders, fillArguments, fillConfig, fillText } from "./placeholders.ts";
import { type ProcessEnd, startProcess } from "./process.ts";
import { outputReader, type PrintedReport } from "./result.ts";

export interface CommandOptions {
  /** The study's space, by which placeholders are checked. */
  readonly space: Space;
  /** The program: a path, or a name to be found on PATH. No shell is involved. */
  readonly command: string;
  /** Its arguments, with placeholders such as `{lr}`. */
  readonly args?: readonly string[];
  /** The name of the value in the program's result. Default "value". */
  readonly metric?: string;
  /** Default: the folder of this process. */
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gives the program every active parameter as an environment variable: "ASSAY_PARAM_" makes `optimizer.lr` ASSAY_PARAM_OPTIMIZER_LR. */
  readonly envPrefix?: string;
  /** A file with placeholders (JSON, YAML, TOML); filled in for each trial and kept in `logs`, where `{config}` says. */
  readonly configTemplate?: string;
  /** Read the result from this file, a path that may have placeholders; `{trial}` keeps trials that run at a time apart. */
  readonly resultFile?: string;
  /** Read the result from the last match of this pattern in a line of standard output. */
  readonly resultPattern?: RegExp;
  /** A run that takes longer is stopped and has failed. Default: none does. */
  readonly timeoutMs?: number;
  /** How often a run that failed is tried again. Default 0. */
  readonly retries?: number;
  /** A folder for what each trial wrote: trial-0007.out, trial-0007.err, and its config file. Default: not kept. */
  readonly logs?: string;
  /** Time for a program that is asked to end (SIGTERM) before it is ended (SIGKILL). Default 5000. */
  readonly graceMs?: number;
}

export interface CommandObjective {
  <P>(trial: Trial<P>): Promise<ObjectiveResult>;
  /** Parameters that the program is not given in any way, which is rarely meant. */
  readonly unused: readonly string[];
}

/**
 * An objective that runs a program for each trial.
 *
 * @throws ValidationError for a placeholder that is no parameter, for options that do not fit together, and for logs that cannot be kept
 * @throws NotFoundError when there is no such program, or no config template
 * @example
 * const objective = commandObjective({ space: study.space, command: "python", args: ["train.py", "--lr", "{lr}"] });
 * await study.optimize(objective, { trials: 30, concurrency: 2 });
 */
export function commandObjective(options: CommandOptions): CommandObjective {
  const { metric = "value", retries = 0, logs } = options;
  checkOptions(options);
  findProgram(options);
  if (logs !== undefined) checkLogs(logs);
  const template = options.configTemplate === undefined ? undefined : readTemplate(options.configTemplate);
  const unused = checkUse(options, template);

  async function objective<P>(trial: Trial<P>): Promise<ObjectiveResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run(trial as Trial, attempt);
      } catch (error) {
        if (!(error instanceof ProgramError) || attempt > retries) throw error;
      }
    }
  }

  async function run(trial: Trial, attempt: number): Promise<ObjectiveResult> {
    const name = `trial-${String(trial.number).padStart(4, "0")}${attempt === 1 ? "" : `.attempt-${attempt}`}`;
    const config = template === undefined ? undefined : resolve(logs!, `${name}${template.extension}`);
    if (logs !== undefined) await mkdir(logs, { recursive: true });
    const values = new Map<string, ParamValue>(Object.entries(trial.flatParams));
    values.set("trial", trial.number).set("params", JSON.stringify(trial.params));
    if (template !== undefined && config !== undefined) {
      values.set("config", config);
      await writeFile(config, fillConfig(template.text, values, template.extension !== ".toml"));
    }
    const file =
      options.resultFile === undefined ? undefined : resolve(options.cwd ?? "", fillText(options.resultFile, values));
    const before = file === undefined ? undefined : await trace(file);

    const reader = outputReader(metric, options.resultPattern ?? (file === undefined ? "stdout" : "file"));
    const watch = watchReports(trial, () => child.stop());
    const child = startProcess({
      command: options.command,
      args: fillArguments(options.args ?? [], values),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: environment(options, trial),
      ...(logs === undefined ? {} : { files: { out: join(logs, `${name}.out`), err: join(logs, `${name}.err`) } }),
      graceMs: options.graceMs ?? 5000,
      onLine: (line) => watch.guard(() => watch.take(reader.line(line))),
    });
    const end = await untilEnd(child, trial.signal, options.timeoutMs);
    await watch.settled();
    checkEnd(end, options);
    if (file !== undefined) reader.file(await readResult(file, before));
    return reader.result();
  }

  return Object.assign(objective, { unused });
}

/** @throws ProgramError unless the program ended by itself, in time and content */
function checkEnd(end: ProcessEnd & { readonly late: boolean }, { command, timeoutMs }: CommandOptions): void {
  if (end.late) {
    throw new ProgramError(
      `A run must end within ${timeoutMs! / 1000} s, but it was still running and was stopped${complaintOf(end)}.`,
    );
  }
  if (end.code !== 0) {
    const how = end.code === null ? `was ended by ${end.signal}` : `ended with exit code ${end.code}`;
    throw new ProgramError(`A program must end with exit code 0, but ${showWhole(command)} ${how}${complaintOf(end)}.`);
  }
}

/** Hands reports to the trial one after another, and has the program stopped when the trial should go no further. */
function watchReports(trial: Trial, stop: () => void) {
  // A run that is tried again repeats its steps.
  const earlier = new Set(trial.reports.map((report) => report.step));
  let queue: Promise<void> = Promise.resolve();
  let pruned = false;
  let fault: { readonly error: unknown } | undefined;

  async function report({ step, value }: PrintedReport): Promise<void> {
    // What a program prints after it was asked to end depends on timing, so it counts for nothing.
    if (pruned || fault !== undefined || earlier.has(step)) return;
    pruned = (await trial.report(step, value)) && !trial.signal.aborted;
    if (pruned) stop();
  }
  const fail = (error: unknown): void => {
    fault ??= { error };
    stop();
  };
  return {
    take(printed: PrintedReport | null): void {
      if (printed !== null) queue = queue.then(() => report(printed)).catch(fail);
    },
    /** Calls `read`; its error ends the run. */
    guard(read: () => void): void {
      try {
        read();
      } catch (error) {
        fail(error);
      }
    },
    /** When all reports are in. @throws what ended the run before its end */
    async settled(): Promise<void> {
      await queue;
      if (pruned) throw new TrialPruned("The pruner stopped the program.");
      trial.signal.throwIfAborted();
      if (fault !== undefined) throw fault.error;
    },
  };
}

/** Waits for the program, stopping it when the trial is aborted or its time is up. */
async function untilEnd(
  child: ReturnType<typeof startProcess>,
  signal: AbortSignal,
  timeoutMs: number | undefined,
): Promise<ProcessEnd & { readonly late: boolean }> {
  let late = false;
  const stop = () => child.stop();
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          stop();
        }, timeoutMs);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    return { ...(await child.ended), late };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function environment({ env, envPrefix }: CommandOptions, trial: Trial): NodeJS.ProcessEnv {
  // Python keeps what it prints into a pipe to itself until there is much of it; reports would come too late.
  const all: NodeJS.ProcessEnv = { PYTHONUNBUFFERED: "1", ...process.env, ...env };
  if (envPrefix === undefined) return all;
  for (const [name, value] of Object.entries(trial.flatParams)) all[variable(envPrefix, name)] = String(value);
  return all;
}

/** `optimizer.lr` → ASSAY_PARAM_OPTIMIZER_LR */
function variable(prefix: string, name: string): string {
  return prefix + name.replaceAll(/[^A-Za-z0-9]/g, "_").toUpperCase();
}

/** The program's last words, for an error. */
function complaintOf({ complaint }: ProcessEnd): string {
  return complaint === ""
    ? "; it wrote nothing to standard error"
    : `; its standard error ends with:\n${complaint.split("\n").slice(-8).join("\n")}\n`;
}

/** What changes when a file is written. */
async function trace(file: string): Promise<string | undefined> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  return found && `${found.ino} ${found.mtimeNs} ${found.size}`;
}

async function readResult(file: string, before: string | undefined): Promise<string> {
  const after = await trace(file);
  if (after === undefined) {
    throw new ProgramError(
      `The program must write its result to ${showWhole(file)}, but there is no such file after its end.`,
    );
  }
  if (after === before) {
    throw new ProgramError(
      `The program must write its result to ${showWhole(file)}, but that file is what it was before.`,
    );
  }
  return readFile(file, "utf8");
}

function readTemplate(path: string): { readonly text: string; readonly extension: string } {
  try {
    return { text: readFileSync(path, "utf8"), extension: extname(path).toLowerCase() };
  } catch (cause) {
    throw new NotFoundError(`The config template ${showWhole(path)} cannot be read: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

/** Checks all placeholders, and that the parameters reach the program. Returns those that do not. */
function checkUse(options: CommandOptions, template: { readonly text: string } | undefined): readonly string[] {
  const { space, args = [], envPrefix, resultFile } = options;
  const inArguments = checkPlaceholders(args, space, "the command");
  const inTemplate = checkPlaceholders(template === undefined ? [] : [template.text], space, "the config template");
  const inFile = checkPlaceholders(resultFile === undefined ? [] : [resultFile], space, "the result file's name");
  if (template !== undefined && !inArguments.has("config")) {
    throw new ValidationError("The program must be told where its config file is, but no argument has {config}.");
  }
  if (template === undefined && inArguments.has("config")) {
    throw new ValidationError("The placeholder {config} needs a config template, but there is none.");
  }
  const conditional = [...inFile].find((name) => (space.get(name)?.conditions.length ?? 0) > 0);
  if (conditional !== undefined) {
    throw new ValidationError(
      `The result file's name needs parameters that are always there, but ${show(conditional)} is not. Use {trial}.`,
    );
  }
  if (envPrefix !== undefined) checkVariables(space, envPrefix);
  if (envPrefix !== undefined || inArguments.has("params") || inTemplate.has("params")) return [];
  const unused = space.dimensions.filter(
    ({ name, parameter }) => parameter.levels > 1 && !inArguments.has(name) && !inTemplate.has(name),
  );
  if (unused.length > 0 && unused.length === space.coordinates.length) {
    throw new ValidationError(
      `The program must be given its parameters, but the command has none of them: ${unused.map(({ name }) => `{${name}}`).join(", ")}. Put placeholders among its arguments, or set \`envPrefix\`.`,
    );
  }
  return unused.map(({ name }) => name);
}

function checkVariables(space: Space, prefix: string): void {
  const byVariable = new Map<string, string>();
  for (const { name } of space.dimensions) {
    const other = byVariable.get(variable(prefix, name));
    if (other !== undefined) {
      throw new ValidationError(
        `Parameters must differ as environment variables, but ${show(other)} and ${show(name)} are both ${variable(prefix, name)}. Rename one, or use placeholders.`,
      );
    }
    byVariable.set(variable(prefix, name), name);
  }
}

function checkOptions(options: CommandOptions): void {
  const { timeoutMs, retries, graceMs, envPrefix, resultFile, resultPattern, configTemplate, logs } = options;
  if (retries !== undefined && !(Number.isSafeInteger(retries) && retries >= 0)) {
    throw new ValidationError(`\`retries\` must be an integer >= 0, but got ${show(retries)}.`);
  }
  for (const [name, value] of Object.entries({ timeoutMs, graceMs })) {
    // Longer timers fire at once.
    if (value !== undefined && !(value > 0 && value <= 2147483647)) {
      throw new ValidationError(
        `\`${name}\` must be a number of milliseconds > 0 and <= 2147483647, but got ${show(value)}.`,
      );
    }
  }
  if (envPrefix !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(envPrefix)) {
    throw new ValidationError(
      `\`envPrefix\` must be the beginning of a variable's name such as "ASSAY_PARAM_", but got ${show(envPrefix)}.`,
    );
  }
  if (resultFile !== undefined && resultPattern !== undefined) {
    throw new ValidationError("The result is read from a file or by a pattern, but both were given.");
  }
  if (resultPattern !== undefined && !resultPattern.flags.includes("g")) {
    throw new ValidationError(
      `\`resultPattern\` must have the flag g, for the last match counts, but got ${resultPattern}.`,
    );
  }
  if (configTemplate !== undefined && logs === undefined) {
    throw new ValidationError("A config template needs `logs`, the folder in which each trial's config file is kept.");
  }
}

/** @throws ValidationError before any trial is begun, for each would fail */
function checkLogs(logs: string): void {
  let folder = resolve(logs);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    // What ends with a slash must be a folder.
    accessSync(`${folder}/`, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new ValidationError(
      `What programs print must have a folder, but ${showWhole(logs)} cannot be written: ${(cause as Error).message}. Let this user write there, or start in another folder.`,
      { cause },
    );
  }
}

/** @throws NotFoundError before any trial is begun for a program that does not exist */
function findProgram({ command, cwd = "", env }: CommandOptions): void {
  if (process.platform === "win32") return; // Its rules are its own; a trial will tell.
  const folders = command.includes("/") ? [cwd] : (env?.PATH ?? process.env.PATH ?? "").split(delimiter);
  for (const folder of folders) {
    const path = resolve(folder, command);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return;
    } catch {
      // Not there; perhaps in the next folder.
    }
  }
  throw new NotFoundError(
    `There must be a program to run, but ${showWhole(command)} ${command.includes("/") ? "is no executable file" : "is not on PATH"}.`,
  );
}
