/**
 * Where a search begins that knows finished trials of a task like its own: at the normal distribution that is closest to the best of
 * them, each smeared a little. The trials may be of another study, of another sampler, or made by hand.
 *
 * Source: Nomura, Watanabe, Akimoto, Ozaki & Onishi 2021, "Warm starting CMA-ES for hyperparameter optimization", AAAI 35,
 * arXiv:2012.06932, definition 3 and §4.2.
 */
import { show, ValidationError } from "../../errors.ts";
import { exp } from "../../math/special.ts";
import type { FlatParams, ParamValue } from "../../space/parameter.ts";
import { type Dimension, read, type Space } from "../../space/space.ts";
import type { History } from "../../trial/history.ts";
import { type Distribution, isotropic, logDeterminant } from "./distribution.ts";
import type { Domain } from "./domain.ts";

/** A trial to begin from: of `study.trials()`, of a history, or params with what they came to. Only completed ones count. */
export interface SourceTrial {
  /** Nested, as an objective receives them, or flat. */
  readonly params: object;
  /** `"completed"` if left out. */
  readonly state?: string;
  /** What the objective returned. */
  readonly value?: number | null;
  /** In place of `value`: what is to be minimised, whatever the direction. */
  readonly loss?: number | null;
}

export interface WarmStart {
  /** Finished trials over the same parameters. */
  readonly trials: readonly SourceTrial[];
  /** Of their values. Default `"minimize"`. */
  readonly direction?: "minimize" | "maximize";
}

/** γ, the share of the trials that show where to search. */
const SHARE = 0.1;
/** α, by how much of the unit interval each of them is smeared. */
export const SMEAR = 0.1;
/** The same where they are trials of this very task, which a sampler has chosen: the paper's α is too wide for them; see `docs/decisions/070-auto.md`. */
export const OWN_SMEAR = 0.02;
/** Fewer of a study's own trials say little of where to search, and nothing of how far. */
const OWN_LEAST = 41;

/** A known configuration: its place among the searched parameters, [n], and its loss. */
export interface Known {
  readonly x: Float64Array;
  readonly params: FlatParams;
  readonly loss: number;
}

/**
 * The trials of a warm start that have a value for each searched parameter of a space, best first; looked for once a space.
 *
 * @throws ValidationError where there are completed trials and none of them has
 */
export function knownTrials(warmStart: WarmStart): (space: Space, domain: Domain) => readonly Known[] {
  const bySpace = new WeakMap<Space, readonly Known[]>();
  return (space, domain) => {
    const known = bySpace.get(space) ?? knownIn(space, domain, warmStart);
    bySpace.set(space, known);
    return known;
  };
}

/** The completed trials of a history, best first; none where they are too few to begin from. */
export function ownTrials(space: Space, domain: Domain, trials: History): readonly Known[] {
  const whole = trials.filter(
    ({ state, params }) =>
      state === "completed" && domain.names.every((name, j) => domain.parameters[j]!.contains(params[name])),
  );
  return whole.length < OWN_LEAST ? [] : knownIn(space, domain, { trials: whole });
}

function knownIn(space: Space, domain: Domain, { trials, direction }: WarmStart): readonly Known[] {
  const completed = trials.filter(({ state }) => state === undefined || state === "completed");
  const known = completed.flatMap((trial): Known[] => {
    const loss = lossOf(trial, direction === "maximize" ? -1 : 1);
    const params = Object.fromEntries(
      space.dimensions.flatMap((dimension) => {
        const value = valueIn(trial.params, dimension);
        return dimension.parameter.contains(value) ? [[dimension.name, value as ParamValue]] : [];
      }),
    );
    if (loss === undefined || domain.names.some((name) => !Object.hasOwn(params, name))) return [];
    return [
      { x: Float64Array.from(domain.names, (name, j) => domain.parameters[j]!.encode(params[name]!)), params, loss },
    ];
  });
  if (known.length === 0 && completed.length > 0) {
    throw new ValidationError(
      `\`warmStart\` of cmaEs must have a completed trial with a value for each searched parameter (${domain.names.map(show).join(", ")}), but got ${completed.length} trials of which none has, the first with ${show(completed[0]!.params)}.`,
    );
  }
  return known.sort((a, b) => (a.loss < b.loss ? -1 : a.loss > b.loss ? 1 : 0));
}

/**
 * N(m, Σ) of the best ⌈γN⌉ of N points, with Σ = α²I + (1/⌈γN⌉) Σ_k (x_k − m)(x_k − m)ᵀ.
 *
 * @param points  best first, [n] each; one or more
 */
export function promisingDistribution(
  points: readonly Float64Array[],
  isSeparable: boolean,
  smear: number = SMEAR,
): Distribution {
  const best = points.slice(0, Math.ceil(SHARE * points.length));
  const n = best[0]!.length;
  const mean = new Float64Array(n);
  for (const x of best) for (let i = 0; i < n; i++) mean[i]! += x[i]! / best.length;
  const begin = isotropic(mean, 1, isSeparable);
  const Sigma = begin.C.map((c, at) => {
    const [i, j] = isSeparable ? [at, at] : [Math.floor(at / n), at % n];
    const scatter = best.reduce((sum, x) => sum + (x[i]! - mean[i]!) * (x[j]! - mean[j]!), 0);
    return smear * smear * c + scatter / best.length;
  });
  const variance = exp(logDeterminant(Sigma, n) / n);
  return { ...begin, sigma: Math.sqrt(variance), C: Sigma.map((s) => s / variance) };
}

/** @throws ValidationError for what is neither "study" nor a list of trials, and for another direction */
export function checkWarmStart(warmStart: WarmStart | "study"): void {
  if (warmStart === "study") return;
  const { trials, direction } = warmStart;
  if (!Array.isArray(trials) || trials.some((trial) => typeof trial?.params !== "object" || trial.params === null)) {
    throw new ValidationError(
      `\`warmStart.trials\` of cmaEs must be a list of trials with params, but got ${show(trials)}.`,
    );
  }
  if (direction !== undefined && direction !== "minimize" && direction !== "maximize") {
    throw new ValidationError(
      `\`warmStart.direction\` of cmaEs must be "minimize" or "maximize", but got ${show(direction)}.`,
    );
  }
}

function lossOf({ loss, value }: SourceTrial, sign: 1 | -1): number | undefined {
  const known = loss ?? (typeof value === "number" ? sign * value : undefined);
  return Number.isFinite(known) ? known : undefined;
}

/** The value of a parameter in flat or in nested params. */
function valueIn(params: object, { name, path, listLength }: Dimension): unknown {
  if (Object.hasOwn(params, name)) return (params as Record<string, unknown>)[name];
  const value = read(params, path);
  return listLength && Array.isArray(value) ? value.length : value;
}
