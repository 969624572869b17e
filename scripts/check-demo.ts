// Looks at what a run of the main job left in a folder: results that are plain JSON without a number that is none, and a
// report that is one self-contained page with all of its parts. Usage: node scripts/check-demo.ts FOLDER

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Patterns that must occur in the report, by what they stand for. */
const PARTS: Readonly<Record<string, RegExp>> = {};

/** Patterns that must not. */
const FLAWS: Readonly<Record<string, RegExp>> = {
  "a resource from elsewhere":
    /<(?:script|img|iframe|source)[^>]*\ssrc="(?!data:)|<link[^>]*\shref="(?!data:)|@import|url\((?!["']?(?:data:|#))/i,
  "a value that is not there": />\s*(?:undefined|null|NaN|\[object Object\])\s*<|="[^"]*\bNaN\b[^"]*"/,
  "an unrounded number": />[^<]*\d\.\d*(?:0{9}|9{9})\d*[^<]*</,
  "a chart without marks": /<svg[^>]*>\s*<\/svg>/,
};

/** What is wrong with the run in `folder`, one sentence each. */
export function checkDemo(folder: string): string[] {
  const missing = ["report.html", "results.json"].filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0) return missing.map((name) => `${name} was not written.`);
  const report = readFileSync(join(folder, "report.html"), "utf8");
  return [
    ...checkResults(readFileSync(join(folder, "results.json"), "utf8")),
    ...Object.entries(PARTS).flatMap(([part, pattern]) => (pattern.test(report) ? [] : [`The report lacks ${part}.`])),
    ...Object.entries(FLAWS).flatMap(([flaw, pattern]) => {
      const found = pattern.exec(report)?.[0];
      return found === undefined ? [] : [`The report has ${flaw}: ${found.slice(0, 200)}`];
    }),
  ];
}

function checkResults(text: string): string[] {
  try {
    const results: unknown = JSON.parse(text);
    return typeof results === "object" && results !== null && Object.keys(results).length > 0
      ? []
      : ["results.json has no results."];
  } catch (error) {
    return [`results.json is not JSON: ${error}`];
  }
}

if (import.meta.main) {
  const problems = checkDemo(process.argv[2] ?? "");
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log("report.html and results.json are complete.");
  else process.exitCode = 1;
}
