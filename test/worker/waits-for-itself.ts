/** A module that awaits at its top level what needs the module loaded. */
import { fromModule, loadModule } from "../../src/worker/module-ref.ts";

export const answer: number = 42;
await loadModule(fromModule(new URL(import.meta.url), "answer"), 300);
