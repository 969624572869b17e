/**
 * Which engine computes: WebAssembly where its vectors are to be had, else TypeScript, with the same bits. Nothing is compiled
 * before the first use.
 */
import type { EngineName, Kernels } from "./engine.ts";
import { typescriptKernels } from "./typescript.ts";
import { createWasmKernels } from "./wasm.ts";

let current: Kernels | undefined;

/** The engine in use. */
export function kernels(): Kernels {
  current ??= createWasmKernels() ?? typescriptKernels;
  return current;
}

/** Runs `body` on one of the engines: for tests and benchmarks that compare them. Undefined where the platform lacks it. */
export function withKernels<T>(name: EngineName, body: () => T): T | undefined {
  const before = current;
  current = name === "typescript" ? typescriptKernels : createWasmKernels();
  try {
    return current === undefined ? undefined : body();
  } finally {
    current = before;
  }
}
