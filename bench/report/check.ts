/** The figures that are promised, from the records: what was reached, the target, and whether it is so. */
import { mean, meanWithError, standardError, withError } from "../numbers.ts";
import { DEVELOPMENT, familyOf } from "../problems/catalogue.ts";
import type { RunRecord } from "../suite/run.ts";
import {
  overFamilies,
  overTasks,
  pairedScores,
  recommendedAfter,
  regretAfter,
  type Score,
  scores,
} from "../suite/summary.ts";
import { dimensionOf, gainsOver, shareAfter } from "./bbob.ts";
import {
  commonRuns,
  type Evidence,
  familiesOf,
  ofSampler,
  onGround,
  type Panel,
  panelsOf,
  reaching,
  tasksOf,
} from "./data.ts";
import { intervalOverFamilies, pairsByFamily } from "./pairs.ts";
import { panelName } from "./panels.ts";
import { meanRanks, taskScores } from "./ranks.ts";
import { canStick, STUCK } from "./stuck.ts";
import { askMs } from "./times.ts";

export interface Figure {
  readonly what: string;
  readonly got: string;
  readonly target: string;
  readonly isReached: boolean;
}

/** The peers that the mean over families is measured against, by the names of their records. */
const RIVALS = ["optuna-tpe", "optuna-gp"] as const;
const LEAST_GAIN = 0.35;

export function checkFigures(evidence: Evidence): Figure[] {
  const { main, records } = evidence;
  const own = ofSampler(records, main);
  return [
    ...gains(records, main),
    stuck(own),
    ...tables(own),
    noise(own),
    ...bbob(evidence),
    ...ranks(evidence),
    ...asks(records, own),
  ];
}

/** Beside the better of the rivals, at each number of trials, on the runs that all of them have. */
function gains(records: readonly RunRecord[], main: string): Figure[] {
  const development = records.filter(({ task }) => DEVELOPMENT.includes(familyOf(task)));
  return [10, 20, 30, 50, 100].map((count) => {
    const what = `mean over families @${count}, less than the better of ${RIVALS.join(" and ")}`;
    const target = `at least ${100 * LEAST_GAIN} % less, interval below 0`;
    const common = commonRuns(reaching(development, count), [main, ...RIVALS]);
    if (common.length === 0) return missing(what, target);
    const level = (some: readonly RunRecord[]) => overFamilies(scores(some, count)).mean;
    const own = ofSampler(common, main);
    const other = RIVALS.map((name) => ofSampler(common, name)).reduce((a, b) => (level(a) <= level(b) ? a : b));
    const rows = pairsByFamily({ own, other }, count);
    const { low, high } = intervalOverFamilies(rows)!;
    const share = 1 - level(own) / level(other);
    return {
      what,
      got: `${(100 * share).toFixed(1)} % less than ${other[0]!.sampler}, ${level(own).toFixed(4)} to ${level(other).toFixed(4)}, interval ${low.toFixed(4)} … ${high.toFixed(4)} over ${rows.length} pairs`,
      target,
      isReached: share >= LEAST_GAIN && high < 0,
    };
  });
}

function stuck(own: readonly RunRecord[]): Figure {
  const chosen = reaching(own, 30).filter(({ task }) => canStick(task) && DEVELOPMENT.includes(familyOf(task)));
  const what = `runs stuck in a branch (regret above ${STUCK} @30)`;
  if (chosen.length === 0) return missing(what, "0");
  const count = chosen.filter((record) => regretAfter(record, 30) > STUCK).length;
  return { what, got: `${count} of ${chosen.length}`, target: "0", isReached: count === 0 };
}

function tables(own: readonly RunRecord[]): Figure[] {
  return (
    [
      [30, 0.065],
      [50, 0.044],
      [100, 0.025],
    ] as const
  ).map(([count, most]) => familyFigure(own, "tables", count, most, `the recorded tables @${count}`, regretAfter));
}

function noise(own: readonly RunRecord[]): Figure {
  return familyFigure(own, "noisy-tables", 100, 0.065, "noisy tables, recommended point @100", recommendedAfter);
}

function familyFigure(
  own: readonly RunRecord[],
  family: string,
  count: number,
  most: number,
  what: string,
  score: Score,
): Figure {
  const chosen = reaching(own, count).filter(({ task }) => familyOf(task) === family);
  if (chosen.length === 0) return missing(what, `at most ${most}`);
  const { mean: value, standardError } = overTasks(scores(chosen, count, score));
  const seeds = new Set(chosen.map(({ seed }) => seed)).size;
  return {
    what,
    got: `${value.toFixed(4)} ± ${standardError.toFixed(4)} over ${seeds} seeds`,
    target: `at most ${most}`,
    isReached: value <= most,
  };
}

/** The peers that must not be ahead by more than noise after 100 trials for each dimension. */
const CMA_ES = ["cmaEs", "optuna-cma-es"] as const;
/** So many standard errors of a mean difference are still noise. */
const NOISE = 2;

function bbob({ samplers, main, records }: Evidence): Figure[] {
  return ["bbob-2d", "bbob-5d", "bbob-10d"].flatMap((family) => {
    const d = dimensionOf(family);
    const of = (trials: number): RunRecord[] =>
      reaching(records, trials).filter(({ task }) => familyOf(task) === family);
    const long = of(100 * d);
    return [
      mostTargets(`${family} at 20 d`, widest(samplers, of(20 * d)), main, 20 * d),
      ...CMA_ES.map((peer): Figure => {
        const what = `${family} at 100 d, share of targets less that of ${peer}`;
        const target = "not behind by more than noise";
        const common = commonRuns(long, [main, peer]);
        if (common.length === 0) return missing(what, target);
        const gains = gainsOver(ofSampler(common, peer), ofSampler(common, main), 100 * d);
        const isReached = mean(gains) >= -NOISE * standardError(gains);
        return { what, got: `${meanWithError(gains)} over ${gains.length} runs`, target, isReached };
      }),
    ];
  });
}

function mostTargets(what: string, panel: Panel | undefined, main: string, trials: number): Figure {
  const target = "the most targets of all";
  if (panel === undefined) return missing(what, target);
  const shares = panel.samplers
    .map((name) => ({ name, share: mean(ofSampler(panel.records, name).map((record) => shareAfter(record, trials))) }))
    .sort((a, b) => b.share - a.share);
  return {
    what: `${what}, ${panelName(panel)}`,
    got: shares.map(({ name, share }) => `${name} ${share.toFixed(4)}`).join(", "),
    target,
    isReached: shares.find(({ name }) => name === main)?.share === shares[0]!.share,
  };
}

/** The panel with most samplers, each of which has so many runs of every task; undefined where none has another beside the first. */
function widest(samplers: readonly string[], records: readonly RunRecord[], seeds = 1): Panel | undefined {
  return panelsOf(samplers, records).findLast(
    (panel) =>
      panel.samplers.length > 1 &&
      panel.records.length >= seeds * panel.samplers.length * tasksOf(panel.records).length,
  );
}

/** Ranks of fewer are a direction only. */
const SEEDS_RANKED = 3;

function ranks({ samplers, main, records }: Evidence): Figure[] {
  return [20, 50, 100].flatMap((count): Figure[] => {
    const panel = widest(samplers, onGround(reaching(records, count), "tuning"), SEEDS_RANKED);
    if (panel === undefined || !panel.samplers.includes(main)) return [missing(`mean rank @${count}`, "first")];
    return [undefined, ...familiesOf(panel.records)].map((family) => place(panel, count, main, family));
  });
}

/** In a family main may be behind the first by noise between the seeds, as it has few tasks. */
function place(panel: Panel, count: number, main: string, family: string | undefined): Figure {
  const order = meanRanks(taskScores(panel, count, family));
  const [first, own] = [order[0]!, order.find(({ name }) => name === main)!];
  const what = `mean rank @${count}${family === undefined ? "" : ` on ${family}`}, ${panelName(panel)}`;
  const target = family === undefined ? "first" : "first or tied";
  if (own.rank === first.rank) return { what, got: own.rank.toFixed(2), target, isReached: true };
  const chosen = panel.records.filter(({ task }) => family === undefined || familyOf(task) === family);
  const pairs = pairedScores(ofSampler(chosen, main), ofSampler(chosen, first.name), count);
  const behind = overTasks(pairs);
  return {
    what,
    got: `${own.rank.toFixed(2)} behind ${first.name} ${first.rank.toFixed(2)}, regret ${withError(behind)}`,
    target,
    isReached: family !== undefined && behind.mean <= NOISE * behind.standardError,
  };
}

/** Of fourteen mixed parameters. */
function asks(records: readonly RunRecord[], own: readonly RunRecord[]): Figure[] {
  const mixed = (some: readonly RunRecord[]) => some.filter(({ task }) => task === "mixed/mixed14");
  const rival = mixed(ofSampler(records, "optuna-gp"));
  return (
    [
      [50, 15],
      [100, 30],
      [200, 60],
      [500, 200],
      [1000, 500],
    ] as const
  ).flatMap(([n, most]) => {
    const what = `CPU ms of an ask, 14 mixed parameters, n = ${n}`;
    const mine = askMs(mixed(own), n);
    if (Number.isNaN(mine)) return [missing(what, `at most ${most}`)];
    const theirs = askMs(rival, n);
    const figures = [{ what, got: mine.toFixed(1), target: `at most ${most}`, isReached: mine <= most }];
    if (Number.isNaN(theirs)) return figures;
    const share = mine / theirs;
    return [
      ...figures,
      {
        what: `the same beside optuna-gp, n = ${n}`,
        got: share.toFixed(3),
        target: "at most 0.1",
        isReached: share <= 0.1,
      },
    ];
  });
}

const NOT_MEASURED = "not measured";

function missing(what: string, target: string): Figure {
  return { what, got: NOT_MEASURED, target, isReached: false };
}

export function isMeasured({ got }: Figure): boolean {
  return got !== NOT_MEASURED;
}
