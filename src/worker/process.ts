/**
 * A worker process: what a thread is, with memory of its own that goes back to the system with it, so that a task which runs out
 * of it, or a fault in native code, ends nothing else. It costs some 50 MB and 60 ms to start, and what is sent is copied.
 */
import type { Readable } from "node:stream";
import { entryFile, type Host, type HostListener, type HostOptions } from "./host.ts";
import type { Reply, Task } from "./task.ts";

export async function startProcess(listener: HostListener, { heapLimitMb }: HostOptions): Promise<Host> {
  const { fork } = await import("node:child_process");
  const { fileURLToPath } = await import("node:url");
  const limits = heapLimitMb === undefined ? [] : [`--max-old-space-size=${heapLimitMb}`];
  const child = fork(fileURLToPath(entryFile("process-entry")), {
    serialization: "advanced",
    // Those of a program given as text, or under a debugger, are not for a file that runs by itself.
    execArgv: [...process.execArgv.filter((option) => !/^--(input-type|inspect)/.test(option)), ...limits],
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  const stderr = child.stderr!;
  const words = lastWords(stderr);
  // Resolves when it has ended and all it said was read; a process of its own that has outlived it may hold the stream.
  const ended = new Promise<Error>((resolve) => {
    child.on("error", resolve);
    child.on("close", (code, signal) => resolve(howItEnded(code, signal, words())));
    child.on("exit", (code, signal) =>
      setTimeout(() => resolve(howItEnded(code, signal, words())), STREAM_MOST_MS).unref(),
    );
  });
  ended.then((cause) => listener.ended(cause));
  child.on("message", (reply: Reply) => listener.reply(reply));
  const setBusy = (isBusy: boolean) => {
    for (const handle of [child, child.channel, stderr as Readable & Handle])
      isBusy ? handle?.ref?.() : handle?.unref?.();
  };
  setBusy(false);
  return {
    send: (task) => {
      // The callback takes what goes wrong on the way to a process that has just ended, of which `ended` tells.
      child.send(unshared(task) as Task, () => {});
    },
    setBusy,
    end: async () => {
      // Whoever waits for the end of an idle one would otherwise see the program end first.
      setBusy(true);
      child.kill("SIGKILL");
      await ended;
    },
  };
}

interface Handle {
  ref?(): void;
  unref?(): void;
}

/** A stream that is still open so long after its process ended is somebody else's. */
const STREAM_MOST_MS = 500;

/** Hands on what a process says to this one's standard error, and remembers the end of it. */
function lastWords(stream: Readable): () => string {
  let said = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    process.stderr.write(text);
    said = (said + text).slice(-8000);
  });
  return () => said;
}

function howItEnded(code: number | null, signal: string | null, said: string): Error {
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  // V8 prints pages of addresses after the one line that says why.
  const fatal = /^FATAL ERROR: .*$/m.exec(said)?.[0];
  const last = fatal ?? said.trim().split("\n").slice(-3).join("\n").slice(-500);
  return new Error(last === "" ? how : `${how}, after it had said: ${last}`);
}

/** The same with copies of shared memory, in which another process has no part. */
function unshared(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof SharedArrayBuffer) return new Uint8Array(value).slice().buffer;
  if (ArrayBuffer.isView(value)) {
    const isShared = value.buffer instanceof SharedArrayBuffer && !(value instanceof DataView);
    return isShared ? (value as Uint8Array).slice() : value;
  }
  if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map(unshared);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, unshared(one)]));
}
