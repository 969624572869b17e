/** The databases that the suite runs on, by what a process needs to know to open one. */
import { random } from "../../src/sampler/random.ts";
import type { Sampler } from "../../src/sampler/sampler.ts";
import { createSpace } from "../../src/space/declare.ts";
import { float } from "../../src/space/numeric.ts";
import type { Space } from "../../src/space/space.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import type { Budget, LeaseRules, Storage } from "../../src/storage/storage.ts";

export type Engine =
  | { readonly kind: "sqlite"; readonly file: string }
  | { readonly kind: "postgres"; readonly url: string; readonly schema?: string; readonly connections?: number };

export const SPACE: Space = createSpace({ x: float(0, 1) }) as Space;

/** Random search, for every other worker as one that must know all earlier trials: those ask in a line where the storage has one. */
export function samplerOf(worker: string): Sampler {
  const { sampleAhead: _, ...learning } = random();
  return /[13579]$/.test(worker) ? learning : random();
}

export function storageAt(engine: Engine): Storage {
  if (engine.kind === "sqlite") return sqlite(engine.file);
  const { kind: _, ...options } = engine;
  return postgres(options);
}

/** Creates a study; returns its id. */
export async function createStudyAt(engine: Engine, budget: Budget, leases: LeaseRules, name = "s"): Promise<string> {
  const storage = storageAt(engine);
  const { id } = await storage.createStudy({
    name,
    direction: "minimize",
    space: SPACE.toJSON(),
    seed: 1,
    attributes: { order: "asap", definedByRun: [] },
    createdAt: 0,
    budget,
    leases,
  });
  await storage.close();
  return id;
}
