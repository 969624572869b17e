/** What a report says, section by section, made of records. */
import { bootstrapInterval } from "assay/analysis";
import type { Block, Section } from "assay/chart";
import { taskOf } from "../problems/catalogue.ts";
import { endsOf } from "../problems/ends.ts";
import { reached } from "../suite/compare.ts";
import type { RunRecord } from "../suite/run.ts";
import {
  byFamily,
  mean,
  overFamilies,
  overTasks,
  pairedScores,
  recommendedAfter,
  regretAfter,
  type Score,
  scores,
} from "../suite/summary.ts";
import { type Evidence, ofSampler } from "./data.ts";
import { lineChart } from "./line-chart.ts";
import { rankChart, ranking } from "./ranks.ts";

export function sectionsOf(evidence: Evidence): Section[] {
  const { quiet, noisy } = evidence;
  return [
    ...(quiet.length === 0
      ? []
      : [
          meanSection(evidence),
          curveSection(evidence),
          rankSection(evidence),
          winSection(evidence),
          loseSection(evidence),
          profileSection(evidence),
          stuckSection(evidence),
        ]),
    ...(noisy.length === 0 ? [] : [noiseSection(evidence)]),
    timeSection(evidence),
  ];
}

function meanSection({ samplers, main, quiet }: Evidence): Section {
  const counts = reached(quiet);
  const against = samplers.filter((name) => name !== main);
  const paired = against.map((name) => [
    `${main} − ${name}`,
    ...counts.map((count) => {
      const rows = pairsByFamily(ofSampler(quiet, main), ofSampler(quiet, name), count);
      const { low, high } = intervalOverFamilies(rows)!;
      const { mean: difference } = overFamilies(pairedScores(ofSampler(quiet, main), ofSampler(quiet, name), count));
      const base = overFamilies(scores(ofSampler(quiet, name), count)).mean;
      return {
        text: `${signed(difference)} (${signed((100 * difference) / base, 0)} %)`,
        note: `${signed(low)} … ${signed(high)}`,
        isStrong: low > 0 || high < 0,
      };
    }),
  ]);
  return {
    title: "Mean normalised regret",
    blocks: [
      text(
        "Regret of the best configuration found: 0 is the best known, 1 the median of the space. Each family counts alike, and within it each task.",
      ),
      meansTable("Mean over families", samplers, counts, (name, count) =>
        overFamilies(scores(ofSampler(quiet, name), count)),
      ),
      ...(against.length === 0
        ? []
        : [
            {
              kind: "table",
              table: {
                caption: `${main} beside each other: paired difference, and the 95 % interval of a bootstrap over tasks and seeds`,
                columns: [{ name: "pair" }, ...counts.map((count) => ({ name: `@${count}`, isNumeric: true }))],
                rows: paired,
              },
            } satisfies Block,
          ]),
      ...families(quiet).map((family) =>
        meansTable(family, samplers, counts, (name, count) =>
          overTasks(byFamily(scores(ofSampler(quiet, name), count)).get(family)!),
        ),
      ),
    ],
  };
}

function curveSection({ samplers, quiet }: Evidence): Section {
  const trials = Math.min(...quiet.map((record) => record.trials));
  const at = Array.from({ length: trials }, (_, i) => i + 1);
  const curve = (chosen: readonly RunRecord[], title: string): Block => ({
    kind: "charts",
    charts: [
      lineChart(
        samplers.map((name) => ({
          name,
          points: at.map((count) => {
            const { mean: y, standardError } = overFamilies(scores(ofSampler(chosen, name), count));
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
  });
  return {
    title: "Regret by trials",
    blocks: [
      curve(quiet, "Mean over families"),
      ...families(quiet).map((family) =>
        curve(
          quiet.filter(({ task }) => taskOf(task).family === family),
          `Family ${family}`,
        ),
      ),
    ],
  };
}

function rankSection({ samplers, quiet }: Evidence): Section {
  const counts = reached(quiet).filter((count) => [20, 50, 100].includes(count));
  return {
    title: "Mean rank",
    blocks: counts.map((count): Block => {
      const byName = new Map(
        samplers.map((name) => [
          name,
          [...scores(ofSampler(quiet, name), count)].sort().map(([, values]) => mean(values)),
        ]),
      );
      return {
        kind: "charts",
        charts: [
          rankChart(ranking(byName), `Mean rank over ${byName.get(samplers[0]!)!.length} tasks after ${count} trials`),
        ],
      };
    }),
  };
}

function winSection({ samplers, main, quiet }: Evidence): Section {
  const counts = reached(quiet);
  const count = counts.includes(50) ? 50 : counts.at(-1)!;
  return {
    title: "Wins, ties and losses",
    blocks: [
      {
        kind: "table",
        table: {
          caption: `${main} against each other after ${count} trials: runs (task and seed) that it won, tied and lost`,
          columns: [{ name: "against" }, ...families(quiet).map((name) => ({ name, isNumeric: true }))],
          rows: samplers
            .filter((name) => name !== main)
            .map((name) => {
              const differences = byFamily(pairedScores(ofSampler(quiet, main), ofSampler(quiet, name), count));
              return [
                name,
                ...families(quiet).map((family) => {
                  const all = [...differences.get(family)!.values()].flat();
                  const won = all.filter((it) => it < -1e-9).length;
                  const lost = all.filter((it) => it > 1e-9).length;
                  return `${won} / ${all.length - won - lost} / ${lost}`;
                }),
              ];
            }),
        },
      },
    ],
  };
}

function loseSection({ samplers, main, quiet }: Evidence): Section {
  const counts = reached(quiet).filter((count) => count >= 20);
  const rows = counts.flatMap((count) =>
    [...scores(ofSampler(quiet, main), count)].flatMap(([task, values]) => {
      const others = samplers
        .filter((name) => name !== main)
        .map((name) => ({ name, regret: mean(scores(ofSampler(quiet, name), count).get(task)!) }))
        .sort((a, b) => a.regret - b.regret);
      const best = others[0];
      const own = mean(values);
      return best === undefined || best.regret >= own ? [] : [{ task, count, own, best }];
    }),
  );
  const worst = rows.sort((a, b) => b.own - b.best.regret - (a.own - a.best.regret)).slice(0, 15);
  return {
    title: "Where we lose",
    blocks: [
      text(
        rows.length === 0
          ? `On no task another is ahead of ${main} in the mean over seeds.`
          : `In ${rows.length} of ${counts.length * new Set(quiet.map(({ task }) => task)).size} cases (task and number of trials) another is ahead of ${main} in the mean over seeds; the largest distances:`,
      ),
      ...(worst.length === 0
        ? []
        : [
            {
              kind: "table",
              table: {
                caption: `Tasks on which another is ahead of ${main}`,
                columns: [
                  { name: "task" },
                  { name: "trials", isNumeric: true },
                  { name: main, isNumeric: true },
                  { name: "best other", isNumeric: true },
                  { name: "which" },
                ],
                rows: worst.map(({ task, count, own, best }) => [
                  task,
                  String(count),
                  own.toFixed(4),
                  best.regret.toFixed(4),
                  best.name,
                ]),
              },
            } satisfies Block,
          ]),
    ],
  };
}

function profileSection({ samplers, quiet }: Evidence): Section {
  const counts = reached(quiet);
  const count = counts.includes(50) ? 50 : counts.at(-1)!;
  const targets = Array.from({ length: 61 }, (_, i) => 10 ** (-3 + i / 20));
  return {
    title: "Performance profiles",
    blocks: [
      {
        kind: "charts",
        charts: [
          lineChart(
            samplers.map((name) => {
              const all = ofSampler(quiet, name).map((record) => regretAfter(record, count));
              return { name, points: targets.map((x) => ({ x, y: all.filter((it) => it <= x).length / all.length })) };
            }),
            {
              title: `Share of runs at or below a regret after ${count} trials`,
              summary: "Higher is better; to the left are strict targets.",
              xName: "regret",
              yName: "share of runs",
              xScale: "log",
            },
          ),
        ],
      },
    ],
  };
}

/** A conditional run whose regret is above this after 30 trials is in a wrong branch. */
export const STUCK = 0.5;

/**
 * Tasks on which a run can be stuck: conditional ones, but for those where the best of 20,000 random configurations is above STUCK
 * itself, so that a regret above it says nothing of branches.
 */
export function canStick(task: string): boolean {
  const { family } = taskOf(task);
  if (family !== "xgboost") return family === "conditional";
  const { best, sampled, median } = endsOf(task);
  return (sampled - best) / (median - best) <= STUCK;
}

function stuckSection({ samplers, quiet }: Evidence): Section {
  const chosen = quiet.filter(({ task, trials }) => canStick(task) && trials >= 30);
  const rows = samplers.map((name) => {
    const all = ofSampler(chosen, name);
    const stuck = all.filter((record) => regretAfter(record, 30) > STUCK);
    const onTask = (task: string): number => stuck.filter((record) => record.task === task).length;
    const tasks = [...new Set(stuck.map(({ task }) => task))].sort((a, b) => onTask(b) - onTask(a));
    return [
      name,
      `${stuck.length} of ${all.length}`,
      String(all.filter((record) => regretAfter(record, 30) > 1).length),
      tasks.map((task) => `${task} ${onTask(task)}`).join(", "),
    ];
  });
  return {
    title: "Stuck runs",
    blocks: [
      {
        kind: "table",
        table: {
          caption: `Runs on conditional tasks whose regret is above ${STUCK} after 30 trials (without tasks where the best of 20,000 random configurations is above it too)`,
          columns: [{ name: "sampler" }, { name: "stuck", isNumeric: true }, { name: "worst regret", isNumeric: true }],
          rows,
        },
      },
    ],
  };
}

function noiseSection({ samplers, noisy }: Evidence): Section {
  const counts = reached(noisy);
  return {
    title: "Under noise",
    blocks: [
      text(
        "The noise-free regret of the configuration that the sampler would settle on, where every measurement is noisy.",
      ),
      ...families(noisy).map((family) =>
        meansTable(`${family}, recommended point`, samplers, counts, (name, count) =>
          overTasks(byFamily(scores(ofSampler(noisy, name), count, recommendedAfter)).get(family)!),
        ),
      ),
    ],
  };
}

function timeSection({ samplers, quiet, noisy }: Evidence): Section {
  const all = [...quiet, ...noisy];
  const longest = Math.max(...all.map(({ trials }) => trials));
  const counts = [10, 20, 50, 100, 200, 500, 1000].filter((count) => count <= longest);
  const cells = (records: readonly RunRecord[]): string[] => counts.map((count) => brief(askMs(records, count)));
  return {
    title: "What an ask costs",
    blocks: [
      text("Median CPU milliseconds of ask and tell together, of the trials around the n-th."),
      {
        kind: "table",
        table: {
          caption: "By sampler and family",
          columns: [
            { name: "sampler" },
            { name: "family" },
            ...counts.map((count) => ({ name: `n = ${count}`, isNumeric: true })),
          ],
          rows: samplers.flatMap((name) =>
            families(all).map((family) => [
              name,
              family,
              ...cells(ofSampler(all, name).filter(({ task }) => taskOf(task).family === family)),
            ]),
          ),
        },
      },
    ],
  };
}

/** Median of ask and tell, within a tenth of the n-th trial. */
export function askMs(records: readonly RunRecord[], n: number): number {
  const reach = Math.max(2, Math.round(n / 10));
  const values = records
    .flatMap((record) =>
      record.askMs
        .slice(Math.max(0, n - reach - 1), n)
        .map((ms, i) => ms + (record.tellMs[Math.max(0, n - reach - 1) + i] ?? 0))
        .filter(() => record.askMs.length >= n),
    )
    .sort((a, b) => a - b);
  return values.length === 0 ? Number.NaN : values[Math.floor(values.length / 2)]!;
}

/** Paired differences with the family of each. */
export function pairsByFamily(
  first: readonly RunRecord[],
  second: readonly RunRecord[],
  trials: number,
  score?: Score,
) {
  return [...pairedScores(first, second, trials, score)].flatMap(([task, values]) =>
    values.map((value) => ({ family: taskOf(task).family, value })),
  );
}

/** Of the mean over families: a bootstrap over the pairs. */
export function intervalOverFamilies(rows: readonly { readonly family: string; readonly value: number }[]) {
  return bootstrapInterval(rows.length, (drawn) => {
    const byName = new Map<string, { sum: number; n: number }>();
    for (const i of drawn) {
      const { family, value } = rows[i]!;
      const at = byName.get(family) ?? { sum: 0, n: 0 };
      byName.set(family, { sum: at.sum + value, n: at.n + 1 });
    }
    return mean([...byName.values()].map(({ sum, n }) => sum / n));
  });
}

function meansTable(
  caption: string,
  samplers: readonly string[],
  counts: readonly number[],
  at: (name: string, count: number) => { readonly mean: number; readonly standardError: number },
): Block {
  const best = counts.map((count) => Math.min(...samplers.map((name) => at(name, count).mean)));
  return {
    kind: "table",
    table: {
      caption,
      columns: [{ name: "sampler" }, ...counts.map((count) => ({ name: `@${count}`, isNumeric: true }))],
      rows: samplers.map((name) => [
        name,
        ...counts.map((count, i) => {
          const { mean: value, standardError } = at(name, count);
          return { text: value.toFixed(4), note: `± ${standardError.toFixed(4)}`, isStrong: value === best[i] };
        }),
      ]),
    },
  };
}

function families(records: readonly RunRecord[]): string[] {
  return [...new Set(records.map(({ task }) => taskOf(task).family))];
}

function text(...paragraphs: readonly string[]): Block {
  return { kind: "text", paragraphs };
}

function signed(value: number, decimals = 4): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(decimals)}`;
}

function brief(value: number): string {
  return Number.isNaN(value) ? "–" : value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}
