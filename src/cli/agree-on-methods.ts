/**
 * How a study chooses and stops its trials, kept with the study, so that workers on other machines do the same without being told.
 * The program that measures is kept for comparison only: nothing that a storage holds is ever run.
 */
import { show, ValidationError } from "../errors.ts";
import type { StoredStudy } from "../storage/storage.ts";
import type { Study } from "../study/study.ts";
import type { Json } from "../trial/trial.ts";
import type { Methods } from "./methods.ts";

/** Keeps the methods with the study, and the program where it is given, in place of those that it has. */
export async function keepMethods(
  study: Study,
  { sampler, pruner, minSteps }: Methods,
  program?: readonly string[],
): Promise<void> {
  const stored = await study.storage.findStudy(study.name);
  const methods = { sampler, ...(pruner && { pruner }), ...(minSteps && { minSteps }) };
  const attributes = { methods, ...(program && { program: [...program] }) };
  const isKept = (name: string, value: Json) => JSON.stringify(stored?.attributes[name]) === JSON.stringify(value);
  if (stored === null || Object.entries(attributes).every(([name, value]) => isKept(name, value))) return;
  await study.storage.updateStudy(stored.id, { attributes });
}

/**
 * The methods of a stored study, or those given where it has none yet.
 *
 * @throws ValidationError when others are given than it has
 */
export function agreeOnMethods(stored: StoredStudy | null, given: Partial<Methods>): Methods {
  const kept = stored?.attributes.methods as Partial<Methods> | undefined;
  if (kept?.sampler === undefined) return { sampler: "auto", ...defined(given) };
  const differences = (["sampler", "pruner", "minSteps"] as const)
    .filter((name) => given[name] !== undefined && given[name] !== kept[name])
    .map((name) => `${name}: stored ${show(kept[name])}, given ${show(given[name])}`);
  if (differences.length > 0) {
    throw new ValidationError(
      `All workers of a study must choose and stop trials alike, but ${show(stored!.name)} differs:\n  ${differences.join("\n  ")}\nLeave out what is stored; each worker takes it from there.`,
    );
  }
  return kept as Methods;
}

function defined({ sampler, pruner, minSteps }: Partial<Methods>): Partial<Methods> {
  return { ...(sampler && { sampler }), ...(pruner && { pruner }), ...(minSteps && { minSteps }) };
}

/**
 * Keeps with the study what measures its trials, unless something is kept already.
 *
 * @returns what is kept, where it is something else: paths may differ between machines, so a difference is only worth a word
 */
export async function compareProgram(study: Study, program: readonly string[]): Promise<readonly string[] | null> {
  const stored = await study.storage.findStudy(study.name);
  const kept = stored?.attributes.program;
  if (Array.isArray(kept)) return JSON.stringify(kept) === JSON.stringify(program) ? null : (kept as readonly string[]);
  if (stored !== null) await study.storage.updateStudy(stored.id, { attributes: { program: [...program] } });
  return null;
}
