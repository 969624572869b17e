import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkDemo, PICTURES, SECTIONS } from "../../scripts/check-demo.ts";

const picture = (title: string): string =>
  `<figure><h3>${title}</h3><svg>${"<path/>".repeat(9)}</svg><table><tr/><tr/></table></figure>`;
const sound = [...SECTIONS.map((title) => `<h2>${title}</h2>`), ...PICTURES.map(picture)].join("\n");
const roc = picture("ROC curves");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-demo-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the check of what the demo wrote", () => {
  test("passes a complete report", () => {
    expect(check(sound)).toEqual([]);
  });

  test.each([
    ["a missing picture", sound.replace(roc, ""), `"ROC curves" is missing`],
    ["an empty picture", sound.replace(roc, roc.replaceAll("<path/>", "")), `"ROC curves" is empty`],
    ["a picture without its data", sound.replace(roc, roc.replaceAll("<tr/>", "")), `"ROC curves" lacks the data`],
    ["a missing section", sound.replace("<h2>How soon</h2>", ""), `"How soon" is missing`],
    ["a script from elsewhere", `${sound}<script src="https://example.org/a.js">`, "from elsewhere"],
    ["a style sheet from elsewhere", `${sound}<link rel="stylesheet" href="a.css">`, "from elsewhere"],
    ["a font from elsewhere", `${sound}<style>a{src:url(a.woff)}</style>`, "from elsewhere"],
    ["a value that is not there", `${sound}<td>NaN</td>`, "not there"],
    ["a mark at no place", `${sound}<path d="M0,NaN"/>`, "not there"],
    ["an unrounded number", `${sound}<td>0.30000000000000004</td>`, "unrounded"],
  ])("catches %s", (_, report, message) => {
    expect(check(report)).toEqual([expect.stringContaining(message)]);
  });

  test("catches results that are not JSON, or empty, or not there", () => {
    expect(check(sound, "{NaN}")).toEqual([expect.stringContaining("not JSON")]);
    expect(check(sound, "{}")).toEqual(["results.json has no results."]);
    rmSync(join(folder, "results.json"));
    expect(checkDemo(folder)).toEqual(["results.json was not written."]);
  });
});

function check(report: string, results = `{"recall":0.8}`): string[] {
  writeFileSync(join(folder, "report.html"), report);
  writeFileSync(join(folder, "results.json"), results);
  return checkDemo(folder);
}
