/** `assay study delete`: removes a study with all its trials, once its name has been typed again. */
import { createInterface } from "node:readline/promises";
import { show, ValidationError } from "../errors.ts";
import { type StorageOptions, studiesOf, withStorage } from "./with-storage.ts";

export interface StudyDeleteOptions extends StorageOptions {
  /** The name, typed again. */
  readonly confirm?: string;
}

/** @throws ValidationError when the name was not typed again, NotFoundError */
export async function studyDelete(name: string, options: StudyDeleteOptions): Promise<void> {
  await withStorage(options, async (storage, place) => {
    const [study] = await studiesOf(storage, place, name);
    const { trials } = await storage.trialsSince(study!.id, 0);
    const running = trials.filter(({ state }) => state === "running").length;
    const what = `study ${show(name)} with its ${trials.length} trials${running === 0 ? "" : `, ${running} of which run now,`} in ${place.shown}`;
    if ((options.confirm ?? (await ask(`This deletes ${what} for ever. Type the study's name to do so: `))) !== name) {
      throw new ValidationError(
        `To delete ${what}, its name must be given again, but it was not, and nothing was deleted. Say --confirm ${show(name)}.`,
      );
    }
    await storage.deleteStudy(study!.id);
    process.stdout.write(`Deleted ${what}.\n`);
  });
}

/** What is typed, where somebody can. */
async function ask(question: string): Promise<string | null> {
  if (!process.stdin.isTTY) return null;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await prompt.question(question)).trim();
  } finally {
    prompt.close();
  }
}
