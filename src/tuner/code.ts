/**
 * Code that a user hands in: as a function or object of this thread, or as an export of a module, which every thread can
 * load. Only the second kind reaches a worker; the first has variables that live here.
 */
import { show, ValidationError } from "../errors.ts";
import { isModuleRef, loadModule, type ModuleRef } from "../worker/module-ref.ts";
import { createWorkerPool, type WorkerPool } from "../worker/pool.ts";

export type Code<F> = F | ModuleRef<F>;

/** Threads to use: how many, one for each core, or a pool, of threads or processes, that the caller keeps and closes. */
export type Workers = number | "all" | WorkerPool;

/** The code itself, in this thread. @throws ValidationError when the module has no such export */
export async function load<F>(code: Code<F>): Promise<F> {
  return isModuleRef(code) ? (loadModule(code) as Promise<F>) : code;
}

/**
 * @param subject what `code` is, for the error
 * @throws ValidationError when workers are asked for and `code` could not reach them, or `workers` is out of range
 */
export function checkReachesWorkers(workers: Workers | undefined, subject: string, code: unknown): void {
  if (workers === undefined) return;
  const isPool = typeof workers === "object" && typeof workers?.run === "function";
  if (!isPool && workers !== "all" && !(Number.isSafeInteger(workers) && (workers as number) >= 1)) {
    throw new ValidationError(
      `\`workers\` must be an integer >= 1, "all" or a worker pool, but got ${show(workers)}. Leave it out to run in this thread.`,
    );
  }
  if (isModuleRef(code)) return;
  throw new ValidationError(
    `Workers need code that another thread can load, but ${subject} is ${typeof code === "function" ? show(code) : "an object"} of this thread. Export it from a module and give fromModule(new URL(${show("./model.ts")}, import.meta.url), "name"), or leave \`workers\` out.`,
  );
}

/** A pool, and what ends it: nothing where it is the caller's. */
export function openPool(workers: Workers): { readonly pool: WorkerPool; close(): Promise<void> } {
  if (typeof workers === "object") return { pool: workers, close: async () => {} };
  const pool = createWorkerPool({ workers });
  return { pool, close: () => pool.close() };
}

/** An export of a file of this room. The compiler rewrites the ending of imports but not of addresses, so it is that of this file. */
export function ownModule<F>(name: string, exportName: string): ModuleRef<F> {
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return { module: new URL(`./${name}.${ending}`, import.meta.url).href, exportName };
}
