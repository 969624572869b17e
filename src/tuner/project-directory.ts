/**
 * A tuner's project as a directory:
 *
 *   directory/projectName/tuner.json                             what the project was made with
 *   directory/projectName/study.db                               the study, in SQLite
 *   directory/projectName/trial-0007/execution-0.safetensors     weights of the best epoch of one training
 *   directory/projectName/trial-0007/model.json                  its layers, as Keras reads them
 *   directory/projectName/best.safetensors, best.json            the same of the best trial of all, after each search
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { show, showWhole, ValidationError } from "../errors.ts";
import { decodeTensors, encodeTensors, type NamedTensor } from "../nn/safetensors.ts";
import { sqlite } from "../storage/sql/sqlite.ts";
import type { Project, ProjectSettings } from "./project.ts";

const FORMAT = "assay/tuner";

/**
 * Opens the project, making its directory if there is none.
 *
 * @param overwrite removes what the project has so far
 * @throws ValidationError for a directory with files in it that is not a project, which is left as it is
 */
export async function projectDirectory(directory: string, projectName: string, overwrite: boolean): Promise<Project> {
  const place = join(directory, projectName);
  await mkdir(place, { recursive: true });
  const files = await readdir(place);
  if (!files.includes("tuner.json") && files.some((file) => !isOwn(file))) {
    const imported = files.includes("oracle.json")
      ? " It looks like a project of KerasTuner: `importKerasTunerProject` reads it."
      : "";
    throw new ValidationError(
      `A project needs a directory of its own, but ${showWhole(place)} has other files, such as ${show(files.find((file) => !isOwn(file)))}. Choose another \`directory\` or \`projectName\`.${imported}`,
    );
  }
  if (overwrite) {
    for (const file of files.filter(isOwn)) await rm(join(place, file), { recursive: true, force: true });
  }
  const settingsFile = join(place, "tuner.json");
  const trialFile = (trial: number, file: string) => join(place, `trial-${String(trial).padStart(4, "0")}`, file);
  const weightsFile = (trial: number, execution: number) => trialFile(trial, `execution-${execution}.safetensors`);
  const copyIfThere = async (from: string, to: string) => {
    const bytes = await readIfThere(from);
    if (bytes !== null) await writeWhole(join(place, to), bytes);
  };
  return {
    place,
    storage: sqlite(join(place, "study.db")),
    settings: async () => readSettings(settingsFile),
    keepSettings: (settings) =>
      writeWhole(settingsFile, `${JSON.stringify({ format: FORMAT, version: 1, settings }, null, 2)}\n`),
    saveWeights: async (trial, execution, weights) => {
      await writeWhole(weightsFile(trial, execution), encodeTensors({ tensors: weights.map(inOrder), metadata: {} }));
    },
    saveTopology: async (trial, topology) => {
      if (topology !== null) await writeWhole(trialFile(trial, "model.json"), JSON.stringify(topology));
    },
    publish: async (trial, execution) => {
      await copyIfThere(weightsFile(trial, execution), "best.safetensors");
      await copyIfThere(trialFile(trial, "model.json"), "best.json");
    },
    loadWeights: async (trial, execution) => {
      const bytes = await readIfThere(weightsFile(trial, execution));
      return bytes === null ? null : decodeTensors(bytes).tensors.map(({ values }) => values);
    },
  };
}

async function readSettings(file: string): Promise<ProjectSettings | null> {
  const bytes = await readIfThere(file);
  if (bytes === null) return null;
  try {
    const { format, version, settings } = JSON.parse(new TextDecoder().decode(bytes));
    if (format === FORMAT && version === 1 && typeof settings === "object" && settings !== null) return settings;
  } catch {
    // Told below, like any other text that is no project's.
  }
  throw new ValidationError(
    `${showWhole(file)} must be what a tuner of this version wrote, but it is something else. Choose another \`projectName\`, or start afresh with \`overwrite: true\`.`,
  );
}

/** Tensors of a project are named 0, 1, … in the order of `getWeights()`; their shapes are the model's to know. */
function inOrder(values: Float32Array, index: number): NamedTensor {
  return { name: String(index), shape: [values.length], values };
}

function isOwn(file: string): boolean {
  return /^((tuner\.json|best\.json|best\.safetensors)(\.new)?|study\.db(-wal|-shm|-journal)?|trial-\d+)$/.test(file);
}

/** Writes to a file beside it first, so that a reader never meets half of it. */
async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

async function readIfThere(file: string): Promise<Uint8Array | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
