/** What the report's own pictures share: the page's colours by role, and colours for more series than its charts have. */

export const INK = "var(--assay-ink,#1c232b)";
export const MUTED = "var(--assay-muted,#59636e)";
export const GROUND = "var(--assay-ground,#ffffff)";
export const LINE = "var(--assay-grid,#e4e8ec)";

const SERIES = [
  "var(--assay-series-0,#0068a8)",
  "var(--assay-series-1,#c2510a)",
  "var(--assay-series-2,#007a5a)",
  "var(--assay-series-3,#a1457f)",
  "#8a6d00",
  "#6b5bd2",
  "#c23b3b",
  "#5b7a8c",
] as const;

/** The ninth and later have the colours again, and are drawn dashed. */
export function seriesColour(index: number): string {
  return SERIES[index % SERIES.length]!;
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
