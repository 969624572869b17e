/**
 * Mean ranks over tasks, and which of them differ: signed-rank tests of all pairs, corrected by Holm, drawn as a critical-difference
 * diagram.
 *
 * Source: Demšar 2006, Statistical comparisons of classifiers over multiple data sets; Benavoli, Corani & Mangili 2016 for the tests.
 */
import { compareResults } from "assay/analysis";
import type { Cell, Chart } from "assay/chart";
import { mean } from "../numbers.ts";
import { familyOf } from "../problems/catalogue.ts";
import { scores } from "../suite/summary.ts";
import { familiesOf, ofSampler, type Panel, tasksOf } from "./data.ts";
import { escaped, GROUND, INK, MUTED } from "./marks.ts";

/** By sampler, [tasks], lower is better. */
export type TaskScores = ReadonlyMap<string, readonly number[]>;

/** The mean over the seeds of each task of a panel, or of one family of it. */
export function taskScores({ samplers, records }: Panel, trials: number, family?: string): TaskScores {
  const tasks = tasksOf(records)
    .filter((task) => family === undefined || familyOf(task) === family)
    .sort();
  return new Map(
    samplers.map((name) => {
      const own = scores(ofSampler(records, name), trials);
      return [name, tasks.map((task) => mean(own.get(task)!))];
    }),
  );
}

export interface Ranking {
  /** By ascending mean rank. */
  readonly ranks: readonly { readonly name: string; readonly rank: number }[];
  /** Runs of neighbours in that order among whom no difference was shown, each by its first and last place. */
  readonly cliques: readonly (readonly [number, number])[];
}

/** By ascending mean rank over the tasks; equal scores share their ranks. */
export function meanRanks(scores: TaskScores): Ranking["ranks"] {
  const names = [...scores.keys()];
  const tasks = scores.get(names[0]!)!.length;
  const total = new Map(names.map((name) => [name, 0]));
  for (let task = 0; task < tasks; task++) {
    for (const name of names) {
      const own = scores.get(name)![task]!;
      const others = names.map((it) => scores.get(it)![task]!);
      const below = others.filter((it) => it < own).length;
      const equal = others.filter((it) => it === own).length;
      total.set(name, total.get(name)! + below + (equal + 1) / 2);
    }
  }
  return names.map((name) => ({ name, rank: total.get(name)! / tasks })).sort((a, b) => a.rank - b.rank);
}

export function ranking(scores: TaskScores): Ranking {
  const ranks = meanRanks(scores);
  const order = ranks.map(({ name }) => name);
  return { ranks, cliques: order.length < 2 ? [] : cliques(order, scores) };
}

function cliques(order: readonly string[], scores: TaskScores): [number, number][] {
  const { pairs } = compareResults(Object.fromEntries(scores), { direction: "minimize", unit: "tasks" });
  const differ = (a: string, b: string): boolean =>
    pairs.find(({ names }) => names.includes(a) && names.includes(b))!.adjustedP < 0.05;
  const found: [number, number][] = [];
  for (let from = 0; from < order.length; from++) {
    let to = from;
    while (to + 1 < order.length && order.slice(from, to + 1).every((name) => !differ(name, order[to + 1]!))) to++;
    const isNew = !found.some(([, end]) => end >= to);
    if (to > from && isNew) found.push([from, to]);
  }
  return found;
}

/** Holm-adjusted p of the signed-rank test of `main` against each other; none where it is not among them. */
export function adjustedAgainst(scores: TaskScores, main: string): Map<string, number> {
  if (scores.size < 2 || !scores.has(main)) return new Map();
  const { pairs } = compareResults(Object.fromEntries(scores), { direction: "minimize", unit: "tasks", against: main });
  return new Map(pairs.map(({ names, adjustedP }) => [names.find((name) => name !== main)!, adjustedP]));
}

/** The ranks over a panel's tasks after so many trials, and those within each of its families. */
export function rankChart(panel: Panel, trials: number, main: string, title: string): Chart {
  const overall = taskScores(panel, trials);
  const order = ranking(overall);
  const against = adjustedAgainst(overall, main);
  const all = familiesOf(panel.records);
  const families = all.length > 1 ? all : [];
  const within = families.map(
    (family) => new Map(meanRanks(taskScores(panel, trials, family)).map(({ name, rank }) => [name, rank])),
  );
  const summary = `Mean ranks: ${order.ranks.map(({ name, rank }) => `${name} ${rank.toFixed(2)}`).join(", ")}. Bars join those among whom no difference was shown (Wilcoxon, Holm, 5 %).`;
  const width = 720;
  return {
    title,
    summary,
    width,
    svg: draw(order, title, width),
    narrow: draw(order, title, 340),
    table: {
      caption: title,
      columns: [
        { name: "sampler" },
        ...["mean rank", "p against the main one (Holm)", ...families].map((name) => ({
          name,
          isNumeric: true,
        })),
      ],
      rows: order.ranks.map(({ name, rank }) => [
        name,
        rank.toFixed(2),
        sayP(against.get(name)),
        ...within.map((ranks) => rankCell(ranks, name)),
      ]),
    },
  };
}

/** The first of a family is strong. */
function rankCell(ranks: ReadonlyMap<string, number>, name: string): Cell {
  const rank = ranks.get(name)!;
  return { text: rank.toFixed(2), isStrong: rank === Math.min(...ranks.values()) };
}

function sayP(p: number | undefined): string {
  return p === undefined ? "–" : p < 0.0001 ? "< 0.0001" : p.toFixed(4);
}

function draw({ ranks, cliques: groups }: Ranking, title: string, width: number): string {
  const k = ranks.length;
  const [left, right] = [24, 24];
  const x = (rank: number): number => left + ((rank - 1) / Math.max(1, k - 1)) * (width - left - right);
  const axis = 30;
  const bars = axis + 12 + groups.length * 9;
  const half = Math.ceil(k / 2);
  const height = bars + 22 + half * 20;
  const ticks = Array.from({ length: k }, (_, i) => i + 1).map(
    (rank) =>
      `<path d="M${x(rank)} ${axis}v-6" stroke="${MUTED}"/><text x="${x(rank)}" y="${axis - 10}" text-anchor="middle" fill="${MUTED}">${rank}</text>`,
  );
  const places = ranks.map(({ name, rank }, i) => {
    const isLeft = i < half;
    return { text: `${name} ${rank.toFixed(2)}`, rank, isLeft, y: bars + 22 + (isLeft ? i : k - 1 - i) * 20 };
  });
  const lines = places.map(
    ({ rank, isLeft, y }) =>
      `<path d="M${x(rank)} ${axis}V${y - 4}H${isLeft ? 0 : width}" fill="none" stroke="${MUTED}"/>`,
  );
  // Above all lines, some of which cross them where the picture is narrow.
  const names = places.map(
    ({ text, isLeft, y }) =>
      `<text x="${isLeft ? 0 : width}" y="${y - 7}" text-anchor="${isLeft ? "start" : "end"}" fill="${INK}" stroke="${GROUND}" stroke-width="3" paint-order="stroke">${escaped(text)}</text>`,
  );
  const joined = groups.map(
    ([from, to], i) =>
      `<path d="M${x(ranks[from]!.rank) - 4} ${axis + 10 + i * 9}H${x(ranks[to]!.rank) + 4}" stroke="${INK}" stroke-width="4"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-size="12" font-family="system-ui, sans-serif"><path d="M${x(1)} ${axis}H${x(k)}" stroke="${INK}"/>${[...ticks, ...lines, ...joined, ...names].join("")}</svg>`;
}
