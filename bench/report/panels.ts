/** Samplers compared all with all, panel by panel: means, curves, ranks and profiles over the runs that all of a panel have. */
import type { Block, Section } from "assay/chart";
import { familyOf } from "../problems/catalogue.ts";
import { reached } from "../suite/compare.ts";
import type { RunRecord } from "../suite/run.ts";
import {
  type ByTask,
  byFamily,
  type Measured,
  overFamilies,
  overTasks,
  regretAfter,
  type Score,
  scores,
} from "../suite/summary.ts";
import { meansTable, text } from "./blocks.ts";
import { familiesOf, ofSampler, type Panel } from "./data.ts";
import { lineChart } from "./line-chart.ts";
import { runsOf } from "./pairs.ts";
import { rankChart } from "./ranks.ts";

/** How many samplers a panel has, on which tasks and seeds. */
export function panelName({ samplers, records }: Panel): string {
  return `${samplers.length} ${samplers.length === 1 ? "sampler" : "samplers"}, ${runsOf(ofSampler(records, samplers[0]!))} tasks and seeds`;
}

export function meanSection(panels: readonly Panel[], title: string, score?: Score): Section {
  return {
    title,
    blocks: [
      text(
        "Regret of the best configuration found: 0 is the best known, 1 the median of the space. Each family counts alike, and within it each task. Behind ± stands the standard error from the scatter between seeds.",
      ),
      ...panels.flatMap((panel) => meansOf(panel, score)),
    ],
  };
}

export function meansOf(panel: Panel, score?: Score): Block[] {
  const { samplers, records } = panel;
  const counts = reached(records);
  const families = familiesOf(records);
  const name = panelName(panel);
  const at = (sampler: string, count: number): ByTask => scores(ofSampler(records, sampler), count, score);
  return [
    ...(families.length > 1
      ? [
          meansTable(`Mean over families: ${name}`, samplers, counts, (sampler, count) =>
            withScatter(at(sampler, count), overFamilies),
          ),
        ]
      : []),
    ...families.map((family) =>
      meansTable(`${family}: ${name}`, samplers, counts, (sampler, count) =>
        withScatter(byFamily(at(sampler, count)).get(family)!, overTasks),
      ),
    ),
  ];
}

/** Where a task has a single seed, its scatter is not known, and so that of the mean is not either. */
function withScatter(byTask: ByTask, average: (byTask: ByTask) => Measured): Measured {
  const isKnown = [...byTask.values()].every((values) => values.length > 1);
  return isKnown ? average(byTask) : { ...average(byTask), standardError: 0 };
}

export function curveSection(panels: readonly Panel[]): Section {
  return {
    title: "Regret by trials",
    blocks: panels.flatMap((panel, i) => [
      curve(panel, panel.records, `Mean over families: ${panelName(panel)}`),
      // Those of fewer seeds would say little family by family.
      ...(i > 0
        ? []
        : familiesOf(panel.records).map((family) =>
            curve(
              panel,
              panel.records.filter(({ task }) => familyOf(task) === family),
              `Family ${family}`,
            ),
          )),
    ]),
  };
}

function curve({ samplers }: Panel, records: readonly RunRecord[], title: string): Block {
  const trials = Math.min(...records.map((record) => record.trials));
  const at = Array.from({ length: trials }, (_, i) => i + 1);
  return {
    kind: "charts",
    charts: [
      lineChart(
        samplers.map((name) => ({
          name,
          points: at.map((count) => {
            const { mean: y, standardError } = overFamilies(scores(ofSampler(records, name), count));
            return { x: count, y, low: Math.max(y - 1.96 * standardError, y / 3), high: y + 1.96 * standardError };
          }),
        })),
        {
          title,
          summary:
            "Mean normalised regret of the best so far by trials; bands are 1.96 standard errors from the scatter between seeds.",
          xName: "trials",
          yName: "regret",
          yScale: "log",
        },
      ),
    ],
  };
}

export function rankSection(panels: readonly Panel[], main: string): Section {
  return {
    title: "Mean rank",
    blocks: panels.flatMap((panel) => {
      const counts = reached(panel.records).filter((count) => [20, 30, 50, 100].includes(count));
      return counts.map((count): Block => {
        const title = `Mean rank after ${count} trials: ${panelName(panel)}`;
        return { kind: "charts", charts: [rankChart(panel, count, main, title)] };
      });
    }),
  };
}

export function profileSection(panels: readonly Panel[]): Section {
  const targets = Array.from({ length: 61 }, (_, i) => 10 ** (-3 + i / 20));
  return {
    title: "Performance profiles",
    blocks: panels.map((panel): Block => {
      const { samplers, records } = panel;
      const counts = reached(records);
      const count = counts.includes(50) ? 50 : counts.at(-1)!;
      return {
        kind: "charts",
        charts: [
          lineChart(
            samplers.map((name) => {
              const all = ofSampler(records, name).map((record) => regretAfter(record, count));
              return { name, points: targets.map((x) => ({ x, y: all.filter((it) => it <= x).length / all.length })) };
            }),
            {
              title: `Share of runs at or below a regret after ${count} trials: ${panelName(panel)}`,
              summary: "Higher is better; to the left are strict targets.",
              xName: "regret",
              yName: "share of runs",
              xScale: "log",
            },
          ),
        ],
      };
    }),
  };
}
