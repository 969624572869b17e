/**
 * Colours by role, as CSS custom properties with their light values as fallback: an embedding page switches every chart to
 * dark by setting the properties, and a chart without a page is a light one. Series colours are Okabe and Ito's, darkened or
 * lightened where they would fall below a contrast of 3:1. The ramp is cividis at nine steps: on dark ground as it is, on light
 * ground backwards, for there dark stands out, and with its yellow end paled, which would shout. Both can be told apart by
 * colour-blind readers, and a series differs in dash and marker as well.
 */

/** Role → [light, dark]. */
const ROLES = {
  ground: ["#ffffff", "#151a21"],
  ink: ["#1c232b", "#e6eaef"],
  muted: ["#59636e", "#9aa5b1"],
  line: ["#8b949e", "#6b7683"],
  grid: ["#e4e8ec", "#2a313a"],
  "series-0": ["#0068a8", "#56b4e9"],
  "series-1": ["#c2510a", "#f0a03c"],
  "series-2": ["#007a5a", "#2fc79a"],
  "series-3": ["#a1457f", "#dc8fbd"],
  good: ["#00704f", "#2fc79a"],
  bad: ["#b3310f", "#ff8d6b"],
  "ramp-0": ["#efe3b4", "#1b3556"],
  "ramp-1": ["#dccf9f", "#1a386f"],
  "ramp-2": ["#c3b78a", "#434e6c"],
  "ramp-3": ["#a59d7f", "#61656f"],
  "ramp-4": ["#85837c", "#7d7c78"],
  "ramp-5": ["#66697a", "#9b9476"],
  "ramp-6": ["#465272", "#bcae6c"],
  "ramp-7": ["#24406f", "#dec958"],
  "ramp-8": ["#00224e", "#fee838"],
} as const;

export type Role = keyof typeof ROLES;

export type Theme = "light" | "dark";

/** The colour of a role, to be used as an attribute. */
export function colour(role: Role): string {
  return `var(--assay-${role},${ROLES[role][0]})`;
}

/** Steps of the ramp, from what should recede to what should stand out in either theme. */
export const RAMP_STEPS = 9;

/** The ramp at t in [0, 1]; 1 stands out. */
export function rampColour(t: number): string {
  const step = Math.round(Math.min(1, Math.max(0, t)) * (RAMP_STEPS - 1));
  return colour(`ramp-${step}` as Role);
}

/** How the i-th of several series is drawn. */
export interface SeriesStyle {
  readonly colour: string;
  /** stroke-dasharray, or undefined for a solid line. */
  readonly dash: string | undefined;
  readonly marker: "circle" | "square" | "triangle" | "diamond";
}

const SERIES: readonly SeriesStyle[] = [
  { colour: colour("series-0"), dash: undefined, marker: "circle" },
  { colour: colour("series-1"), dash: "7 3", marker: "square" },
  { colour: colour("series-2"), dash: "2 3", marker: "triangle" },
  { colour: colour("series-3"), dash: "9 3 2 3", marker: "diamond" },
];

export function seriesStyle(index: number): SeriesStyle {
  return SERIES[index % SERIES.length]!;
}

/** The declarations that make every chart inside light or dark. */
export function themeCss(theme: Theme): string {
  return Object.entries(ROLES)
    .map(([role, values]) => `--assay-${role}:${values[theme === "light" ? 0 : 1]}`)
    .join(";");
}

/** An SVG whose colours are written out, for a file of its own or a renderer that knows no custom properties. */
export function withTheme(svg: string, theme: Theme): string {
  return svg.replace(/var\(--assay-([\w-]+),[^)]*\)/g, (whole, role) =>
    Object.hasOwn(ROLES, role) ? ROLES[role as Role][theme === "light" ? 0 : 1] : whole,
  );
}
