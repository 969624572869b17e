import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const contract = read("docs/storage-contract.md");
/** File and test name of each claim. */
const claims = [...contract.matchAll(/`((?:test|src)\/[\w./-]+\.ts)`: (.+)$/gm)].map(([, file = "", name = ""]) => ({
  file,
  name,
}));

test("every promise of the storage contract names tests, and there are such tests", () => {
  const missing = claims.filter(({ file, name }) => {
    // A test's name as vitest and the conformance suite have it in their sources.
    const source = read(file);
    return (
      !source.includes(`(${JSON.stringify(name)}, `) &&
      !source.includes(`${JSON.stringify(name)},\n`) &&
      !source.includes(`async ${JSON.stringify(name)}(`)
    );
  });
  expect(missing).toEqual([]);
  const promises = contract
    .split(/^## /m)
    .slice(1)
    .filter((section) => /^P\d+ /.test(section));
  expect(promises.map((section) => section.split(" ")[0])).toEqual(Array.from({ length: 11 }, (_, i) => `P${i + 1}`));
  for (const section of promises) expect(section).toMatch(/^- `(?:test|src)\//m);
  expect(claims.length).toBeGreaterThan(30);
});
