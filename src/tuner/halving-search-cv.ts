/**
 * Successive halving under cross-validation, in the manner of scikit-learn's `HalvingGridSearchCV` and
 * `HalvingRandomSearchCV`. A trial of the study is a candidate in a round, so a search can be interrupted within one.
 */
import { NotFoundError, show, ValidationError } from "../errors.ts";
import { createRng } from "../math/rng.ts";
import type { Sampler } from "../sampler/sampler.ts";
import { int } from "../space/numeric.ts";
import type { FlatParams } from "../space/parameter.ts";
import { configurations, Space } from "../space/space.ts";
import type { Study } from "../study/study.ts";
import type { Code } from "./code.ts";
import {
  CrossValidationSearch,
  candidatesAtATime,
  type SearchData,
  type SearchOptions,
  type SearchPlan,
} from "./cross-validation-search.ts";
import type { CvResults } from "./cv-results.ts";
import type { Estimator, EstimatorSource } from "./estimator.ts";
import {
  checkHalving,
  type HalvingOptions,
  type HalvingSchedule,
  halvingSchedule,
  SAMPLES,
  survivors,
} from "./halving-schedule.ts";
import { type Distributions, type GridParams, type GridSpace, type GridValues, gridSpace } from "./parameter-grid.ts";
import { checkCandidates, drawCandidates } from "./parameter-sampler.ts";
import type { Refit } from "./refit.ts";
import type { ScoreFunction } from "./scorer/scorer.ts";
import { namesOf } from "./scoring.ts";
import { apportion } from "./splitter/shuffle-split.ts";
import { type Fold, toFold } from "./splitter/splitter.ts";

export interface HalvingSearchOptions extends SearchOptions, HalvingOptions {
  /** A single score: candidates of a round are ranked by it. */
  readonly scoring?: string | Code<ScoreFunction>;
  readonly refit?: Exclude<Refit, string>;
  /** Default true, as in scikit-learn: whether more of the resource overfits is of interest here. */
  readonly returnTrainScore?: boolean;
}

export interface HalvingRandomSearchOptions extends HalvingSearchOptions {
  /** How many are drawn for the first round. Default "exhaust": so many that the last round spends nearly all there is. */
  readonly candidates?: number | "exhaust";
}

/** What both searches share; its column names are scikit-learn's, with `iter` and `n_resources` beside the others. */
class HalvingSearch<P, E extends Estimator> extends CrossValidationSearch<P, E> {
  readonly #found: { schedule?: HalvingSchedule };

  constructor(
    estimator: Code<EstimatorSource<P, E>>,
    grid: GridSpace,
    first: FirstRound,
    options: HalvingSearchOptions,
  ) {
    checkHalving(options);
    const { resource = SAMPLES, returnTrainScore = true } = options;
    if (namesOf(options.scoring) !== undefined) {
      throw new ValidationError(
        `Halving ranks candidates by a single score, but \`scoring\` has ${namesOf(options.scoring)!.map(show).join(", ")}. Choose one of them.`,
      );
    }
    if (grid.names.includes(resource)) {
      throw new ValidationError(
        `What is spent cannot be searched, but ${show(resource)} is both \`resource\` and a parameter. Leave it out of one.`,
      );
    }
    const found: { schedule?: HalvingSchedule } = {};
    super(
      estimator,
      (data) => {
        found.schedule = halvingSchedule(options, first.count, { ...data, rows: data.y.length }, first.minResources);
        return halvingPlan(grid, first, found.schedule, data, options);
      },
      { ...options, returnTrainScore },
    );
    this.#found = found;
  }

  /** How many candidates were given how much, round by round. @throws NotFoundError before `fit` has begun */
  get schedule(): HalvingSchedule {
    if (this.#found.schedule !== undefined) return this.#found.schedule;
    throw new NotFoundError("A search by halving has its `schedule` once `fit` has begun, and not before.");
  }
}

/** Every combination of a grid begins. The best of the last round wins, whatever others scored on less. */
export class HalvingGridSearchCV<
  const G extends GridValues | readonly GridValues[],
  E extends Estimator,
> extends HalvingSearch<GridParams<G>, E> {
  /** @throws ValidationError for an empty grid, several scores, a resource that is searched, and as every search */
  constructor(estimator: Code<EstimatorSource<GridParams<G>, E>>, grid: G, options: HalvingSearchOptions = {}) {
    const space = gridSpace(grid);
    const first: FirstRound = {
      minResources: "exhaust",
      count: () => space.space.size,
      candidates: () => [...configurations(space.space)],
    };
    super(estimator, space, first, options);
  }
}

/** Candidates drawn at random begin, by default as many as the last round leaves something to spend for. */
export class HalvingRandomSearchCV<
  const G extends Distributions | readonly Distributions[],
  E extends Estimator,
> extends HalvingSearch<GridParams<G>, E> {
  /** @throws ValidationError when both `candidates` and `minResources` are to be exhausted, and as `HalvingGridSearchCV` */
  constructor(
    estimator: Code<EstimatorSource<GridParams<G>, E>>,
    distributions: G,
    options: HalvingRandomSearchOptions = {},
  ) {
    const space = gridSpace(distributions, true);
    const { candidates = "exhaust", ...others } = options;
    if (candidates !== "exhaust") checkCandidates(candidates);
    else if (options.minResources === "exhaust") {
      throw new ValidationError(
        'One of `candidates` and `minResources` must be given for the other to follow from it, but both are "exhaust".',
      );
    }
    const first: FirstRound = {
      minResources: "smallest",
      count: (least, most) =>
        Math.min(space.space.size, candidates === "exhaust" ? Math.floor(most / least) : candidates),
      candidates: (count, seed) => drawCandidates(space.space, count, seed),
    };
    super(estimator, space, first, others);
  }
}

/** In what the two searches differ. */
interface FirstRound {
  /** The default. */
  readonly minResources: "smallest" | "exhaust";
  count(minResources: number, maxResources: number): number;
  candidates(count: number, seed: number | string): readonly FlatParams[];
}

/** The round that a trial belongs to; a name that no grid can use. */
const ROUND = "#iteration";

function halvingPlan<P>(
  grid: GridSpace,
  first: FirstRound,
  schedule: HalvingSchedule,
  data: SearchData,
  options: HalvingSearchOptions,
): SearchPlan<P> {
  const { resource = SAMPLES, factor = 3 } = options;
  const round = int(0, schedule.nIterations - 1);
  const space = new Space([...grid.space.dimensions, { name: ROUND, path: [ROUND], parameter: round, conditions: [] }]);
  const spent = (flat: FlatParams) => schedule.nResources[flat[ROUND] as number]!;
  const params = (flat: FlatParams) =>
    resource === SAMPLES ? grid.params(flat) : { ...grid.params(flat), [resource]: spent(flat) };
  const subsets = new Map<number, readonly Fold[]>();
  return {
    space,
    sampler: ENQUEUED,
    rounds: `${schedule.nCandidates.join(", ")} candidates on ${schedule.nResources.join(", ")} of ${resource}, shares drawn by seed ${show(options.seed ?? 0)}`,
    trials: (study) => rounds(study, space, first, schedule, factor),
    concurrency: candidatesAtATime(options),
    maxConsecutiveFailures: Number.POSITIVE_INFINITY,
    params: (flat) => params(flat) as P,
    columnNames: resource === SAMPLES ? grid.names : [...grid.names, resource],
    columns: params,
    extraColumns: (flat) => ({ iter: flat[ROUND] as number, n_resources: spent(flat) }),
    folds: (flat, whole) => {
      const rows = spent(flat);
      if (resource !== SAMPLES || rows === data.y.length) return whole;
      const known = subsets.get(rows) ?? whole.map((fold, k) => subset(fold, rows / data.y.length, data, options, k));
      subsets.set(rows, known);
      return known;
    },
    best: bestOfLastRound,
  };
}

/** All trials are planned before they run, round by round. */
const ENQUEUED: Sampler = { name: "halving", toJSON: () => ({}), sample: () => null };

/** Plans a round, lets it run, and takes the best of it into the next. */
async function* rounds(
  study: Study<unknown>,
  space: Space,
  first: FirstRound,
  { nIterations, nCandidates }: HalvingSchedule,
  factor: number,
): AsyncIterable<number> {
  let candidates = first.candidates(nCandidates[0]!, study.seed);
  let total = 0;
  for (let round = 0; round < nIterations; round++) {
    const planned = candidates.map((candidate) => ({ ...candidate, [ROUND]: round }));
    const known = new Set((await study.trials()).map((trial) => space.key(space.flatten(trial.params))));
    // After an interruption a part of the round is there already.
    for (const flat of planned) if (!known.has(space.key(flat))) await study.enqueue(space.nest(flat) as object);
    total += planned.length;
    yield total;
    const scores = new Map(
      (await study.trials()).map((trial) => [space.key(space.flatten(trial.params)), trial.value ?? Number.NaN]),
    );
    candidates = lastByScore(
      candidates,
      planned.map((flat) => scores.get(space.key(flat)) ?? Number.NaN),
      survivors(candidates.length, factor),
    );
  }
}

/** The `count` candidates with the greatest scores, in ascending order of these; what is no number counts as the smallest. */
function lastByScore(candidates: readonly FlatParams[], scores: readonly number[], count: number): FlatParams[] {
  const level = (score: number) => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score);
  const order = [...candidates.keys()].sort((a, b) => {
    const [left, right] = [level(scores[a]!), level(scores[b]!)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
  return order.slice(-count).map((place) => candidates[place]!);
}

/** The first of the greatest mean scores among the candidates of the last round. */
function bestOfLastRound(results: CvResults): number {
  const rounds = results.iter!;
  const last = rounds.reduce((a, b) => Math.max(a, b));
  const own = [...rounds.keys()].filter((place) => rounds[place] === last);
  const scores = results.mean_test_score;
  return own.reduce((best, place) =>
    scores[place]! > scores[best]! || (Number.isNaN(scores[best]) && !Number.isNaN(scores[place])) ? place : best,
  );
}

/**
 * A share of a fold's rows on both sides, the same for all candidates, those of a smaller share among those of a larger
 * one. Unlike scikit-learn's, it keeps the shares of the classes: a class that is missing by chance would end a candidate.
 */
function subset(
  { train, test }: Fold,
  share: number,
  { y, classes }: SearchData,
  { seed = 0 }: SearchOptions,
  fold: number,
): Fold {
  const rng = createRng(seed).fork("halving").fork(fold);
  const part = (rows: Uint32Array, side: string): number[] => {
    const order = rng.fork(side).permutation(rows.length);
    const drawn = Array.from(order, (place) => rows[place]!);
    const wanted = Math.max(1, Math.floor(share * rows.length));
    if (classes === 0) return drawn.slice(0, wanted).sort((a, b) => a - b);
    const labels = [...new Set(y)];
    const own = labels.map((label) => drawn.filter((row) => y[row] === label));
    const counts = apportion(
      own.map(({ length }) => length),
      wanted,
      rng.fork("lot"),
    );
    return own.flatMap((ofLabel, i) => ofLabel.slice(0, counts[i])).sort((a, b) => a - b);
  };
  return toFold(part(train, "train"), part(test, "test"));
}
