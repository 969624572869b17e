import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linePlot, sparkline, textTable } from "../../src/chart/index.ts";

const lines = (text: string) => text.split("\n");
const plain = (text: string) => text.replace(/\u001B\[\d+m/g, "");

describe("a sparkline", () => {
  test("rises with its values and leaves a gap where there is none", () => {
    expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8])).toBe("▁▂▃▄▅▆▇█");
    expect(sparkline([1, null, Number.NaN, 8])).toBe("▁  █");
  });

  test("is level for equal values, empty for none, and never wider than asked", () => {
    expect(sparkline([5, 5, 5])).toBe("▄▄▄");
    expect(sparkline([])).toBe("");
    expect(
      sparkline(
        Array.from({ length: 1000 }, (_, i) => i),
        { width: 12 },
      ),
    ).toHaveLength(12);
    expect(sparkline([null, null])).toBe("  ");
  });
});

describe("a line plot", () => {
  const series = [
    {
      name: "Bayesian optimisation",
      points: [
        { x: 1, y: 0.6 },
        { x: 5, y: 0.8 },
        { x: 54, y: 0.82 },
      ],
    },
    {
      name: "Grid search",
      points: [
        { x: 1, y: null },
        { x: 2, y: 0.7 },
        { x: 54, y: 0.79 },
      ],
    },
  ];

  test("stays within its width, has honest ticks and ends each series in its letter", () => {
    const drawn = linePlot(series, { width: 60, height: 8, xLabel: "trials" });
    for (const line of lines(drawn)) expect(line.length).toBeLessThanOrEqual(60);
    expect(drawn).toMatch(/^0\.8\d? ┤/m);
    expect(drawn).not.toMatch(/\d\.\d{5,}/);
    expect(drawn).toMatch(/ AB$/m);
    expect(drawn).toContain("A Bayesian optimisation");
    expect(drawn).toContain("trials");
  });

  test("colours only when asked, and says the same without", () => {
    const coloured = linePlot(series, { colour: true });
    expect(coloured).toContain("\u001B[36m");
    expect(plain(coloured)).toBe(linePlot(series));
    expect(linePlot(series)).not.toContain("\u001B");
  });

  test("stands nothing, one point, equal values and values that are huge", () => {
    expect(linePlot([])).toBe("(nothing to plot yet)");
    expect(linePlot([{ name: "a", points: [{ x: 1, y: null }] }])).toBe("(nothing to plot yet)");
    for (const ys of [[5], [5, 5], [-1e300, 1e300], [1e-9, 2e-9]]) {
      const drawn = linePlot([{ name: "a", points: ys.map((y, x) => ({ x, y })) }]);
      expect(drawn).not.toMatch(/NaN|Infinity|undefined/);
      for (const line of lines(drawn)) expect(line.length).toBeLessThanOrEqual(80);
    }
  });
});

describe("a text table", () => {
  const table = {
    caption: "c",
    columns: [{ name: "method" }, { name: "Recall", isNumeric: true }],
    rows: [
      ["Bayesian optimisation", { text: "0.812", note: "0.75–0.86" }],
      ["Grid", "0.8"],
    ],
  } as const;

  test("aligns numbers to the right and puts remarks under their cell", () => {
    expect(lines(textTable(table))).toEqual([
      "method                    Recall",
      "────────────────────────────────",
      "Bayesian optimisation      0.812",
      "                       0.75–0.86",
      "Grid                         0.8",
    ]);
  });

  test("fits any width by cutting words before numbers, whatever stands in it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: "grapheme", maxLength: 40 }), fc.float({ noNaN: true }).map(String)), {
          maxLength: 5,
        }),
        fc.integer({ min: 30, max: 80 }),
        (rows, width) => {
          const drawn = textTable(
            { caption: "c", columns: [{ name: "name" }, { name: "value", isNumeric: true }], rows },
            { width },
          );
          for (const line of lines(drawn))
            expect(Array.from(line).filter((it) => !/\p{Mark}|\p{Cf}/u.test(it)).length).toBeLessThanOrEqual(width);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("lets no data command the terminal", () => {
    const drawn = textTable({
      caption: "c",
      columns: [{ name: "\u001B[31mname\u0007" }],
      rows: [["a\u001B]0;title\u0007\nb\u202Ec"]],
    });
    expect(drawn).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u202E]/);
    expect(lines(drawn)).toHaveLength(3);
  });

  test("counts the double width of East Asian letters", () => {
    const [, , first, second] = lines(
      textTable({
        caption: "c",
        columns: [{ name: "n" }, { name: "v", isNumeric: true }],
        rows: [
          ["三番目", "1"],
          ["abcdef", "2"],
        ],
      }),
    );
    expect(first).toBe("三番目  1");
    expect(second).toBe("abcdef  2");
  });
});
