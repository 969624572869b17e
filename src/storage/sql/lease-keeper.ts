/**
 * Renews leases from a thread of their own, one for all storages of the process: an objective that keeps the event loop busy for
 * minutes would otherwise lose its trial to another worker while it runs. A process that is stopped or dead renews nothing.
 */
import type { Worker } from "node:worker_threads";
import type { Owner } from "../storage.ts";

/** How a thread opens a database that this process has open. */
export type Database =
  | { readonly kind: "sqlite"; readonly file: string; readonly allowNetworkFileSystem: boolean }
  | { readonly kind: "postgres"; readonly options: object };

/** What the thread is told. */
export type Errand =
  | { readonly keep: Owner; readonly database: Database; readonly everyMs: number }
  | { readonly drop: Owner };

export interface LeaseKeeper {
  /**
   * Renews the leases of an owner every `everyMs` milliseconds, or oftener where that was asked before. Resolves when nothing that keeps
   * the event loop busy can hinder it any more: a thread cannot be started from a loop that is busy.
   */
  keep(owner: Owner, everyMs: number): Promise<void>;
  /** Renews no more. */
  close(): void;
}

export function createLeaseKeeper(database: Database): LeaseKeeper {
  const kept = new Map<Owner, number>();
  return {
    async keep(owner, everyMs) {
      if (everyMs >= (kept.get(owner) ?? Number.POSITIVE_INFINITY)) return;
      kept.set(owner, everyMs);
      await send({ keep: owner, database, everyMs });
    },
    close() {
      for (const owner of kept.keys()) void send({ drop: owner });
      kept.clear();
    },
  };
}

let thread: Promise<Worker> | undefined;

async function send(errand: Errand): Promise<void> {
  thread ??= start();
  try {
    (await thread).postMessage(errand);
  } catch {
    // A thread that cannot start renews nothing; what was suggested stays good, and a lease that runs out is no error.
  }
}

async function start(): Promise<Worker> {
  const { Worker } = await import("node:worker_threads");
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./lease-thread.${ending}`, import.meta.url));
  const ended = Promise.withResolvers<void>();
  worker.on("error", () => {
    thread = undefined;
    ended.resolve();
  });
  await Promise.race([new Promise((resolve) => worker.once("online", resolve)), ended.promise]);
  // From here on it does not keep the process.
  worker.unref();
  return worker;
}
