/** A worker thread. */
import { entryFile, type Host, type HostListener, type HostOptions } from "./host.ts";
import type { Reply } from "./task.ts";

export async function startThread(listener: HostListener, { heapLimitMb }: HostOptions): Promise<Host> {
  const { Worker } = await import("node:worker_threads");
  const limits = heapLimitMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapLimitMb } };
  const worker = new Worker(entryFile("thread-entry"), limits);
  worker.on("message", (reply: Reply) => listener.reply(reply));
  worker.on("error", (error) => listener.ended(error instanceof Error ? error : new Error(String(error))));
  worker.on("exit", (code) => listener.ended(new Error(`exit code ${code}`)));
  worker.unref();
  return {
    send: (task) => worker.postMessage(task),
    setBusy: (isBusy) => (isBusy ? worker.ref() : worker.unref()),
    end: async () => {
      await worker.terminate();
    },
  };
}
