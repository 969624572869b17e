// Compares the exported names of each public subpath, values and types, with docs/exports.txt, so that adding or losing
// one is a visible decision. `--update` writes that file anew. Names are read from the export statements of the source
// behind each subpath, which lists them one by one, and the values among them are checked by importing it.

import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const LIST = /^export\s+(type\s+)?\{([^}]*)\}/gm;
const DECLARATION =
  /^export\s+(?:declare\s+|abstract\s+|async\s+)*(const|function\*?|class|interface|type)\s+([\w$]+)/gm;
const UNLISTED = /^export\s+(?:\*|default\b).*/m;

/** The exported names of the repository at `root` as the text of the snapshot. */
export async function describeExports(root: string): Promise<string> {
  const { name, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const sections = Object.entries<{ "assay-source"?: string }>(exports)
    .filter(([, target]) => target["assay-source"] !== undefined)
    .map(async ([subpath, target]) => {
      const names = await namesOf(join(root, String(target["assay-source"])));
      return `${subpath.replace(".", name)}\n${names.map((it) => `  ${it}\n`).join("")}`;
    });
  return (await Promise.all(sections)).join("\n");
}

async function namesOf(file: string): Promise<string[]> {
  const text = readFileSync(file, "utf8");
  const unlisted = UNLISTED.exec(text);
  if (unlisted) throw new Error(`${file} must list its exports by name, but has: ${unlisted[0]}`);
  const listed = [...text.matchAll(LIST)].flatMap(([, allTypes, list = ""]) =>
    list
      .replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, "")
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "")
      .map((item) => ({
        isType: allTypes !== undefined || item.startsWith("type "),
        name: item.split(/\s+/).at(-1) ?? "",
      })),
  );
  const declared = [...text.matchAll(DECLARATION)].map(([, kind, name = ""]) => ({
    isType: kind === "interface" || kind === "type",
    name,
  }));
  const all = [...listed, ...declared].sort((a, b) => (a.name < b.name ? -1 : 1));
  const values = all.filter(({ isType }) => !isType).map(({ name }) => name);
  const imported = Object.keys(await import(file)).sort();
  if (values.join() !== imported.join())
    throw new Error(`${file} was read as exporting [${values}], but importing it gives [${imported}].`);
  return all.map(({ isType, name }) => (isType ? `type ${name}` : name));
}

/** The lines that differ between two snapshots, marked `+` and `-`, each under its subpath. */
export function difference(before: string, after: string): string[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  return [
    ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
  ];
}

function linesOf(snapshot: string): string[] {
  const sections = snapshot.split("\n\n").map((section) => section.trim().split(/\n\s*/));
  return sections.flatMap(([subpath, ...names]) => [`${subpath}`, ...names.map((it) => `${subpath}: ${it}`)]);
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, "..");
  const file = join(root, "docs/exports.txt");
  const now = await describeExports(root);
  if (process.argv.includes("--update")) writeFileSync(file, now);
  else {
    const differing = difference(readFileSync(file, "utf8"), now);
    if (differing.length > 0) {
      console.error(`The public names differ from docs/exports.txt; if that is meant, run \`npm run exports\`:`);
      for (const line of differing) console.error(line);
      process.exitCode = 1;
    }
  }
}
