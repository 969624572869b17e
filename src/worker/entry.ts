/** What runs inside a worker thread: one task after another, each an exported function called with an input. */
import { parentPort } from "node:worker_threads";
import { loadModule, type ModuleRef } from "./module-ref.ts";

/** From the pool to a thread. */
export interface Task {
  readonly ref: ModuleRef<(input: unknown, context: { post(message: unknown): void }) => unknown>;
  readonly input: unknown;
}

/** From a thread to the pool: any number of messages, then the end of the task. */
export type Reply =
  | { readonly type: "message"; readonly message: unknown }
  | { readonly type: "done"; readonly output: unknown }
  | { readonly type: "failed"; readonly error: unknown };

const port = parentPort!;

port.on("message", async ({ ref, input }: Task) => {
  const reply = (value: Reply) => port.postMessage(value);
  try {
    const run = await loadModule(ref);
    const output = await run(input, { post: (message) => reply({ type: "message", message }) });
    reply({ type: "done", output });
  } catch (error) {
    try {
      reply({ type: "failed", error });
    } catch {
      // What was thrown cannot be copied to another thread, so its text goes instead.
      reply({ type: "failed", error: new Error(String(error)) });
    }
  }
});
