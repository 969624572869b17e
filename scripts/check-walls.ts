// Holds the sources to two of the bearing walls in docs/architecture.md. Randomness and time are handed in, so nothing reads
// the engine's own; only a seed that nobody gave comes from `crypto`, once. And what decides a suggestion or a weight has the
// same bits on every engine, so there only the operations that IEEE 754 rounds correctly are used, and exp, log and their kin
// come from src/math/special.ts.

import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** Exempt: the one clock; the conformance suites, which catch whoever reads another; and the adapter's means to seed TensorFlow.js. */
const EXEMPT = ["src/storage/clock.ts", "src/testing/", "src/tuner/tfjs/seeded-random.ts"];
const AMBIENT = /\bMath\.random\b|\bDate\.now\b|\bperformance\.now\b|\bnew Date\(\)/g;

const SAME_BITS = "src/{math,gp,acquisition,space,sampler,pruner,nn}/**/*.ts";
/** Left to each engine by ECMA-262. Powers of BigInt literals are exact. */
const ENGINE_DEPENDENT =
  /\bMath\.(?:a?(?:sin|cos|tan)h?|atan2|cbrt|exp|expm1|hypot|log|log10|log1p|log2|pow)\b|(?<!\d+n\s*)(?<!\*)\*\*(?!\*)/g;

/** Every breach in the repository at `root`, one sentence each. */
export function checkWalls(root: string): string[] {
  return [
    ...find(root, "src/**/*.ts", AMBIENT, "is read; randomness and time must be handed in").filter(
      (breach) => !EXEMPT.some((path) => breach.startsWith(path)),
    ),
    ...find(root, SAME_BITS, ENGINE_DEPENDENT, "differs between engines; use src/math/special.ts, or multiply"),
  ];
}

function find(root: string, files: string, pattern: RegExp, why: string): string[] {
  return globSync(files, { cwd: root }).flatMap((file) =>
    withoutComments(readFileSync(join(root, file), "utf8"))
      .split("\n")
      .flatMap((line, index) => (line.match(pattern) ?? []).map((found) => `${file}:${index + 1}: ${found} ${why}.`)),
  );
}

// Line breaks stay, for the line numbers.
function withoutComments(source: string): string {
  return source
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ""))
    .replaceAll(/\/\/.*/g, "");
}

if (import.meta.main) {
  const breaches = checkWalls(resolve(import.meta.dirname, ".."));
  for (const breach of breaches) console.error(breach);
  if (breaches.length > 0) process.exitCode = 1;
}
