// Runs the real command in a folder of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const MAIN: string = resolve(import.meta.dirname, "../../src/cli/main.ts");

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder with a space file and a program that understands what the tests ask of it. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "assay-cli-"));
  writeFileSync(
    join(folder, "space.json"),
    '{ "x": { "type": "float", "low": 0, "high": 1 }, "n": { "type": "int", "low": 1, "high": 9 } }',
  );
  writeFileSync(
    join(folder, "program.mjs"),
    `const [x, n] = process.argv.slice(2).map(Number);
     for (let step = 1; step <= 4; step++) console.log(JSON.stringify({ step, value: x + 1 / step }));
     console.error("a word on stderr");
     console.log(JSON.stringify({ score: x, size: n }));`,
  );
  return folder;
}

export const PROGRAM = ["--", process.execPath, "program.mjs", "{x}", "{n}"];

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

export function start(folder: string, args: readonly string[]): Started {
  return startIn(folder, [], args);
}

/** `wrapper` is a program, with options, that starts the command. */
export function startIn(folder: string, wrapper: readonly string[], args: readonly string[]): Started {
  const [program, ...words] = [...wrapper, process.execPath, "--conditions=assay-source", MAIN, ...args];
  const child = spawn(program!, words, {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<Ran>((done) => child.on("close", (code) => done({ code, out, err })));
  return { child, ended };
}

export function assay(folder: string, ...args: string[]): Promise<Ran> {
  return start(folder, args).ended;
}
