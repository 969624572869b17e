/** The figures that are promised, from the records: what was reached, the target, and whether it is so. */
import { DEVELOPMENT, familyOf } from "../problems/catalogue.ts";
import type { RunRecord } from "../suite/run.ts";
import { overFamilies, overTasks, recommendedAfter, regretAfter, type Score, scores } from "../suite/summary.ts";
import { commonRuns, evidenceOf, ofSampler, reaching } from "./data.ts";
import { intervalOverFamilies, pairsByFamily } from "./pairs.ts";
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

export function checkFigures(all: readonly RunRecord[]): Figure[] {
  const { main, records } = evidenceOf(all);
  const own = ofSampler(records, main);
  return [...gains(records, main), stuck(own), ...tables(own), noise(own), ...asks(records, own)];
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

function missing(what: string, target: string): Figure {
  return { what, got: "not measured", target, isReached: false };
}
