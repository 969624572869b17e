import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { checkLayers } from "../../scripts/check-layers.ts";

// Each test breaks one rule in a small made-up repository, which keeps all of them as it stands here.
const sound = {
  "docs/architecture.md": `
| room | what it is | may import | packages |
|---|---|---|---|
| \`math\` | numbers, trial free | nothing | |
| \`trial\` | records | math | kysely |
| \`study\` | the loop | math, trial | |
| \`worker\` | threads | nothing | |

| on Node only | for |
|---|---|
| \`worker/\` | threads |
| \`trial/file.ts\` | files |
`,
  "package.json": JSON.stringify({ exports: { ".": {}, "./math": {} } }),
  "src/index.ts": `export { optimize } from "./study/study.ts";\nexport type { Trial } from "./trial/trial.ts";\n`,
  "src/errors.ts": "export class AssayError extends Error {}\n",
  "src/math/rng.ts": `import { AssayError } from "../errors.ts";\nexport const rng = () => new AssayError();\n`,
  "src/trial/trial.ts": `import { sql } from "kysely";\nimport { rng } from "../math/rng.ts";\nexport type Trial = { rng: typeof rng; sql: typeof sql };\n`,
  "src/trial/file.ts": `import { readFileSync } from "node:fs";\nexport const read = readFileSync;\n`,
  "src/worker/pool.ts": `import { Worker } from "node:worker_threads";\nexport const url = new URL("./thread.ts", import.meta.url);\nexport { Worker };\n`,
  "src/worker/thread.ts": "export const run = 1;\n",
  "src/study/study.ts": `import type { Stats } from "node:fs";\nimport type { Trial } from "../trial/trial.ts";\n\n/**\n * @example\n * import { x } from "nowhere";\n * await import("nowhere");\n */\nexport const optimize = async (trial: Trial) => [trial, await import("../trial/file.ts"), import("node:fs")];\n`,
  "examples/one.ts": `import { optimize } from "assay";\nimport { rng } from "assay/math";\nimport { data } from "./data.ts";\nconsole.log(optimize, rng, data, new URL("https://example.org"));\n`,
  "examples/data.ts": "export const data = [1];\n",
};

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

describe("the layer check", () => {
  test("passes a repository that keeps the rules", () => {
    expect(check({})).toEqual([]);
  });

  test.each([
    [
      "an import of a room that the row does not name",
      { "src/math/a.ts": `import { optimize } from "../study/study.ts";` },
      "`study`",
    ],
    ["a type import of such a room", { "src/math/a.ts": `import type { Trial } from "../trial/trial.ts";` }, "`trial`"],
    [
      "a type import within an expression",
      { "src/math/a.ts": `export type A = import("../trial/trial.ts").Trial;` },
      "`trial`",
    ],
    [
      "a dynamic import of such a room",
      { "src/math/a.ts": `export const a = () =>\n  import(\n    "../trial/trial.ts"\n  );` },
      "`trial`",
    ],
    [
      "a re-export from such a room",
      { "src/math/a.ts": `export {\n  type Trial,\n} from "../trial/trial.ts";` },
      "`trial`",
    ],
    ["an import for its side effect", { "src/math/a.ts": `import "../trial/trial.ts";` }, "`trial`"],
    ["an import of the front door", { "src/study/a.ts": `import { optimize } from "../index.ts";` }, "the front door"],
    [
      "a type import of the front door",
      { "src/study/a.ts": `import type { Trial } from "../index.ts";` },
      "the front door",
    ],
    ["a room without a row", { "src/extra/a.ts": `import "../errors.ts";` }, "in no room"],
    ["a file beside the front door", { "src/extra.ts": `import "./errors.ts";` }, "in no room"],
    [
      "an import of errors from elsewhere",
      { "src/errors.ts": `import { rng } from "./math/rng.ts";\nexport class AssayError extends Error {}` },
      "`math`",
    ],
    ["a package that the row does not name", { "src/math/a.ts": `import { sql } from "kysely";` }, "that package"],
    ["a package by subpath", { "src/math/a.ts": `import { Migrator } from "kysely/migration";` }, "that package"],
    ["a Node module in the core", { "src/study/a.ts": `import { readFileSync } from "node:fs";` }, "for Node only"],
    ["a Node module in the front door", { "src/index.ts": `import { readFileSync } from "node:fs";` }, "for Node only"],
    [
      "a static import of a file for Node only",
      { "src/trial/a.ts": `import { read } from "./file.ts";` },
      "await import",
    ],
    ["a file that does not exist", { "src/study/a.ts": `import { b } from "./b.ts";` }, "does not exist"],
    [
      "an example that reaches inside",
      { "examples/a.ts": `import { rng } from "../src/math/rng.ts";` },
      "public subpaths only",
    ],
    [
      "an example that imports what is not exported",
      { "examples/a.ts": `import { x } from "assay/worker";` },
      "not a public subpath",
    ],
  ])("catches %s", (_, files, message) => {
    expect(check(files).join("\n")).toContain(message);
  });

  test("catches a cycle, types and dynamic imports included, and names its files", () => {
    const breaches = check({
      "src/study/a.ts": `import type { B } from "./b.ts";\nexport type A = B;`,
      "src/study/b.ts": `export { c } from "./c.ts";\nexport type B = 1;`,
      "src/study/c.ts": `export const c = () => import("./a.ts");`,
    });
    expect(breaches).toEqual(["src/study/a.ts → src/study/b.ts → src/study/c.ts → src/study/a.ts is a cycle."]);
  });
});

function check(files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), "assay-layers-"));
  roots.push(root);
  for (const [path, text] of Object.entries({ ...sound, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return checkLayers(root);
}
