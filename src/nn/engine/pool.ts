/**
 * Which engine computes, and where the ones that are free wait. An engine is lent for one training or prediction and comes
 * back with its memory, so a search of a thousand trainings needs one and no more than the largest of them took.
 */
import { ValidationError } from "../../errors.ts";
import type { Engine, EngineName } from "./engine.ts";
import { createTypescriptEngine } from "./typescript.ts";
import { createWasmEngine } from "./wasm.ts";

const idle: Engine[] = [];
/** Engines that have grown beyond this many words (64 MB) are left to the garbage collector. */
const LARGEST_KEPT = 1 << 24;

/** An engine with an empty or a used memory; `undefined` asks for the fastest there is. */
export function borrowEngine(name: EngineName | undefined): Engine {
  const place = idle.findIndex((engine) => name === undefined || engine.name === name);
  if (place >= 0) return idle.splice(place, 1)[0]!;
  if (name === "typescript") return createTypescriptEngine();
  const engine = createWasmEngine();
  if (engine !== undefined) return engine;
  if (name === undefined) return createTypescriptEngine();
  throw new ValidationError(
    '`engine: "wasm"` needs WebAssembly with SIMD, which this platform lacks. Leave `engine` out.',
  );
}

export function returnEngine(engine: Engine): void {
  if (engine.f32.length <= LARGEST_KEPT && idle.length < 4) idle.push(engine);
}
