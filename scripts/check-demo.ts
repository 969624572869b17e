// Looks at what a run of the main job left in a folder: results that are plain JSON without a number that is none, and a
// report that is one self-contained page with all of its parts. Usage: node scripts/check-demo.ts FOLDER

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The titles of the report's pictures, each with the data behind it as a table. */
export const PICTURES: readonly string[] = [
  "On the test set, with 95 % intervals",
  "Confusion matrices",
  "ROC curves",
  "Precision–recall curves",
  "Best so far, like for like",
  "Grid search", // as parallel coordinates
  "Bayesian optimisation, like for like",
  "Can the surrogate be believed?", // leave-one-out
  "Which parameters matter",
  "What the surrogate expects along each parameter",
  "The two most important parameters together",
  "Learning curves",
];
export const SECTIONS: readonly string[] = [
  "What was found",
  "The comparison",
  "How soon",
  "What was tried",
  "The winners",
  "How the numbers were made",
];

/** Patterns that must not. */
const FLAWS: Readonly<Record<string, RegExp>> = {
  "a resource from elsewhere":
    /<(?:script|img|iframe|source)[^>]*\ssrc="(?!data:)|<link[^>]*\shref="(?!data:)|@import|url\((?!["']?(?:data:|#))/i,
  "a value that is not there": />\s*(?:undefined|null|NaN|\[object Object\])\s*<|="[^"]*\bNaN\b[^"]*"/,
  "an unrounded number": />[^<]*\d\.\d*(?:0{9}|9{9})\d*[^<]*</,
};

/** What is wrong with the run in `folder`, one sentence each. */
export function checkDemo(folder: string): string[] {
  const missing = ["report.html", "results.json"].filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0) return missing.map((name) => `${name} was not written.`);
  const report = readFileSync(join(folder, "report.html"), "utf8");
  return [
    ...checkResults(readFileSync(join(folder, "results.json"), "utf8")),
    ...SECTIONS.filter((title) => !report.includes(`>${title}</h2>`)).map(
      (title) => `The section "${title}" is missing.`,
    ),
    ...PICTURES.flatMap((title) => checkPicture(report, title)),
    ...Object.entries(FLAWS).flatMap(([flaw, pattern]) => {
      const found = pattern.exec(report)?.[0];
      return found === undefined ? [] : [`The report has ${flaw}: ${found.slice(0, 200)}`];
    }),
  ];
}

function checkPicture(report: string, title: string): string[] {
  const figure = report.match(/<figure[\s\S]*?<\/figure>/g)?.find((it) => it.includes(`<h3>${title}</h3>`));
  if (figure === undefined) return [`The picture "${title}" is missing.`];
  const marks = figure.match(/<(?:path|circle|rect|line)\b/g)?.length ?? 0;
  const rows = figure.match(/<tr\b/g)?.length ?? 0;
  return [
    ...(marks > 5 ? [] : [`The picture "${title}" is empty.`]),
    ...(rows > 1 ? [] : [`The picture "${title}" lacks the data behind it.`]),
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
