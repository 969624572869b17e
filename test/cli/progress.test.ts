import { describe, expect, test } from "vitest";
import { followStudy } from "../../src/cli/progress.ts";
import { random } from "../../src/sampler/random.ts";
import { float } from "../../src/space/numeric.ts";
import { createStudy } from "../../src/study/create.ts";
import type { Study } from "../../src/study/study.ts";

/** What a terminal would be sent while four trials run, the second of which fails. */
async function watch(
  stream: { isTTY: boolean; columns: number },
  environment: Record<string, string>,
): Promise<string> {
  let written = "";
  let time = 0;
  const clock = () => (time += 500);
  const study = await createStudy({ space: { x: float(0, 1) }, seed: 1, sampler: random(), clock });
  const output = { ...stream, write: (text: string) => (written += text) };
  const progress = await followStudy(study as Study, { output, json: false, budget: 4, environment, clock });
  progress.say("hear\u001b[2J\u0007 this");
  await study.optimize(
    ({ number }) => {
      if (number === 1) throw new Error("\u001b]0;title\u0007no\nway");
      return 4 - number;
    },
    { trials: 4, progress: false },
  );
  progress.close();
  return written;
}

describe("progress", () => {
  test("on a terminal keeps one line below what stays, within its width, and takes it away at the end", async () => {
    const written = await watch({ isTTY: true, columns: 60 }, {});
    expect(written.endsWith("\r\u001b[2K")).toBe(true);
    const shown = written
      .split("\n")
      .map((line) => line.split("\r\u001b[2K").at(line.endsWith("\u001b[2K") ? -2 : -1)!);
    expect(shown[0]).toBe("hear this");
    expect(shown[1]).toMatch(/^trial 0 \u001b\[32mcompleted\u001b\[0m 4 in \d\.\d s$/);
    expect(shown[2]).toMatch(/^trial 1 \u001b\[31mfailed\u001b\[0m in \d\.\d s: \]0;titleno$/);
    expect(shown[3]).toBe("    way");
    expect(shown.at(-1)).toMatch(/^4 of 4 {2}best 1 \(trial 3\) {2}█\S*▁$/);
    const drawn = written.split(/\n|\r\u001b\[2K/).map((line) => line.replaceAll(/\u001b\[\d+m/g, ""));
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThan(60);
  });

  test("is without colours under NO_COLOR, and without a moving line where nobody looks", async () => {
    expect(await watch({ isTTY: true, columns: 80 }, { NO_COLOR: "1" })).not.toMatch(/\u001b\[\d+m/);
    for (const [stream, environment] of [
      [{ isTTY: false, columns: 80 }, {}],
      [{ isTTY: true, columns: 80 }, { TERM: "dumb" }],
    ] as const) {
      const written = await watch(stream, environment);
      expect(written).not.toMatch(/[\u001b\r]/);
      expect(written.trim().split("\n")).toHaveLength(10);
    }
  });
});
