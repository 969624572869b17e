/**
 * How user code reaches a worker thread: as the address of a module and the name of an export. A closure cannot, for its
 * variables live in the thread that made it; such code runs in process.
 */
import { show, ValidationError } from "../errors.ts";

/** An export of a module, to be loaded in any thread. `F` is its type. */
export interface ModuleRef<out F = unknown> {
  readonly module: string;
  readonly exportName: string;
  /** Only for type inference; never set. */
  readonly exported?: F;
}

/**
 * Names an export so that a worker thread can load it.
 *
 * @param module     an absolute address, as `new URL("./train.ts", import.meta.url)` gives it, or a package's name
 * @param exportName default "default"
 * @throws ValidationError for a relative address, which a worker would resolve against another file
 * @example fromModule<typeof trainFold>(new URL("./train.ts", import.meta.url), "trainFold")
 */
export function fromModule<F = unknown>(module: URL | string, exportName = "default"): ModuleRef<F> {
  const address = String(module);
  if (address === "" || address.startsWith(".") || address.startsWith("/")) {
    throw new ValidationError(
      `A module for a worker needs an absolute address, but got ${show(address)}. Write \`new URL(${show(address)}, import.meta.url)\`.`,
    );
  }
  if (typeof exportName !== "string" || exportName === "") {
    throw new ValidationError(`The export of a module for a worker must be named, but got ${show(exportName)}.`);
  }
  return { module: address, exportName };
}

/** Whether `value` names an export rather than being the code itself. */
export function isModuleRef(value: unknown): value is ModuleRef {
  return typeof value === "object" && value !== null && "module" in value && "exportName" in value;
}

/** A module that has not loaded after this long most likely waits for its own caller; milliseconds. */
const LOADING_MOST_MS = 30_000;

/**
 * Loads what `ref` names, in this thread.
 *
 * @throws ValidationError when the module has no such export, or does not finish loading
 */
export async function loadModule<F>(ref: ModuleRef<F>, withinMs: number = LOADING_MOST_MS): Promise<F> {
  // A module that names itself and awaits the result at its top level waits for ever, for it is loaded only when its top
  // level has ended. Without the timer Node would end the process there without a word.
  const stuck = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    stuck.reject(
      new ValidationError(
        `A module for a worker must load within ${withinMs / 1000} s, but ${ref.module} did not. If it is the module that awaits this call at its top level, move ${show(ref.exportName)} to a module of its own.`,
      ),
    );
  }, withinMs);
  try {
    const loaded: Record<string, unknown> = await Promise.race([import(ref.module), stuck.promise]);
    if (!Object.hasOwn(loaded, ref.exportName)) {
      throw new ValidationError(
        `The module ${ref.module} must export ${show(ref.exportName)}, but exports ${Object.keys(loaded).map(show).join(", ") || "nothing"}.`,
      );
    }
    return loaded[ref.exportName] as F;
  } finally {
    clearTimeout(timer);
  }
}
