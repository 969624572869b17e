import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const documents = globSync(["*.md", "docs/**/*.md", "examples/**/*.md", "bench/**/*.md"], {
  cwd: root,
  exclude: ["**/node_modules"],
});
const sources = globSync("{src,test,examples,bench,scripts}/**/*.{ts,mjs,py}", {
  cwd: root,
  exclude: ["**/node_modules"],
});
const read = (file: string): string => readFileSync(join(root, file), "utf8");

describe("every link leads somewhere", () => {
  test("between documents", () => {
    const broken = documents.flatMap((document) =>
      [...read(document).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(document), target)))
        .map((target) => `${document} → ${target}`),
    );
    expect(documents.length).toBeGreaterThan(10);
    expect(broken).toEqual([]);
  });

  test("from sources to documents", () => {
    const broken = [...sources, ...documents].flatMap((source) =>
      [...read(source).matchAll(/\bdocs\/[\w/-]+\.(?:md|txt|png)/g)]
        .filter(([target]) => !existsSync(join(root, target)))
        .map(([target]) => `${source} → ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test("from documents to npm's scripts and to programs", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const broken = documents.flatMap((document) => {
      const text = read(document);
      const runs = [...text.matchAll(/\bnpm run ([\w:]+)/g)].filter(([, name = ""]) => !Object.hasOwn(scripts, name));
      const files = [...text.matchAll(/\b(?:scripts|examples|bench|test)\/[\w./-]+\.\w+/g)].filter(
        ([file]) => !existsSync(join(root, file)),
      );
      return [...runs, ...files].map(([found]) => `${document} → ${found}`);
    });
    expect(broken).toEqual([]);
  });
});
