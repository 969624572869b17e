import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Chart, standalone } from "../../src/chart/index.ts";
import { GALLERY, goldenCharts, HOSTILE } from "./gallery.ts";
import { collisions, labelBoxes, nodes, parseXml } from "./picture.ts";

/** Both pictures of every chart, with a name for messages. */
function* pictures(
  charts: readonly Chart[],
): Generator<{ readonly name: string; readonly svg: string; readonly chart: Chart }> {
  for (const chart of charts) {
    yield { name: `${chart.title}, wide`, svg: chart.svg, chart };
    yield { name: `${chart.title}, narrow`, svg: chart.narrow, chart };
  }
}

describe.each(GALLERY)("charts of %s", (_, make) => {
  const charts = make();

  test("are well-formed, without scripts, handlers or elements made of data", () => {
    for (const { svg } of pictures(charts)) {
      const root = parseXml(svg);
      expect(root.name).toBe("svg");
      for (const node of nodes(root)) {
        expect(ELEMENTS).toContain(node.name);
        expect(
          Object.keys(node.attributes).filter((key) => key.startsWith("on") || key === "href" || key === "id"),
        ).toEqual([]);
      }
    }
  });

  test("hold only finite numbers, none with more digits than a reader wants", () => {
    for (const { name, svg, chart } of pictures(charts)) {
      expect(svg, name).not.toMatch(/NaN|undefined|Infinity|null/);
      const written = [
        chart.summary,
        ...[...nodes(parseXml(svg))].map(({ text }) => text),
        ...chart.table.rows.flat().map((cell) => (typeof cell === "string" ? cell : cell.text)),
      ];
      for (const text of written) expect(text).not.toMatch(/\d\.\d{12,}/);
      for (const node of nodes(parseXml(svg)))
        for (const key of ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"])
          if (key in node.attributes)
            expect(Number.isFinite(Number(node.attributes[key])), `${name}: ${key}="${node.attributes[key]}"`).toBe(
              true,
            );
    }
  });

  test("have labels that neither run into one another nor out of the picture", () => {
    for (const { name, svg } of pictures(charts)) {
      const root = parseXml(svg);
      const [, , width, height] = root.attributes.viewBox!.split(" ").map(Number);
      const boxes = labelBoxes(root);
      expect(collisions(boxes), name).toEqual([]);
      const outside = boxes.filter(
        (box) => box.left < -1 || box.right > width! + 1 || box.top < -1 || box.bottom > height! + 1,
      );
      expect(
        outside.map(({ text, left, right }) => `${text} from ${left} to ${right} of ${width}`),
        name,
      ).toEqual([]);
    }
  });

  test("say in a sentence what they show, and have their data as a table of equal rows", () => {
    for (const { title, summary, svg, table } of charts) {
      expect(summary).toMatch(/\S.*[.?!]$/s);
      const root = parseXml(svg);
      expect(root.attributes.role).toBe("img");
      expect(
        root.attributes["aria-label"]!.startsWith(
          parseXml(`<t a="x">${title === HOSTILE ? "" : title.replaceAll("&", "&amp;")}</t>`).text,
        ),
      ).toBe(true);
      for (const row of table.rows) expect(row).toHaveLength(table.columns.length);
    }
  });
});

test("a chart in a file of its own has its title and colours that any renderer knows, in either theme", () => {
  for (const [name, it] of Object.entries(goldenCharts())) {
    for (const theme of ["light", "dark"] as const) {
      const file = standalone(it, theme);
      expect(parseXml(file.trim()).name, name).toBe("svg");
      expect(file).not.toContain("var(");
      expect(file).toContain(it.title);
    }
    expect(standalone(it, "dark")).not.toBe(standalone(it, "light"));
  }
});

/** After a wished-for change of looks, `vitest run test/chart -u` writes them anew; look at them before committing. */
test.each(Object.keys(goldenCharts()))("the %s chart is the one that was looked at and approved", async (name) => {
  const file = fileURLToPath(new URL(`../fixtures/chart/${name}.svg`, import.meta.url));
  // A file that is missing would be written, not missed.
  expect(existsSync(file)).toBe(true);
  await expect(standalone(goldenCharts()[name]!)).toMatchFileSnapshot(file);
});

const ELEMENTS = ["svg", "desc", "g", "rect", "line", "path", "circle", "text", "title"];
