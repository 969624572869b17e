import { describe, expect, test } from "vitest";
import { htmlPage, type Page } from "../../src/chart/index.ts";
import { pageCss } from "../../src/chart/page-css.ts";
import { themeCss } from "../../src/chart/theme.ts";
import { goldenCharts, HOSTILE } from "./gallery.ts";
import { nodes, parseXml } from "./picture.ts";

const charts = Object.values(goldenCharts());

const PAGE: Page = {
  title: HOSTILE,
  lead: `Lead with \`code\`, **emphasis** and ${HOSTILE}`,
  facts: [{ name: "Seed", value: HOSTILE }],
  footer: HOSTILE,
  sections: [
    {
      title: "Result",
      blocks: [
        { kind: "text", paragraphs: ["One.", `Two: ${HOSTILE}`] },
        { kind: "figures", items: [{ label: HOSTILE, value: "0.812", note: HOSTILE }] },
        { kind: "callout", tone: "warning", title: HOSTILE, text: HOSTILE },
        {
          kind: "table",
          table: {
            caption: HOSTILE,
            columns: [{ name: "method" }, { name: HOSTILE, isNumeric: true }],
            rows: [[HOSTILE, { text: "0.8", note: HOSTILE, isStrong: true }]],
          },
        },
      ],
    },
    {
      title: HOSTILE,
      blocks: [
        { kind: "charts", charts },
        { kind: "code", text: HOSTILE, caption: HOSTILE },
      ],
    },
    { title: HOSTILE, blocks: [] },
  ],
};

/** The page as XML: void elements closed, the doctype taken off. */
function parsePage(html: string): ReturnType<typeof parseXml> {
  return parseXml(
    html
      .replace(/^<!doctype html>\s*/, "")
      .replace(/<meta ([^>]*)>/g, "<meta $1/>")
      .trim(),
  );
}

describe("a report page", () => {
  const html = htmlPage(PAGE);
  const all = [...nodes(parsePage(html))];

  test("loads nothing and runs nothing", () => {
    expect(html).toContain(`content="default-src &#39;none&#39;`.replaceAll("&#39;", "'"));
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(/i);
    const addresses = all
      .flatMap(({ attributes }) => [attributes.href, attributes.src])
      .filter((it) => it !== undefined);
    for (const address of addresses) expect(address).toMatch(/^#/);
    for (const { attributes } of all) expect(Object.keys(attributes).filter((key) => key.startsWith("on"))).toEqual([]);
  });

  test("has the landmarks, one first heading and no heading level left out", () => {
    for (const name of ["header", "nav", "main", "footer"])
      expect(all.filter((node) => node.name === name)).toHaveLength(1);
    const levels = all.filter(({ name }) => /^h[1-6]$/.test(name)).map(({ name }) => Number(name[1]));
    expect(levels[0]).toBe(1);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.slice(1).forEach((level, i) => {
      expect(level - levels[i]!).toBeLessThanOrEqual(1);
    });
    expect(all.find(({ name }) => name === "html")!.attributes.lang).toBe("en");
  });

  test("has ids that are unique and links and labels that lead to one", () => {
    const ids = all.flatMap(({ attributes }) => attributes.id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const meant = all
      .flatMap(({ attributes }) => [attributes.href?.slice(1), attributes["aria-labelledby"]])
      .filter((it) => it !== undefined);
    for (const id of meant) expect(ids).toContain(id);
  });

  test("gives every table a caption, and a box that scrolls and can be reached by keyboard", () => {
    const boxes = all.filter(({ attributes }) => attributes.class?.startsWith("scroll"));
    expect(boxes).toHaveLength(all.filter(({ name }) => name === "table").length);
    for (const box of boxes) {
      expect(box.attributes).toMatchObject({ tabindex: "0", role: "group" });
      expect([...nodes(box)].some(({ name }) => name === "caption")).toBe(true);
    }
  });

  test("shows the data of each chart as a table that can be opened", () => {
    expect(all.filter(({ name }) => name === "details")).toHaveLength(
      charts.filter(({ table }) => table.rows.length > 0).length,
    );
  });

  test("does without contents where there is one section", () => {
    expect(htmlPage({ title: "t", sections: [{ title: "a", blocks: [] }] })).not.toContain("<nav");
  });

  test("is the same for the same data", () => {
    expect(htmlPage(PAGE)).toBe(html);
  });
});

describe("the colours", () => {
  const rules = (theme: "light" | "dark"): Map<string, string> => {
    const blocks = [...pageCss().matchAll(/:root\{([^}]*)\}/g)].map(([, body]) => body!);
    const block = blocks[theme === "light" ? 0 : 1]!;
    return new Map(block.split(";").map((rule) => rule.split(":") as [string, string]));
  };

  test.each(["light", "dark"] as const)("have a contrast of 4.5 for words and 3 for marks on %s ground", (theme) => {
    const colours = rules(theme);
    const at = (name: string) => luminance(colours.get(name)!);
    const contrast = (a: string, b: string) => (Math.max(at(a), at(b)) + 0.05) / (Math.min(at(a), at(b)) + 0.05);
    const words: [string, string][] = [
      ...["--assay-ink", "--assay-muted", "--accent", "--assay-bad"].flatMap((ink): [string, string][] => [
        [ink, "--card"],
        [ink, "--page"],
        [ink, "--assay-ground"],
      ]),
      ["--head-ink", "--head"],
      ["--head-muted", "--head"],
      ["--assay-ink", "--note"],
      ["--assay-ink", "--good-ground"],
      ["--assay-ink", "--warning-ground"],
      ["--warning-ink", "--warning-ground"],
      ["--assay-ink", "--assay-grid"],
    ];
    for (const [ink, ground] of words) expect(contrast(ink, ground), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    for (const mark of [
      "--assay-series-0",
      "--assay-series-1",
      "--assay-series-2",
      "--assay-series-3",
      "--assay-line",
      "--assay-ramp-8",
    ])
      expect(contrast(mark, "--card"), mark).toBeGreaterThanOrEqual(3);
  });

  test("of the ramp run evenly in one direction, so that they are read without hue", () => {
    for (const theme of ["light", "dark"] as const) {
      const colours = new Map(
        themeCss(theme)
          .split(";")
          .map((rule) => rule.split(":") as [string, string]),
      );
      const steps = Array.from({ length: 9 }, (_, i) => luminance(colours.get(`--assay-ramp-${i}`)!));
      for (let i = 1; i < 9; i++)
        expect(theme === "light" ? steps[i]! < steps[i - 1]! : steps[i]! > steps[i - 1]!).toBe(true);
    }
  });
});

/** Relative luminance of "#rrggbb" (WCAG 2.2). */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
