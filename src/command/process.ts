/**
 * One program as a child process: started without a shell, in a process group of its own so that it can be ended with all that it
 * started, its output kept in files and read line by line.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
  /** Files that get what is written to standard output and standard error. */
  readonly files?: { readonly out: string; readonly err: string };
  /** Between asking the program to end (SIGTERM) and ending it (SIGKILL), milliseconds. */
  readonly graceMs: number;
  /** Each line of standard output. */
  readonly onLine: (line: string) => void;
}

export interface ProcessEnd {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to standard error. */
  readonly complaint: string;
}

export interface RunningProcess {
  /** Asks the program to end, and ends it if it does not. */
  stop(): void;
  /** Rejects when the program could not be started, or its output not be kept. */
  readonly ended: Promise<ProcessEnd>;
}

/** A longer line is kept in its file but not read. */
const MAX_LINE = 1 << 20;
const COMPLAINT_CHARACTERS = 2000;
/** How long a program that has ended may leave its output open, in another process that it started. */
const LINGER_MS = 1000;

/** What must not outlive this process. */
const living = new Set<ChildProcess>();
let guarded = false;

export function startProcess(options: ProcessOptions): RunningProcess {
  const { command, args, cwd, env, files, graceMs, onLine } = options;
  if (!guarded) process.on("exit", () => living.forEach((child) => void kill(child, "SIGKILL")));
  guarded = true;

  // Its own group also keeps a terminal's Ctrl-C from it: what to do then is ours to say.
  const detached = process.platform !== "win32";
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached, windowsHide: true });
  if (child.pid !== undefined) living.add(child);
  const faults: Error[] = [];
  let complaint = "";
  const kept = [
    keep(child.stdout, files?.out, lines(onLine), faults),
    keep(child.stderr, files?.err, (text) => (complaint = (complaint + text).slice(-COMPLAINT_CHARACTERS)), faults),
  ];

  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const ended = new Promise<ProcessEnd>((resolve, reject) => {
    child.once("error", (error) => {
      living.delete(child);
      for (const close of kept) void close();
      reject(error);
    });
    child.once("exit", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        kill(child, "SIGKILL");
        child.stdout.destroy();
        child.stderr.destroy();
      }, LINGER_MS);
    });
    child.once("close", async (code, signal) => {
      clearTimeout(timer);
      living.delete(child);
      if (stopped) kill(child, "SIGKILL");
      await Promise.all(kept.map((close) => close()));
      if (faults[0] !== undefined) reject(faults[0]);
      else resolve({ code, signal, complaint: complaint.trim() });
    });
  });
  return {
    ended,
    stop() {
      if (timer !== undefined) return;
      stopped = true;
      kill(child, "SIGTERM");
      timer = setTimeout(() => kill(child, "SIGKILL"), graceMs);
    },
  };
}

/** Sends a signal to the program's whole group, if any of it still runs. */
function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}

/** Hands a stream's text to `read` and its bytes to a file, as fast as the disk takes them; the function returned closes the file. */
function keep(
  stream: Readable,
  path: string | undefined,
  read: (text: string) => void,
  faults: Error[],
): () => Promise<void> {
  const decoder = new StringDecoder("utf8");
  const file = path === undefined ? undefined : createWriteStream(path);
  file?.on("error", (error) => {
    faults.push(error);
    stream.resume();
  });
  file?.on("drain", () => stream.resume());
  stream.on("data", (chunk: Buffer) => {
    if (file?.writable && !file.write(chunk)) stream.pause();
    read(decoder.write(chunk));
  });
  stream.on("end", () => read(`${decoder.end()}\n`));
  return () => new Promise((resolve) => (file === undefined || file.destroyed ? resolve() : file.end(() => resolve())));
}

/** Takes text in pieces and calls `onLine` for each line. */
function lines(onLine: (line: string) => void): (text: string) => void {
  let rest = "";
  let tooLong = false;
  return (text) => {
    const [first = "", ...more] = text.split("\n");
    tooLong ||= rest.length + first.length > MAX_LINE;
    rest = tooLong ? "" : rest + first;
    for (const next of more) {
      if (!tooLong) onLine(rest);
      tooLong = next.length > MAX_LINE;
      rest = tooLong ? "" : next;
    }
  };
}
