// Holds the sources to the tables in docs/architecture.md: which room may import which, which packages, which files may
// import Node's modules statically; no cycle between files, no import of the front door. It reads import statements as
// text, which is enough for sources in one format (biome's), and counts type imports and dynamic imports like any other.

import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const STATIC = /^(?:import|export)\s+(type\s+)?(?:[\w\s{},*$]*?\bfrom\s*)?"([^"]+)"/gm;
const DYNAMIC = /(?<!^\s*(?:\*|\/\/).*)\b(?:import\(\s*|new URL\(\s*(?="\.))"([^"]+)"/gm;

interface Import {
  readonly from: string;
  readonly specifier: string;
  /** The imported file relative to the root, for a relative specifier. */
  readonly to?: string;
  readonly kind: "value" | "type" | "dynamic";
}

interface Tables {
  /** Room → the rooms and packages that its row names. */
  readonly rooms: ReadonlyMap<string, readonly string[]>;
  /** Files, and folders with a closing slash, that may import `node:` modules statically. */
  readonly onNode: readonly string[];
}

/** Every breach in the repository at `root`, one sentence each. */
export function checkLayers(root: string): string[] {
  const tables = readTables(readFileSync(join(root, "docs/architecture.md"), "utf8"));
  const imports = globSync("{src,examples,bench}/**/*.{ts,mts,js,mjs}", { cwd: root, exclude: ["**/node_modules"] })
    .filter((file) => !isAssemblyScript(file))
    .sort()
    .flatMap((file) => importsOf(root, file));
  const exported = Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).exports);
  return [
    ...imports.filter(({ to }) => to !== undefined && !existsSync(join(root, to))).map(say("which does not exist")),
    ...imports.flatMap((it) => (it.from.startsWith("src/") ? checkRoom(it, tables) : checkGuest(it, exported))),
    ...findCycles(imports).map((cycle) => `${cycle.join(" → ")} is a cycle.`),
  ];
}

function checkRoom(it: Import, { rooms, onNode }: Tables): string[] {
  const room = roomOf(it.from);
  const isFrontDoor = it.from === "src/index.ts";
  const allowed = rooms.get(room);
  if (allowed === undefined && !isFrontDoor && it.from !== "src/errors.ts")
    return [`${it.from} is in no room of docs/architecture.md.`];
  const isOnNode = (file: string) => onNode.some((path) => file.startsWith(`src/${path}`));

  if (it.to === "src/index.ts") return [say("the front door, which nothing inside may import")(it)];
  if (it.to !== undefined) {
    const target = roomOf(it.to);
    if (!isFrontDoor && target !== room && it.to !== "src/errors.ts" && !allowed?.includes(target))
      return [say(`but the row of \`${room}\` does not name \`${target}\``)(it)];
    if (it.kind === "value" && isOnNode(it.to) && !isOnNode(it.from))
      return [say("statically, but that file is for Node only; use `await import(…)`")(it)];
  } else if (it.specifier.startsWith("node:")) {
    if (it.kind === "value" && !isOnNode(it.from))
      return [say("statically, but is not in the table of files for Node only")(it)];
  } else if (!allowed?.includes(packageOf(it.specifier))) {
    return [say(`but the row of \`${room}\` does not name that package`)(it)];
  }
  return [];
}

// What no public name reaches, and yet a benchmark measures or measures with: folder by benchmark.
const MEASURED: Readonly<Record<string, string>> = {
  "bench/kernels.ts": "src/math/kernels/",
  "bench/durable.ts": "test/storage/postgres/",
};

// Examples and benchmarks are what a user could have written.
function checkGuest(it: Import, exported: readonly string[]): string[] {
  const [folder] = it.from.split("/");
  const measured = MEASURED[it.from];
  if (measured !== undefined && it.to?.startsWith(measured)) return [];
  if (it.to !== undefined && !it.to.startsWith(`${folder}/`)) return [say("but may import public subpaths only")(it)];
  if (packageOf(it.specifier) === "assay" && !exported.includes(it.specifier.replace("assay", ".")))
    return [say("which is not a public subpath")(it)];
  return [];
}

function findCycles(imports: readonly Import[]): string[][] {
  const edges = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const cycles: string[][] = [];
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file]);
    if (done.has(file) || path.includes(file)) return;
    for (const { to } of edges.get(file) ?? []) if (to !== undefined) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return cycles;
}

function importsOf(root: string, from: string): Import[] {
  const text = readFileSync(join(root, from), "utf8");
  const found: Pick<Import, "specifier" | "kind">[] = [
    ...Array.from(
      text.matchAll(STATIC),
      ([, type, it]) => ({ specifier: it ?? "", kind: type ? "type" : "value" }) as const,
    ),
    ...Array.from(text.matchAll(DYNAMIC), ([, it]) => ({ specifier: it ?? "", kind: "dynamic" }) as const),
  ];
  return found.map((it) => {
    if (!it.specifier.startsWith(".")) return { from, ...it };
    return { from, ...it, to: relative(root, resolve(root, dirname(from), it.specifier)) };
  });
}

function readTables(markdown: string): Tables {
  const rows = Array.from(markdown.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm), ([, name = "", rest = ""]) => ({
    name,
    words: rest
      .split("|")
      .slice(1)
      .join(",")
      .split(",")
      .map((word) => word.trim()),
  }));
  return {
    rooms: new Map(rows.filter(({ name }) => !name.includes("/")).map(({ name, words }) => [name, words])),
    onNode: rows.map(({ name }) => name).filter((name) => name.includes("/")),
  };
}

const isAssemblyScript = (file: string): boolean => file.endsWith(".as.ts") || file.includes("/assembly/");
const roomOf = (file: string): string => file.split("/")[1] ?? "";
const packageOf = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
const say = (what: string) => (it: Import) => `${it.from} imports "${it.specifier}", ${what}.`;

if (import.meta.main) {
  const breaches = checkLayers(resolve(import.meta.dirname, ".."));
  for (const breach of breaches) console.error(breach);
  if (breaches.length > 0) process.exitCode = 1;
}
