/** `assay sweep`: puts trials back in line whose workers are gone, as every worker does now and then. */
import { printJson, type StorageOptions, studiesOf, withStorage } from "./with-storage.ts";

export interface SweepOptions extends StorageOptions {
  readonly study?: string;
  readonly json: boolean;
}

export async function sweep(options: SweepOptions): Promise<void> {
  const swept = await withStorage(options, async (storage, place) => {
    const studies = await studiesOf(storage, place, options.study);
    return Promise.all(studies.map(async ({ id, name }) => ({ study: name, ...(await storage.sweep(id)) })));
  });
  if (options.json) return printJson(swept);
  for (const { study, requeued, lost } of swept) {
    if (requeued.length > 0) process.stdout.write(`${study}: ${trials(requeued)} again, with the same parameters.\n`);
    if (lost.length > 0)
      process.stdout.write(`${study}: lost for good, for their workers were gone too often: ${lost.join(", ")}.\n`);
  }
  if (swept.every(({ requeued, lost }) => requeued.length + lost.length === 0)) {
    process.stdout.write("Nothing to sweep: all trials that run have workers.\n");
  }
}

function trials(numbers: readonly number[]): string {
  return numbers.length === 1 ? `trial ${numbers[0]} waits` : `trials ${numbers.join(", ")} wait`;
}
