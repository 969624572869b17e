/** The main sampler beside each other one, on the runs that the two have in common, whatever others have. */
import { bootstrapInterval, type Interval } from "assay/analysis";
import type { Block, Section } from "assay/chart";
import { mean, signed } from "../numbers.ts";
import { familyOf } from "../problems/catalogue.ts";
import { CHECKPOINTS, type RunRecord } from "../suite/run.ts";
import { byFamily, overFamilies, overTasks, pairedScores, regretAfter, type Score, scores } from "../suite/summary.ts";
import { table, text } from "./blocks.ts";
import { commonRuns, type Evidence, familiesOf, ofSampler, reaching } from "./data.ts";

/** The common runs of two samplers of at least so many trials. */
export interface Pair {
  readonly own: readonly RunRecord[];
  readonly other: readonly RunRecord[];
}

export function pairOf(records: readonly RunRecord[], main: string, name: string, trials: number): Pair {
  const common = commonRuns(reaching(records, trials), [main, name]);
  return { own: ofSampler(common, main), other: ofSampler(common, name) };
}

/** The largest checkpoint of at most `most` that all runs which both have reach; null where they have none in common. */
export function countOf(records: readonly RunRecord[], main: string, name: string, most: number): number | null {
  const runs = (count: number): number => pairOf(records, main, name, count).own.length;
  const all = runs(CHECKPOINTS[0]);
  if (all === 0) return null;
  return CHECKPOINTS.filter((count) => count <= most && runs(count) === all).at(-1)!;
}

/** Paired differences with the family of each. */
export function pairsByFamily({ own, other }: Pair, trials: number, score: Score = regretAfter) {
  return [...pairedScores(own, other, trials, score)].flatMap(([task, values]) =>
    values.map((value) => ({ family: familyOf(task), value })),
  );
}

/** Of the mean over families: a bootstrap over the pairs. */
export function intervalOverFamilies(
  rows: readonly { readonly family: string; readonly value: number }[],
): Interval | null {
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

/** Of fewer runs a bootstrap draws the same ones again and again, and its interval is too narrow. */
const LEAST_RUNS = 8;

export function pairSection({ samplers, main }: Evidence, records: readonly RunRecord[], title: string): Section {
  const others = samplers.filter((name) => name !== main && countOf(records, main, name, 200) !== null);
  const counts = CHECKPOINTS.filter((count) =>
    others.some((name) => pairOf(records, main, name, count).own.length > 0),
  );
  return {
    title,
    blocks: [
      text(
        `${main} less the other in mean regret over families, on the tasks and seeds that both have, in brackets the share of the other's regret; below, from eight runs on, the 95 % interval of a bootstrap over them, strong where it leaves out 0. A figure of fewer runs, which has no interval, is a direction only, and one of a single seed says nothing of other seeds.`,
      ),
      table(
        `${main} beside each other`,
        ["against", "runs in common"],
        counts.map((count) => `@${count}`),
        others.map((name) => [
          name,
          runsOf(pairOf(records, main, name, Math.min(...counts)).own),
          ...counts.map((count) => differenceCell(pairOf(records, main, name, count), count)),
        ]),
      ),
      familyTable(records, main, others),
    ],
  };
}

function differenceCell(pair: Pair, count: number) {
  const rows = pairsByFamily(pair, count);
  if (rows.length === 0) return "–";
  const { mean: difference } = overFamilies(pairedScores(pair.own, pair.other, count));
  const said = `${signed(difference)} (${share(difference, overFamilies(scores(pair.other, count)).mean)})`;
  if (rows.length < LEAST_RUNS) return said;
  const { low, high } = intervalOverFamilies(rows)!;
  return {
    text: said,
    note: `${signed(low)} … ${signed(high)}`,
    isStrong: low > 0 || high < 0,
  };
}

/** Family by family, at 50 trials or as many as all runs of both have: the other's regret, and ours. */
function familyTable(records: readonly RunRecord[], main: string, others: readonly string[]): Block {
  const families = familiesOf(records);
  return table(
    `By family: the other's mean regret → ${main}'s on the same runs`,
    ["against", "after"],
    families,
    others.map((name) => {
      const count = countOf(records, main, name, 50)!;
      const { own, other } = pairOf(records, main, name, count);
      const [ours, theirs] = [byFamily(scores(own, count)), byFamily(scores(other, count))];
      return [
        name,
        String(count),
        ...families.map((family) => {
          if (!ours.has(family)) return "–";
          const [from, to] = [overTasks(theirs.get(family)!).mean, overTasks(ours.get(family)!).mean];
          return { text: `${from.toFixed(4)} → ${to.toFixed(4)}`, note: `(${share(to - from, from)})` };
        }),
      ];
    }),
  );
}

/** Runs that the main sampler won, tied and lost, by family. */
export function winSection({ samplers, main }: Evidence, records: readonly RunRecord[]): Section {
  const families = familiesOf(records);
  const rows = samplers.flatMap((name) => {
    const count = name === main ? null : countOf(records, main, name, 50);
    if (count === null) return [];
    const { own, other } = pairOf(records, main, name, count);
    const differences = byFamily(pairedScores(own, other, count));
    return [
      [name, String(count), ...families.map((family) => tally([...(differences.get(family)?.values() ?? [])].flat()))],
    ];
  });
  return {
    title: "Wins, ties and losses",
    blocks: [
      table(
        `${main} against each other: common runs (task and seed) that it won, tied and lost`,
        ["against", "after"],
        families,
        rows,
      ),
    ],
  };
}

function tally(differences: readonly number[]): string {
  if (differences.length === 0) return "–";
  const won = differences.filter((it) => it < -1e-9).length;
  const lost = differences.filter((it) => it > 1e-9).length;
  return `${won} / ${differences.length - won - lost} / ${lost}`;
}

/** Tasks on which others are ahead in the mean over the seeds that both have. */
export function loseSection({ samplers, main }: Evidence, records: readonly RunRecord[]): Section {
  const counts = CHECKPOINTS.filter((count) => count >= 20);
  const leads = counts.flatMap((count) =>
    samplers
      .filter((name) => name !== main)
      .flatMap((name) => {
        const { own, other } = pairOf(records, main, name, count);
        const theirs = scores(other, count);
        return [...scores(own, count)].map(([task, values]) => ({
          task,
          count,
          name,
          seeds: values.length,
          own: mean(values),
          regret: mean(theirs.get(task)!),
        }));
      }),
  );
  const cases = Map.groupBy(leads, ({ task, count }) => `${task} ${count}`);
  const worst = [...cases.values()]
    .map((all) => all.reduce((a, b) => (a.own - a.regret >= b.own - b.regret ? a : b)))
    .filter(({ own, regret }) => own > regret + 1e-9)
    .sort((a, b) => b.own - b.regret - (a.own - a.regret));
  return {
    title: "Where we lose",
    blocks: [
      text(meanLeads(samplers, records, main)),
      text(
        worst.length === 0
          ? `On no task another is ahead of ${main} in the mean over common seeds.`
          : `In ${worst.length} of ${cases.size} cases (task and number of trials) at least one of the others is ahead of ${main} in the mean over the seeds that both have, of which slow peers have few; the largest distances:`,
      ),
      ...(worst.length === 0
        ? []
        : [
            table(
              `Tasks on which another is ahead of ${main}`,
              ["task", "which"],
              ["trials", "seeds", main, "the other"],
              worst
                .slice(0, 20)
                .map(({ task, name, count, seeds, own, regret }) => [
                  task,
                  name,
                  String(count),
                  String(seeds),
                  own.toFixed(4),
                  regret.toFixed(4),
                ]),
            ),
          ]),
    ],
  };
}

/** Who is ahead of the main sampler in the mean over families, and after how many trials. */
function meanLeads(samplers: readonly string[], records: readonly RunRecord[], main: string): string {
  const leads = samplers.flatMap((name) => {
    if (name === main) return [];
    const counts = CHECKPOINTS.filter((count) => {
      const { own, other } = pairOf(records, main, name, count);
      return own.length > 0 && overFamilies(pairedScores(own, other, count)).mean > 1e-9;
    });
    return counts.length === 0 ? [] : [`${name} ${counts.map((count) => `@${count}`).join(", ")}`];
  });
  return leads.length === 0
    ? `In the mean over families no other is ahead of ${main}.`
    : `In the mean over families ahead of ${main}, shown or not: ${leads.join("; ")}.`;
}

/** "35 × 5": tasks and seeds. */
export function runsOf(records: readonly RunRecord[]): string {
  const byTask = Map.groupBy(records, ({ task }) => task);
  const seeds = [...byTask.values()].map((all) => new Set(all.map(({ seed }) => seed)).size);
  const [least, most] = [Math.min(...seeds), Math.max(...seeds)];
  if (seeds.length === 0) return "–";
  return `${byTask.size} × ${least === most ? least : `${least}–${most}`}`;
}

function share(difference: number, of: number): string {
  return `${signed((100 * difference) / of, 0)} %`;
}
