import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { Held } from "./many-trials.ts";

// `npm run test:long` runs the hundred trials, the suite fewer.
const isLong = (import.meta as { env?: { MODE?: string } }).env?.MODE === "long";

/** What a process of its own holds after each trial. Its heap is small, so that garbage is not taken for growth. */
async function search(trials: number, where: "here" | "worker" | "process"): Promise<Held[]> {
  const script = fileURLToPath(new URL("./many-trials.ts", import.meta.url));
  const limits = ["--expose-gc", "--max-old-space-size=96", "--max-semi-space-size=2"];
  const args = [...limits, "--conditions=assay-source", script, String(trials), where];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Held[];
}

const peak = (held: readonly Held[], of: keyof Held) => Math.max(...held.map((one) => one[of]));

describe("a search over models of TensorFlow.js", () => {
  test("holds no more after many trials than after a few, but for the trials' records", async () => {
    const held = await search(isLong ? 100 : 40, "here");
    const half = held.length / 2;
    const growth = (held.at(-1)!.used - held[half - 1]!.used) / half;
    // A trial's record and the compiled code of the first trials are some ten kilobytes, one training's rows 140.
    expect(growth).toBeLessThan(60_000);
  });

  // The mark is one that Linux keeps.
  test.runIf(process.platform === "linux")(
    "in a process peaks after many trials where it peaked after half of them",
    { timeout: 300_000 },
    async () => {
      const held = await search(isLong ? 100 : 60, "process");
      const half = held.slice(0, held.length / 2);
      expect(peak(held, "workerPeak")).toBeLessThan(1.1 * peak(half, "workerPeak"));
      expect(peak(held, "resident")).toBeLessThan(1.1 * peak(half, "resident"));
    },
  );

  if (isLong) {
    test("in a worker peaks after a hundred trials where it peaked after fifty", { timeout: 300_000 }, async () => {
      const held = await search(100, "worker");
      expect(peak(held.slice(50), "resident")).toBeLessThan(1.1 * peak(held.slice(0, 50), "resident"));
    });
  }
});
