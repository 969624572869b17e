/** A page as Markdown: its texts and tables; of a chart, the sentence that says what is in it and its table. */
import type { Block, Cell, Page, Table } from "assay/chart";

export function markdownPage({ title, lead, facts = [], sections, footer }: Page): string {
  const parts = [
    `# ${title}`,
    ...(lead === undefined ? [] : [lead]),
    ...(facts.length === 0 ? [] : [facts.map(({ name, value }) => `- ${name}: ${value}`).join("\n")]),
    ...sections.flatMap((section) => [`## ${section.title}`, ...section.blocks.flatMap(block)]),
    ...(footer === undefined ? [] : [footer]),
  ];
  return `${parts.join("\n\n")}\n`;
}

function block(it: Block): string[] {
  switch (it.kind) {
    case "text":
      return [...it.paragraphs];
    case "figures":
      return [
        it.items
          .map(({ label, value, note }) => `- ${label}: **${value}**${note === undefined ? "" : `, ${note}`}`)
          .join("\n"),
      ];
    case "callout":
      return [`> **${it.title}** ${it.text}`];
    case "table":
      return [`**${it.table.caption}**`, table(it.table)];
    case "charts":
      return it.charts.flatMap((chart) => [`**${chart.title}.** ${chart.summary}`, table(chart.table)]);
    case "code":
      return [`\`\`\`\n${it.text}\n\`\`\``];
  }
}

function table({ columns, rows }: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    line(columns.map(({ name }) => name)),
    `|${columns.map(({ isNumeric }) => (isNumeric ? "---:" : "---")).join("|")}|`,
    ...rows.map((row) => line(row.map(cell))),
  ].join("\n");
}

function cell(it: Cell): string {
  if (typeof it === "string") return it;
  const shown = it.isStrong ? `**${it.text}**` : it.text;
  return it.note === undefined ? shown : `${shown} ${it.note}`;
}
