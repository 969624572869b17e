import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { pythonHelper } from "../../src/cli/init.ts";
import { readSpaceFile } from "../../src/cli/space-file.ts";

describe.each(["python-sklearn", "python-keras"])("examples/%s", (name) => {
  const read = (file: string) => readFileSync(new URL(`../../examples/${name}/${file}`, import.meta.url), "utf8");

  test("has the helper that `assay init --python` prints", () => {
    expect(read("assay_report.py")).toBe(pythonHelper);
  });

  test("has a script that takes the parameters of its space, and a command that gives them", async () => {
    const space = await readSpaceFile(`examples/${name}/space.json`);
    const taken = [...read("train.py").matchAll(/add_argument\("--(\w+)",.* required=True\)/g)].map(([, it]) => it);
    expect(taken).toEqual(space.dimensions.map((dimension) => dimension.name));
    for (const it of taken) expect(read("README.md")).toContain(`--${it} {${it}}`);
  });
});
