// `npm run bench -- NAME [options]` runs bench/NAME.ts as a program, and `npm run bench -- --tasks …` the suite; without a name, lists
// what there is.

import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const here = import.meta.dirname;
const benchmarks = globSync("*.ts", { cwd: here })
  .filter((file) => ![basename(import.meta.filename), "numbers.ts", "cpu.ts"].includes(file))
  .map((file) => basename(file, ".ts"))
  .sort();

const given = process.argv.slice(2);
const [name, ...options] = given[0]?.startsWith("--") ? ["suite", ...given] : given;
if (name !== undefined && benchmarks.includes(name)) {
  const args = [...process.execArgv, join(here, `${name}.ts`), ...options];
  process.exitCode = spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1;
} else {
  if (name !== undefined) console.error(`There is no benchmark "${name}".`);
  console.log("npm run bench -- NAME [--check]   prints figures; with --check, exits with 1 where one falls short\n");
  for (const it of benchmarks) console.log(`  ${it.padEnd(15)} ${firstSentence(join(here, `${it}.ts`))}`);
  process.exitCode = name === undefined ? 0 : 2;
}

function firstSentence(file: string): string {
  const comment = /^(?:\/\*\*|\/\/)([\s\S]*?\.)\s/.exec(readFileSync(file, "utf8"))?.[1] ?? "";
  return comment.replaceAll(/\s*\n\s*(?:\*|\/\/)\s*/g, " ").trim();
}
