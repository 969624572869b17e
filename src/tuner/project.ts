/** Where a tuner keeps its study and the weights of its trials: in memory, or in a directory (`project-directory.ts`). */
import { show, ValidationError } from "../errors.ts";
import { memory } from "../storage/memory.ts";
import type { Storage } from "../storage/storage.ts";
import type { Json } from "../trial/trial.ts";

/** What must stay as it is for trials of one project to be comparable, each in words. */
export type ProjectSettings = Readonly<Record<string, string>>;

export interface Project {
  /** For people: "in memory", or the directory. */
  readonly place: string;
  readonly storage: Storage;
  /** The settings the project was made with; null for a new one. */
  settings(): Promise<ProjectSettings | null>;
  keepSettings(settings: ProjectSettings): Promise<void>;
  saveWeights(trial: number, execution: number, weights: readonly Float32Array[]): Promise<void>;
  loadWeights(trial: number, execution: number): Promise<Float32Array[] | null>;
  /** Keeps a trial's model without its weights, as Keras reads it; nothing for null. */
  saveTopology(trial: number, topology: Json): Promise<void>;
  /** Puts a trial's saved model where other programs look for the winner's. */
  publish(trial: number, execution: number): Promise<void>;
}

export function memoryProject(): Project {
  const weightsOf = new Map<string, readonly Float32Array[]>();
  let kept: ProjectSettings | null = null;
  return {
    place: "in memory",
    storage: memory(),
    settings: async () => kept,
    keepSettings: async (settings) => {
      kept = settings;
    },
    saveWeights: async (trial, execution, weights) => {
      weightsOf.set(`${trial}/${execution}`, weights);
    },
    loadWeights: async (trial, execution) =>
      weightsOf.get(`${trial}/${execution}`)?.map((values) => values.slice()) ?? null,
    saveTopology: async () => {},
    publish: async () => {},
  };
}

/**
 * Keeps the settings of a new project, and compares them with a resumed one's.
 * @throws ValidationError that lists the differences
 */
export async function agreeOnSettings(project: Project, settings: ProjectSettings): Promise<void> {
  const kept = await project.settings();
  if (kept === null) return project.keepSettings(settings);
  const differences = Object.entries(settings)
    .filter(([name, value]) => kept[name] !== value)
    .map(([name, value]) => `${name}: stored ${kept[name] ?? "nothing"}, given ${value}`);
  if (differences.length === 0) return;
  throw new ValidationError(
    `A resumed project must be what it was, but the one in ${show(project.place)} differs:\n  ${differences.join("\n  ")}\nGive the stored options, choose another \`projectName\`, or start afresh with \`overwrite: true\`.`,
  );
}
