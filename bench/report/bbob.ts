/** BBOB: the share of function, instance and precision that is reached, by trials for each dimension. */
import type { Section } from "assay/chart";
import { mean, meanWithError, standardError } from "../numbers.ts";
import type { RunRecord } from "../suite/run.ts";
import { pairedScores, regretAfter } from "../suite/summary.ts";
import { table, text } from "./blocks.ts";
import { type Evidence, familiesOf, ofSampler, type Panel, panelsOf } from "./data.ts";
import { lineChart } from "./line-chart.ts";
import { panelName } from "./panels.ts";

/** Budgets in trials for each dimension. */
const BUDGETS = [5, 10, 20, 50, 100] as const;

export function bbobSection({ samplers, main }: Evidence, records: readonly RunRecord[]): Section {
  return {
    title: "BBOB",
    blocks: [
      text(
        "Share of the 51 precisions 10² … 10⁻⁸ reached, mean over functions and instances, after so many trials for each dimension. Higher is better. Behind ± stands the standard error between functions, which are few and unlike each other.",
      ),
      ...familiesOf(records).flatMap((family) => {
        const own = records.filter(({ task }) => task.startsWith(`${family}/`));
        return panelsOf(samplers, own).flatMap((panel) => panelBlocks(panel, main, family));
      }),
    ],
  };
}

function panelBlocks(panel: Panel, main: string, family: string) {
  const d = dimensionOf(family);
  const trials = Math.min(...panel.records.map((record) => record.trials));
  const budgets = BUDGETS.filter((budget) => budget * d <= trials);
  const title = `${family}: ${panelName(panel)}`;
  const ofMain = ofSampler(panel.records, main);
  const rows = panel.samplers.map((name) => {
    const own = ofSampler(panel.records, name);
    return [
      name,
      ...budgets.map((budget) => {
        const shares = own.map((record) => shareAfter(record, budget * d));
        return `${mean(shares).toFixed(4)} ± ${standardError(shares).toFixed(4)}`;
      }),
      name === main || ofMain.length === 0 ? "–" : meanWithError(gainsOver(own, ofMain, trials)),
    ];
  });
  return [
    table(title, ["sampler"], [...budgets.map((budget) => `${budget} d`), `${main} less it, at the end`], rows),
    {
      kind: "charts" as const,
      charts: [
        lineChart(
          panel.samplers.map((name) => ({
            name,
            points: Array.from({ length: trials }, (_, i) => ({
              x: (i + 1) / d,
              y: mean(ofSampler(panel.records, name).map((record) => shareAfter(record, i + 1))),
            })),
          })),
          {
            title: `Share of targets reached, ${title}`,
            summary: "Higher is better.",
            xName: "trials for each dimension",
            yName: "share of targets",
          },
        ),
      ],
    },
  ];
}

/** By how much the shares of `main` are above those of another on the same runs. */
export function gainsOver(other: readonly RunRecord[], main: readonly RunRecord[], trials: number): number[] {
  // What the other did not reach and main did.
  return [...pairedScores(other, main, trials).values()].flat();
}

/** The regret of a task of BBOB is the share not reached. */
export function shareAfter(record: RunRecord, trials: number): number {
  return 1 - regretAfter(record, trials);
}

export function dimensionOf(family: string): number {
  return Number(/^bbob-(\d+)d$/.exec(family)![1]);
}
