import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { describeExports, difference } from "../../scripts/check-exports.ts";

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

describe("the export snapshot", () => {
  test("lists values and types of every subpath by name", async () => {
    const index = `
      import { b } from "./b.ts";
      export { b, type B, c as d } from "./b.ts";
      export type { E, B as F } from "./b.ts";
      export const a = b;
      export interface G {}
    `;
    const b = "export const b = 1;\nexport const c = 2;\nexport type B = 1;\nexport type E = 2;\n";
    expect(await describeExports(repository({ "index.ts": index, "b.ts": b }))).toBe(
      "made-up\n  type B\n  type E\n  type F\n  type G\n  a\n  b\n  d\n\nmade-up/b\n  type B\n  type E\n  b\n  c\n",
    );
  });

  test.each([
    ["everything of another file", `export * from "./b.ts";`],
    ["a default", "export default 1;"],
  ])("refuses a file that exports %s", async (_, index) => {
    await expect(describeExports(repository({ "index.ts": index, "b.ts": "export const b = 1;" }))).rejects.toThrow(
      "must list its exports by name",
    );
  });

  test("refuses a file that it read wrongly", async () => {
    const index = "export let a = 1;\n";
    await expect(describeExports(repository({ "index.ts": index, "b.ts": "export const b = 1;" }))).rejects.toThrow(
      "importing it gives [a]",
    );
  });

  test("names what came, what went and what changed between value and type", () => {
    const before = "made-up\n  type A\n  b\n\nmade-up/c\n  c\n";
    const after = "made-up\n  A\n  b\n  d\n\nmade-up/c\n";
    expect(difference(before, after).sort()).toEqual([
      "+ made-up: A",
      "+ made-up: d",
      "- made-up/c: c",
      "- made-up: type A",
    ]);
    expect(difference(after, after)).toEqual([]);
  });
});

function repository(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "assay-exports-"));
  roots.push(root);
  mkdirSync(join(root, "src"));
  const exports = { ".": { "assay-source": "./src/index.ts" }, "./b": { "assay-source": "./src/b.ts" } };
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "made-up", type: "module", exports }));
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(root, "src", name), text.replaceAll(/^ {6}/gm, ""));
  return root;
}
