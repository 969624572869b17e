/**
 * Bayesian optimisation with a Gaussian process: a few spread trials, then for every ask a surrogate of the losses, and the
 * point where its acquisition function is largest. One surrogate covers numbers, categories and conditional branches alike.
 *
 * The recipe (early start, cycled output warps, exploration of choices, incumbent by posterior mean under noise) and what it
 * was measured against stand in `docs/decisions/010-gp-sampler-recipe.md`.
 */
import type { Acquisition } from "../../acquisition/acquisition.ts";
import { logEi } from "../../acquisition/log-ei.ts";
import { type Candidate, type Maximizer, maximize, rank } from "../../acquisition/maximize.ts";
import { createTarget } from "../../acquisition/target.ts";
import { show, ValidationError } from "../../errors.ts";
import type { Warp } from "../../gp/warp.ts";
import type { FlatParams } from "../../space/parameter.ts";
import type { Space } from "../../space/space.ts";
import type { History } from "../../trial/history.ts";
import { begin, type Design } from "../design.ts";
import { randomParams } from "../feasible.ts";
import { type Belief, beliefs, type Priors, priorsToJson } from "../priors.ts";
import {
  type Expectation,
  type SampleRequest,
  type Sampler,
  type Suggestion,
  suggestedBy,
  writeExplanation,
} from "../sampler.ts";
import { seenKeys, unseen } from "../unseen.ts";
import { bonusOf } from "./bonus.ts";
import { domainOf, type SpaceDomain } from "./domain.ts";
import { type Evidence, gather } from "./evidence.ts";
import { explain } from "./explain.ts";
import { exploration } from "./explore.ts";
import { listing } from "./listing.ts";
import { expectation } from "./recommend.ts";
import { REPLICATE_EVERY, replication } from "./replicate.ts";
import { rescale, scalesOf, scalesToText } from "./scales.ts";
import { believe, createSurrogate, recall, type Surrogate, toNote } from "./surrogate.ts";
import { checkExperiences, type Experience, type Source, sources } from "./transfer.ts";

export interface GpOptions {
  /** What is maximised to choose a trial. Default `logEi()`. */
  readonly acquisition?: Acquisition;
  /** The trials before the first surrogate. */
  readonly initialPoints?: {
    /** How many, enqueued trials included. Default 5, or 6 where the space has categories or branches. */
    readonly count?: number;
    /** How they are laid out. Default `"edges"`: Sobol's points, denser towards the ends of ranges; so is what is explored later. */
    readonly design?: Design;
    /** Whether the first is the centre of the space (its parameters' defaults, where they have any). Default true. */
    readonly centre?: boolean;
  };
  /** How the acquisition function is maximised: by L-BFGS from the best of a pool, or by random search. Default `"lbfgs"`. */
  readonly maximizer?: Maximizer;
  /** Output warps, taken in turn; one for always the same. Default `["half", "half-log", "yeo-johnson"]`. */
  readonly warps?: readonly Warp[];
  /** Whether asks are spent on hardly tried categories and branches. Default true. */
  readonly explore?: boolean;
  /** Beliefs about where good values lie, by full parameter name: the first trials follow them, later ones less and less. Default none. */
  readonly priors?: Priors;
  /**
   * What finished studies over the same parameters, or some of them, have found: `[await transferFrom(study)]`. Their best configurations are tried among the first, and
   * the model follows them as far as their ranks agree with the trials so far. Default none.
   */
  readonly transfer?: readonly Experience[];
  /**
   * Whether the same configuration always has the same value, and near ones nearly the same: the model then passes through what was observed, and the best observed is
   * what is improved on. Wrong for trainings, whose results are rough however they are seeded. Default false.
   */
  readonly deterministic?: boolean;
  /**
   * Whether, from 30 observations on, one trial in four may measure the configuration again that is held for the best, as long as it was measured fewer than five times: for noisy
   * objectives, of which `study.best().expected` is then what to take. Repetitions that give the very same result are not gone on with. Default false: no configuration is suggested twice.
   */
  readonly replicates?: boolean;
  /**
   * Whether the model may see a number on another scale than the declared one, from 12 observations on and where that makes them more probable: for parameters
   * that matter at one end of their range, such as a learning rate declared without `log`. The scale of a parameter is better declared. Not with `priors` or `transfer`,
   * which are about the declared scales. Default false.
   */
  readonly inputWarps?: boolean;
}

/** Best trials whose neighbourhood is searched. */
const ANCHORS = 5;

/**
 * Observations to take in before the kernel is fitted again. A fit costs O(n³) a step, and with many observations one more
 * hardly moves it; between fits the parameters of the last one are kept.
 */
function refitAfter(n: number): number {
  return n <= 60 ? 1 : n <= 150 ? 3 : n <= 400 ? 10 : 25;
}

/**
 * The Gaussian process sampler; see `GpOptions`.
 *
 * @throws ValidationError for an option that it does not know the value of
 * @example gp({ acquisition: ucb({ kappa: 2.6 }), initialPoints: { count: 15, design: "random" } })
 */
export function gp(options: GpOptions = {}): Sampler {
  const checked = check(options);
  const settings = { ...checked, beliefOf: beliefs(options.priors), sourcesOf: sources(checked.transfer) };
  return {
    name: "gp",
    toJSON: () => ({
      acquisition: settings.acquisition.toJSON(),
      initialPoints: { ...settings.initialPoints, count: settings.initialPoints.count ?? "5, or 6 with categories" },
      maximizer: settings.maximizer,
      warps: [...settings.warps],
      explore: settings.explore,
      deterministic: settings.deterministic,
      replicates: settings.replicates,
      inputWarps: settings.inputWarps,
      ...(Object.keys(settings.priors).length === 0 ? {} : { priors: priorsToJson(settings.priors) }),
      ...(settings.transfer.length === 0
        ? {}
        : { transfer: settings.transfer.map(({ name, trials }) => ({ name, trials: trials.length })) }),
    }),
    sample: (request) => sample(request, settings),
    expect: (request) => expect(request, settings),
  };
}

interface Settings extends Required<Omit<GpOptions, "initialPoints">> {
  readonly beliefOf: (space: Space) => Belief;
  readonly sourcesOf: (space: Space) => readonly Source[];
  readonly initialPoints: { readonly count: number | undefined; readonly design: Design; readonly centre: boolean };
}

function sample(request: SampleRequest, settings: Settings): Suggestion | null {
  const { space, trials, rng } = request;
  const seen = seenKeys(space, trials);
  const { count = defaultCount(space), design } = settings.initialPoints;
  const started = trials.filter(({ state }) => state !== "failed").length;
  const completed = trials.filter(({ state }) => state === "completed").length;
  // A space of fixed values has nothing to model, however often its one configuration was enqueued.
  if (started < count || completed < Math.min(count, COMPLETED_LEAST) || space.coordinates.length === 0) {
    const carriedOver = settings.sourcesOf(space).map(({ best }) => best);
    const first = trials.length < count / 2 ? carriedOver.find((params) => isNew(space, seen, params)) : undefined;
    if (first !== undefined) return suggestedBy("transfer", first);
    return begin(request, seen, settings.beliefOf(space), settings.initialPoints);
  }
  const explored = settings.explore ? exploration(space, trials, rng.fork("explore"), design) : undefined;
  if (explored !== undefined && isNew(space, seen, explored)) return suggestedBy("exploration", explored);
  return sampleModel(request, settings, seen);
}

/** A surrogate of fewer completed trials knows nothing. */
const COMPLETED_LEAST = 3;

function sampleModel(request: SampleRequest, settings: Settings, seen: ReadonlySet<string>): Suggestion | null {
  const { space, trials, rng } = request;
  const { warps, maximizer, deterministic } = settings;
  const kind = warps[trials.length % warps.length]!;
  const { domain, scales } = viewOf(space, trials, kind, settings);
  const evidence = gather(domain, trials);
  const n = evidence.losses.length;
  const surrogate = createSurrogate(evidence, domain, {
    warp: kind,
    memory: recall(trials, kind, domain.width),
    refitAfter: n <= 60 ? 1 : warps.length * refitAfter(n),
    sources: settings.sourcesOf(space),
    scales,
    deterministic,
  });
  const target = createTarget(settings.acquisition, {
    ...believe(surrogate, domain, rng.fork("fantasies")),
    ...(Object.keys(settings.priors).length === 0
      ? {}
      : { bonus: bonusOf(settings.beliefOf(space), domain, evidence) }),
  });
  const search = rng.fork("maximize");
  const left = listing(space)?.filter(({ key }) => !seen.has(key));
  const candidates =
    left === undefined
      ? maximize(target, domain, { maximizer, rng: search, anchors: bestPoints(evidence) })
      : rank(
          target,
          domain,
          left.map(({ x }) => x),
        );
  const chosen = firstUnseen(space, domain, seen, candidates);
  if (chosen === undefined) {
    const params = unseen(space, seen, search, () => randomParams(space, search));
    return params === null ? null : suggestedBy("random", params);
  }
  const again = settings.replicates ? replicate(request, settings) : undefined;
  if (again !== undefined) return { params: again, note: { ...toNote(surrogate.memory), explanation: "replicate" } };
  const row = new Float64Array(domain.width);
  const { x, active } = domain.encode(chosen.params);
  domain.embed(x, active, row, 0);
  const explanation = writeExplanation(explain(surrogate, row, chosen.value));
  return { params: chosen.params, note: { ...toNote(surrogate.memory), explanation } };
}

/** The space on the scales of an ask, and what to note of them. */
function viewOf(
  space: Space,
  trials: History,
  kind: Warp,
  { inputWarps }: Settings,
): { readonly domain: SpaceDomain; readonly scales?: string } {
  const domain = domainOf(space);
  // What is listed is not searched, and its points are on the declared scales.
  const scales = inputWarps && listing(space) === undefined ? scalesOf(domain, trials, kind) : undefined;
  return scales === undefined ? { domain } : { domain: rescale(domain, scales.warps), scales: scalesToText(scales) };
}

/** The trial held for the best. */
function expect(request: Pick<SampleRequest, "space" | "trials">, settings: Settings): Expectation | null {
  const surrogate = recommender(request, settings);
  return surrogate && expectation(surrogate);
}

/** The configuration to measure again, if it is time for one. */
function replicate(request: SampleRequest, settings: Settings): FlatParams | undefined {
  if (request.trials.length % REPLICATE_EVERY !== 0) return undefined;
  const surrogate = recommender(request, settings);
  if (surrogate === null) return undefined;
  const again = replication(surrogate);
  return again === undefined ? undefined : surrogate.evidence.trials[again]!.params;
}

/** The surrogate of the recommendation, under the first of the warps; null while there is too little to model. */
function recommender({ space, trials }: Pick<SampleRequest, "space" | "trials">, settings: Settings): Surrogate | null {
  const { warps, sourcesOf, deterministic } = settings;
  const kind = warps[0]!;
  const { domain, scales } = viewOf(space, trials, kind, settings);
  const evidence = gather(domain, trials);
  if (evidence.losses.length < COMPLETED_LEAST) return null;
  return createSurrogate(evidence, domain, {
    warp: kind,
    memory: recall(trials, kind, domain.width),
    refitAfter: 0,
    sources: sourcesOf(space),
    scales,
    deterministic,
    bothModes: true,
  });
}

function defaultCount(space: Space): number {
  return space.coordinates.some(({ parameter, conditions }) => parameter.nominal || conditions.length > 0) ? 6 : 5;
}

function bestPoints({ losses, observed }: Evidence): Float64Array[] {
  const order = Array.from(losses.keys()).sort((a, b) => losses[a]! - losses[b]! || a - b);
  return order.slice(0, ANCHORS).map((i) => observed.points[i]!);
}

function firstUnseen(
  space: Space,
  domain: SpaceDomain,
  seen: ReadonlySet<string>,
  candidates: readonly Candidate[],
): { readonly params: FlatParams; readonly value: number } | undefined {
  for (const { x, value } of candidates) {
    const params = domain.decode(x);
    if (isNew(space, seen, params)) return { params, value };
  }
  return undefined;
}

function isNew(space: Space, seen: ReadonlySet<string>, params: FlatParams): boolean {
  return !seen.has(space.key(params)) && space.isFeasible(params);
}

const DESIGNS: readonly Design[] = ["edges", "sobol", "random"];
const MAXIMIZERS: readonly Maximizer[] = ["lbfgs", "random"];
const WARPS: readonly Warp[] = ["half", "half-log", "yeo-johnson", "none"];

function check(options: GpOptions): Omit<Settings, "beliefOf" | "sourcesOf"> {
  const {
    acquisition = logEi(),
    initialPoints = {},
    maximizer = "lbfgs",
    warps = ["half", "half-log", "yeo-johnson"],
    explore = true,
    priors = {},
    transfer = [],
    deterministic = false,
    replicates = false,
    inputWarps = false,
  } = options;
  const { count, design = "edges", centre: first = true } = initialPoints;
  if (typeof acquisition !== "object" || typeof acquisition?.at !== "function") {
    throw new ValidationError(
      `\`acquisition\` must be an acquisition function such as \`logEi()\`, but got ${show(acquisition)}.`,
    );
  }
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 1)) {
    throw new ValidationError(`\`initialPoints.count\` must be an integer of at least 1, but got ${show(count)}.`);
  }
  oneOf("initialPoints.design", design, DESIGNS);
  oneOf("maximizer", maximizer, MAXIMIZERS);
  if (!Array.isArray(warps) || warps.length === 0)
    throw new ValidationError(`\`warps\` must be a list of at least one output warp, but got ${show(warps)}.`);
  for (const kind of warps) oneOf("warps", kind, WARPS);
  for (const [name, value] of Object.entries({ deterministic, replicates, inputWarps })) {
    if (typeof value !== "boolean")
      throw new ValidationError(`\`${name}\` must be true or false, but got ${show(value)}.`);
  }
  if (deterministic && replicates)
    throw new ValidationError(
      "`deterministic` and `replicates` exclude each other, but both are true: without noise a second measurement tells nothing.",
    );
  const experiences = checkExperiences(transfer);
  if (inputWarps && (Object.keys(priors).length > 0 || experiences.length > 0))
    throw new ValidationError(
      "`inputWarps` excludes `priors` and `transfer`, which are about the declared scales, but they were given together.",
    );
  return {
    acquisition,
    initialPoints: { count, design, centre: first },
    maximizer,
    warps,
    explore,
    priors,
    transfer: experiences,
    deterministic,
    replicates,
    inputWarps,
  };
}

function oneOf(name: string, value: string, known: readonly string[]): void {
  if (!known.includes(value))
    throw new ValidationError(`\`${name}\` must be one of ${known.map(show).join(", ")}, but got ${show(value)}.`);
}
