/** The study behind a search: opened or resumed, with its events passed on to the search's own listeners. */

import type { Space } from "../space/space.ts";
import type { Storage } from "../storage/storage.ts";
import { createStudy, type StudyOptions } from "../study/create.ts";
import type { StudyEvents } from "../study/events.ts";
import type { Study } from "../study/study.ts";

/** An emitter of at least a study's events. */
export interface StudyListener {
  emit(name: keyof StudyEvents<unknown>, event: never): void;
  warn(message: string): void;
}

interface SearchStudyOptions extends Omit<StudyOptions<Space>, "ifExists"> {
  readonly name: string;
  readonly space: Space;
}

/**
 * A stored study of failures alone is made anew: what failed every time was the program, and once that is mended its
 * failures must not use up the search's trials. Its listeners are told.
 *
 * @throws ValidationError when the stored study has another direction, seed or space
 */
export async function openSearchStudy(options: SearchStudyOptions, events: StudyListener): Promise<Study<unknown>> {
  const { name, storage } = options;
  const failures = storage === undefined ? 0 : await countIfAllFailed(storage, name);
  const study = await createStudy<unknown>({ ...options, ifExists: failures > 0 ? "overwrite" : "resume" });
  passOn(study, events);
  if (failures > 0)
    events.warn(`All ${failures} stored trials of ${JSON.stringify(name)} had failed, so that the search begins anew.`);
  return study;
}

/** The stored study as it is, to look at; null when there is none. */
export async function findSearchStudy(
  name: string,
  storage: Storage,
  events: StudyListener,
): Promise<Study<unknown> | null> {
  if ((await storage.findStudy(name)) === null) return null;
  const study = (await createStudy({ name, storage })) as unknown as Study<unknown>;
  passOn(study, events);
  return study;
}

function passOn(study: Study<unknown>, events: StudyListener): void {
  for (const name of ["ask", "report", "tell", "best", "release", "warning"] as const) {
    study.on(name, (event) => events.emit(name, event as never));
  }
}

/** Number of the study's trials if every one of them failed, otherwise 0. */
async function countIfAllFailed(storage: Storage, name: string): Promise<number> {
  const stored = await storage.findStudy(name);
  if (stored === null) return 0;
  const { trials } = await storage.trialsSince(stored.id, 0);
  return trials.every(({ state }) => state === "failed") ? trials.length : 0;
}
