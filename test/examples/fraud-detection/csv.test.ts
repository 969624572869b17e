import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng } from "assay";
import { afterAll, describe, expect, test } from "vitest";
import { parseCsv, readCsv } from "../../../examples/fraud-detection/csv.ts";
import { csvDataset, stratifiedSplit } from "../../../examples/fraud-detection/dataset.ts";
import { fitEncoder } from "../../../examples/fraud-detection/encode.ts";
import { UsageError } from "../../../examples/fraud-detection/usage-error.ts";

const folder = mkdtempSync(join(tmpdir(), "csv-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string | Uint8Array): string {
  const path = join(folder, "table.csv");
  writeFileSync(path, text);
  return path;
}

/** A table of 60 rows with a number, a category and the given label column. */
function table(label: (row: number) => string, amount: (row: number) => string = (row) => String(row)): string {
  const rows = Array.from({ length: 60 }, (_, row) => `${amount(row)},${row % 3 === 0 ? "red" : "blue"},${label(row)}`);
  return ["amount,colour,label", ...rows].join("\n");
}

/** The message of the UsageError that `run` throws. */
function mistake(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).not.toContain("\n");
    return (error as Error).message;
  }
  throw new Error("no error was thrown");
}

describe("parsing", () => {
  test("reads quoted cells with separators, quotes and line breaks inside", () => {
    const { header, rows, lines } = parseCsv('a,"b ""x"""\n"1,5","two\nlines"\n3,4\n');
    expect(header).toEqual(["a", 'b "x"']);
    expect(rows).toEqual([
      ["1,5", "two\nlines"],
      ["3", "4"],
    ]);
    expect(lines).toEqual([2, 4]);
  });

  test.each([
    ["CRLF", "a,b\r\n1,2\r\n"],
    ["a byte-order mark", "\uFEFFa,b\n1,2"],
    ["semicolons", "a;b\n1;2\n"],
    ["tabs", "a\tb\n1\t2\n"],
    ["empty lines", "\na,b\n\n1,2\n\n"],
  ])("reads a file with %s", (_, text) => {
    const { header, rows } = parseCsv(text);
    expect({ header, rows }).toEqual({ header: ["a", "b"], rows: [["1", "2"]] });
  });

  test("keeps empty cells", () => {
    expect(parseCsv("a,b,c\n,,\n1,,\n").rows).toEqual([
      ["", "", ""],
      ["1", "", ""],
    ]);
  });

  test.each([
    ["a row that is too short", "a,b\n1,2\n3\n", /line 3 has 1\b/],
    ["a quote that is never closed", 'a,b\n1,"2\n3,4\n', /Line 2 opens a quote/],
    ["a column name that stands twice", "a,a\n1,2\n", /"a" stands twice/],
    ["a column without a name", "a,\n1,2\n", /column 2 .* has none/],
    ["no rows", "a,b\n", /no rows/],
    ["nothing", "", /empty/],
  ])("refuses %s", (_, text, message) => {
    expect(mistake(() => parseCsv(text))).toMatch(message);
  });
});

describe("labels", () => {
  test.each([
    ["0", "1", "1"],
    ["no", "yes", "yes"],
    ["True", "False", "True"],
    ["1", "2", "2"],
  ])("of %s and %s take %s as positive", (one, other, positive) => {
    expect(readCsv(file(table((row) => (row % 2 ? one : other))), "label").positive).toBe(positive);
  });

  test("of two texts take the rarer as positive", () => {
    const { positive, labels } = readCsv(file(table((row) => (row < 35 ? "good" : "bad"))), "label");
    expect(positive).toBe("bad");
    expect(labels.filter((label) => label === 1)).toHaveLength(25);
  });

  test.each([
    ["one class only", () => "1", /exactly two classes, but has only "1"/],
    ["three classes", (row: number) => String(row % 3), /has 3 \(0, 1, 2\)/],
    ["a missing label", (row: number) => (row === 4 ? "" : String(row % 2)), /line 6 has none/],
    ["too few of a class", (row: number) => (row < 5 ? "1" : "0"), /at least 25 rows .* is "1" in 5/],
  ])("refuse %s", (_, label, message) => {
    expect(mistake(() => readCsv(file(table(label)), "label"))).toMatch(message);
  });
});

describe("a file", () => {
  const binary = (row: number) => String(row % 2);

  test("that is missing, a folder or not UTF-8 is named with the remedy", () => {
    expect(mistake(() => readCsv(join(folder, "none.csv"), "label"))).toMatch(/There is no file .*none\.csv/);
    expect(mistake(() => readCsv(folder, "label"))).toMatch(/is a folder/);
    expect(mistake(() => readCsv(file(Uint8Array.from([0xff, 0xfe, 0x41])), "label"))).toMatch(/UTF-8/);
  });

  test("without the named column lists the ones it has", () => {
    expect(mistake(() => readCsv(file(table(binary)), "lable"))).toMatch(
      /no column "lable"; it has amount, colour, label\. Did you mean "label"\?/,
    );
    expect(mistake(() => readCsv(file(table(binary)), "label", ["shape"]))).toMatch(/no column "shape"/);
  });

  test("with a text among numbers names the line", () => {
    const text = table(binary, (row) => (row === 7 ? "12 EUR" : String(row)));
    expect(mistake(() => readCsv(file(text), "label"))).toMatch(
      /"amount" must hold numbers only, but line 9 has "12 EUR".*--drop amount/,
    );
  });

  test("with a name in every row asks to drop that column, and goes on without it", () => {
    const path = file(table(binary, (row) => `customer ${row}`));
    expect(mistake(() => readCsv(path, "label"))).toMatch(/at most 50 .* "amount" has 60.*--drop amount/);
    expect(readCsv(path, "label", ["amount"]).features.columns.map(({ name }) => name)).toEqual(["colour"]);
  });
});

describe("encoding", () => {
  test("imputes what is missing from the training part, and says so", () => {
    const encoder = fitEncoder({
      rows: 5,
      columns: [
        { name: "amount", kind: "numeric", values: Float64Array.of(1, 2, 3, 10, Number.NaN) },
        { name: "colour", kind: "categorical", values: ["red", "red", "blue", null, "red"] },
        { name: "same", kind: "numeric", values: Float64Array.of(4, 4, 4, 4, 4) },
      ],
    });
    expect(encoder.inputs).toEqual(["amount", "colour=blue", "colour=red"]);
    expect(encoder.notes).toEqual([
      '1 missing training value of "amount" is taken as the training median, 2.5; so are those of the other parts.',
      '1 missing training value of "colour" is taken as the most frequent training value, "red"; so are those of the other parts.',
      'Column "same" is left out: it has only one value in the training part.',
    ]);
    const mean = (1 + 2 + 3 + 10 + 2.5) / 5;
    const scale = Math.sqrt([1, 2, 3, 10, 2.5].reduce((sum, value) => sum + (value - mean) ** 2, 0) / 5);
    const encoded = encoder.encode({
      rows: 2,
      columns: [
        { name: "amount", kind: "numeric", values: Float64Array.of(7, Number.NaN) },
        { name: "colour", kind: "categorical", values: ["green", null] },
        { name: "same", kind: "numeric", values: Float64Array.of(5, 6) },
      ],
    });
    expect([...encoded.data]).toEqual(
      [(7 - mean) / scale, 0, 0, (2.5 - mean) / scale, 0, 1].map((value) => Math.fround(value)),
    );
  });

  test("splits every row into exactly one part, with the classes in equal shares", () => {
    const labels = Uint8Array.from({ length: 200 }, (_, row) => (row % 4 === 0 ? 1 : 0));
    const parts = stratifiedSplit(labels, createRng(1));
    const all = [...parts.train, ...parts.validation, ...parts.test].sort((a, b) => a - b);
    expect(all).toEqual([...labels.keys()]);
    for (const rows of Object.values(parts))
      expect(rows.filter((row) => labels[row] === 1).length * 4).toBe(rows.length);
  });

  test("reads the German credit table that comes with the example", () => {
    const dataset = csvDataset("examples/fraud-detection/german-credit.csv", "bad", [], 7);
    expect([dataset.train, dataset.validation, dataset.test].map(({ y }) => y.length)).toEqual([600, 200, 200]);
    expect(dataset.train.x.data.every(Number.isFinite)).toBe(true);
    expect(dataset.inputs).toContain("duration_months");
    expect(dataset.inputs).toContain("checking_status=none");
    expect(dataset.notes).toEqual(['The class to be found is bad = "1" in 300 of 1000 rows.']);
  });
});
