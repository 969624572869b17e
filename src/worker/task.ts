/** What passes between a pool and its workers, and what a worker does with it, whether it is a thread or a process. */
import { loadModule, type ModuleRef } from "./module-ref.ts";

/** From the pool to a worker. */
export interface Task {
  readonly ref: ModuleRef<(input: unknown, context: { post(message: unknown): void }) => unknown>;
  readonly input: unknown;
}

/** From a worker to the pool: any number of messages, then the end of the task. */
export type Reply =
  | { readonly type: "message"; readonly message: unknown }
  | { readonly type: "done"; readonly output: unknown }
  | { readonly type: "failed"; readonly error: unknown };

/** Calls the task's function. @param reply throws for what cannot be copied */
export async function runTask({ ref, input }: Task, reply: (value: Reply) => void): Promise<void> {
  try {
    const run = await loadModule(ref);
    const output = await run(input, { post: (message) => reply({ type: "message", message }) });
    reply({ type: "done", output });
  } catch (error) {
    try {
      reply({ type: "failed", error });
    } catch {
      // What was thrown cannot be copied to the pool, so its text goes instead.
      reply({ type: "failed", error: new Error(String(error)) });
    }
  }
}
