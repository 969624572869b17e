/**
 * A report as one HTML file: nothing fetched, no script, light and dark by the reader's preference, one column on a phone,
 * paper kept in mind. Every word that comes from data is escaped.
 */
import type { Cell, Chart, Table } from "./chart.ts";
import { pageCss } from "./page-css.ts";
import { escapeText } from "./svg.ts";

export interface Page {
  readonly title: string;
  /** A sentence or two under the title. */
  readonly lead?: string;
  /** Facts in small type under the lead: data, seed, version, date. */
  readonly facts?: readonly { readonly name: string; readonly value: string }[];
  readonly sections: readonly Section[];
  /** One line at the end. */
  readonly footer?: string;
  /** Default "en". */
  readonly language?: string;
}

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** What a section is made of. In texts, `code` and **emphasis** are marked as in Markdown. */
export type Block =
  | { readonly kind: "text"; readonly paragraphs: readonly string[] }
  /** A few numbers, large. */
  | {
      readonly kind: "figures";
      readonly items: readonly { readonly label: string; readonly value: string; readonly note?: string }[];
    }
  | {
      readonly kind: "callout";
      readonly tone: "note" | "good" | "warning";
      readonly title: string;
      readonly text: string;
    }
  | { readonly kind: "table"; readonly table: Table }
  /** Side by side where they fit. */
  | { readonly kind: "charts"; readonly charts: readonly Chart[] }
  | { readonly kind: "code"; readonly text: string; readonly caption?: string };

/** The whole file. */
export function htmlPage(page: Page): string {
  const { title, lead, facts = [], sections, footer, language = "en" } = page;
  const ids = sections.map(({ title: name }, i) => `s${i + 1}-${slug(name)}`);
  // Tables are named by their captions, and captions need ids that no other has.
  let tables = 0;
  const nextId = (): string => `t${++tables}`;
  const contents = sections
    .map(({ title: name }, i) => `<li><a href="#${ids[i]}">${escapeText(name)}</a></li>`)
    .join("");
  return `<!doctype html>
<html lang="${escapeText(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<title>${escapeText(title)}</title>
<style>${pageCss()}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<header class="top"><div class="inner">
<h1>${escapeText(title)}</h1>
${lead === undefined ? "" : `<p class="lead">${inline(lead)}</p>`}
${facts.length === 0 ? "" : `<dl class="facts">${facts.map(({ name, value }) => `<div><dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd></div>`).join("")}</dl>`}
</div></header>
<div class="frame">
${sections.length < 2 ? "" : `<nav aria-label="Contents"><ol>${contents}</ol></nav>`}
<main id="main" tabindex="-1">
${sections.map((section, i) => htmlSection(section, ids[i]!, nextId)).join("\n")}
</main>
</div>
${footer === undefined ? "" : `<footer><div class="inner">${inline(footer)}</div></footer>`}
</body>
</html>
`;
}

function htmlSection({ title, blocks }: Section, id: string, nextId: () => string): string {
  return `<section id="${id}" aria-labelledby="${id}-h">
<h2 id="${id}-h">${escapeText(title)}</h2>
${blocks.map((block) => htmlBlock(block, nextId)).join("\n")}
</section>`;
}

function htmlBlock(block: Block, nextId: () => string): string {
  switch (block.kind) {
    case "text":
      return block.paragraphs.map((text) => `<p>${inline(text)}</p>`).join("\n");
    case "figures":
      return `<dl class="figures">${block.items.map(({ label, value, note }) => `<div><dt>${escapeText(label)}</dt><dd>${escapeText(value)}${note === undefined ? "" : `<small>${inline(note)}</small>`}</dd></div>`).join("")}</dl>`;
    case "callout":
      return `<div class="callout ${block.tone}" role="note"><p class="head">${MARKS[block.tone]} ${escapeText(block.title)}</p><p>${inline(block.text)}</p></div>`;
    case "table":
      return htmlTable(block.table, nextId(), false);
    case "charts":
      return `<div class="charts${block.charts.some(({ width }) => width > SMALL) ? "" : " pair"}">${block.charts.map((chart) => htmlChart(chart, nextId)).join("\n")}</div>`;
    case "code":
      return `<figure class="code">${block.caption === undefined ? "" : `<figcaption>${inline(block.caption)}</figcaption>`}<pre tabindex="0"><code>${escapeText(block.text)}</code></pre></figure>`;
  }
}

/** The tone in a sign as well as in colour. */
const MARKS = {
  note: '<span aria-hidden="true">i</span>',
  good: '<span aria-hidden="true">✓</span>',
  warning: '<span aria-hidden="true">!</span><b class="sr">Warning:</b>',
} as const;

/** Charts up to this width stand in pairs. */
const SMALL = 520;

function htmlChart({ title, summary, svg, narrow, width, table }: Chart, nextId: () => string): string {
  const size = width > SMALL ? "large" : "small";
  const data =
    table.rows.length === 0
      ? ""
      : `<details><summary>The data as a table<span class="sr"> for: ${escapeText(title)}</span></summary>${htmlTable(table, nextId(), true)}</details>`;
  return `<figure class="chart ${size}">
<figcaption><h3>${escapeText(title)}</h3><p>${escapeText(summary)}</p></figcaption>
<div class="canvas"><div class="wide">${svg}</div><div class="narrow">${narrow}</div></div>
${data}
</figure>`;
}

/** In a box of its own that scrolls, reachable by keyboard. */
function htmlTable({ caption, columns, rows }: Table, id: string, isData: boolean): string {
  const classOf = (column: number): string => (columns[column]?.isNumeric ? ' class="n"' : "");
  // A column of row names may go without a name; an empty heading would be read out as one.
  const head = columns
    .map(({ name }, i) => (name === "" ? "<td></td>" : `<th scope="col"${classOf(i)}>${escapeText(name)}</th>`))
    .join("");
  const body = rows
    .map((cells) => {
      const written = cells.map((cell, i) =>
        i === 0 && !columns[0]!.isNumeric
          ? `<th scope="row">${htmlCell(cell)}</th>`
          : `<td${classOf(i)}>${htmlCell(cell)}</td>`,
      );
      return `<tr>${written.join("")}</tr>`;
    })
    .join("\n");
  return `<div class="scroll${isData ? " data" : ""}" role="group" aria-labelledby="${id}" tabindex="0"><table><caption id="${id}">${escapeText(caption)}</caption><thead><tr>${head}</tr></thead><tbody>
${body}
</tbody></table></div>`;
}

function htmlCell(cell: Cell): string {
  if (typeof cell === "string") return escapeText(cell);
  const text = cell.isStrong ? `<strong>${escapeText(cell.text)}</strong>` : escapeText(cell.text);
  return cell.note === undefined ? text : `${text}<small>${escapeText(cell.note)}</small>`;
}

/** Escaped text in which `code` and **emphasis** are marked. */
function inline(text: string): string {
  return escapeText(text)
    .replace(/`([^`]+)`/g, "<code>$1</code>")
    .replace(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>");
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);
}
