/** Where tasks of a pool run, one at a time: a thread or a process. */
import type { Reply, Task } from "./task.ts";

export interface Host {
  /** @throws for a task that cannot be copied there */
  send(task: Task): void;
  /** A host at work keeps the process alive, an idle one does not. */
  setBusy(isBusy: boolean): void;
  /** Ends it at once, whatever it does. */
  end(): Promise<void>;
}

/** What a host tells its pool. */
export interface HostListener {
  reply(reply: Reply): void;
  /** It has ended by itself, and why. */
  ended(cause: Error): void;
}

export interface HostOptions {
  /** The most that its JavaScript objects may take; V8's default otherwise. */
  readonly heapLimitMb: number | undefined;
}

/** A file of this room. The compiler rewrites the ending of imports but not of addresses, so the ending is that of this very file. */
export function entryFile(name: "thread-entry" | "process-entry"): URL {
  return new URL(`./${name}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
}
