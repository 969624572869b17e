/** `assay study show`: what one study is, and what it has come to. */
import { spaceFromJson } from "../space/json.ts";
import { describeConditions } from "../space/space.ts";
import type { StoredStudy } from "../storage/storage.ts";
import type { FrozenTrial } from "../trial/trial.ts";
import { bestOf, countStates, duration } from "./figures.ts";
import { printable } from "./printable.ts";
import { printJson, type StorageOptions, studiesOf, withStorage } from "./with-storage.ts";

export interface StudyShowOptions extends StorageOptions {
  readonly json: boolean;
}

export async function studyShow(name: string, options: StudyShowOptions): Promise<void> {
  const { study, trials } = await withStorage(options, async (storage, place) => {
    const [study] = await studiesOf(storage, place, name);
    return { study: study!, trials: (await storage.trialsSince(study!.id, 0)).trials };
  });
  const best = bestOf(trials, study.direction);
  if (options.json) {
    const { id: _, ...rest } = study;
    const found = best && { number: best.number, value: best.value, params: best.params, metrics: best.metrics };
    return printJson([{ ...rest, states: countStates(trials), best: found }]);
  }
  process.stdout.write(`${printable(describe(study, trials, best).join("\n"))}\n`);
}

function describe(study: StoredStudy, trials: readonly FrozenTrial[], best: FrozenTrial | null): string[] {
  const { name, direction, seed, createdAt, budget, leases, attributes } = study;
  const space = spaceFromJson(study.space);
  const methods = Object.values((attributes.methods ?? {}) as Record<string, string>).join(", ");
  const program = Array.isArray(attributes.program) ? attributes.program.join(" ") : "";
  const states = Object.entries(countStates(trials)).map(([state, count]) => `${count} ${state}`);
  return [
    `study ${name}: ${direction} ${attributes.metric ?? "the value"}`,
    `created   ${new Date(createdAt).toISOString()}, seed ${JSON.stringify(seed)}`,
    `budget    ${
      Object.entries(budget)
        .map(([what, most]) => `${what} ${most}`)
        .join(", ") || "none"
    }`,
    `leases    ${duration(leases.graceMs)}; a lost trial is run again ${leases.retries} times`,
    ...(methods === "" ? [] : [`methods   ${methods}`]),
    ...(program === "" ? [] : [`measured  by ${program}`]),
    "space",
    ...space.dimensions.map((dimension) => {
      const when = dimension.conditions.length === 0 ? "" : ` (${describeConditions(dimension)})`;
      return `  ${dimension.name}: ${dimension.parameter.describe()}${when}`;
    }),
    `trials    ${trials.length}${states.length === 0 ? "" : `: ${states.join(", ")}`}`,
    ...(best === null
      ? ["best      none yet"]
      : [`best      ${best.value} in trial ${best.number}, with`, JSON.stringify(space.nest(best.params), null, 2)]),
  ];
}
