/**
 * The optimisers as plain records, with the defaults of Keras 3, and what an engine needs of each: an update rule with its
 * f32 constants, and one rate a step. The arithmetic itself is in the engines.
 */
import { show, ValidationError } from "../errors.ts";
import { choose, finiteNumber } from "./choose.ts";

const OPTIMIZERS = ["sgd", "adam", "adamW", "rmsprop"] as const;

export type OptimizerName = (typeof OPTIMIZERS)[number];

/** An optimiser and its settings, the same in a model's JSON. */
export type Optimizer =
  | { readonly name: "sgd"; readonly learningRate: number; readonly momentum: number; readonly nesterov: boolean }
  | ({ readonly name: "adam" } & AdamSettings)
  | ({ readonly name: "adamW"; readonly weightDecay: number } & AdamSettings)
  | {
      readonly name: "rmsprop";
      readonly learningRate: number;
      readonly rho: number;
      readonly momentum: number;
      readonly epsilon: number;
    };

interface AdamSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface SgdOptions {
  /** Share of the last step that is taken again; 0 by default. */
  readonly momentum?: number;
  /** Look ahead along the momentum; `false` by default. */
  readonly nesterov?: boolean;
}

/** Stochastic gradient descent: m ← momentum·m − η g, w ← w + m; with `nesterov` w ← w + momentum·m − η g. */
export function sgd(learningRate = 0.01, options: SgdOptions = {}): Optimizer {
  return checked({ name: "sgd", learningRate, momentum: options.momentum ?? 0, nesterov: options.nesterov ?? false });
}

export interface AdamOptions {
  /** Decay of the mean of gradients; 0.9 by default. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients; 0.999 by default. */
  readonly beta2?: number;
  /** Added to the root of that mean; 1e-7 by default. */
  readonly epsilon?: number;
}

/**
 * Adam: m ← m + (g − m)(1 − β₁), v ← v + (g² − v)(1 − β₂), w ← w − α m / (√v + ε), α = η √(1 − β₂ᵗ) / (1 − β₁ᵗ).
 *
 * Source: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1 in the form of its section 2, as in Keras.
 */
export function adam(learningRate = 1e-3, options: AdamOptions = {}): Optimizer {
  return checked({ name: "adam", ...adamSettings(learningRate, options) });
}

/**
 * Adam after w ← w − η·weightDecay·w on every trained weight, biases included, as in Keras.
 *
 * Source: Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2.
 */
export function adamW(learningRate = 1e-3, options: AdamOptions & { readonly weightDecay?: number } = {}): Optimizer {
  return checked({
    name: "adamW",
    weightDecay: options.weightDecay ?? 0.004,
    ...adamSettings(learningRate, options),
  });
}

export interface RmspropOptions {
  /** Decay of the mean of squared gradients; 0.9 by default. */
  readonly rho?: number;
  /** Share of the last step that is taken again; 0 by default. */
  readonly momentum?: number;
  /** Added to that mean under the root; 1e-7 by default. */
  readonly epsilon?: number;
}

/** RMSprop: v ← ρ v + (1 − ρ) g², m ← momentum·m + η g / √(v + ε), w ← w − m. Source: Keras 3, not centred. */
export function rmsprop(learningRate = 1e-3, options: RmspropOptions = {}): Optimizer {
  const { rho = 0.9, momentum = 0, epsilon = 1e-7 } = options;
  return checked({ name: "rmsprop", learningRate, rho, momentum, epsilon });
}

/** The record behind a name or a record. @throws ValidationError for an unknown name, listing the known ones */
export function toOptimizer(given: Optimizer | OptimizerName): Optimizer {
  const settings = typeof given === "object" && given !== null ? given : undefined;
  switch (choose("The optimiser", settings?.name ?? given, OPTIMIZERS)) {
    case "sgd":
      return sgd(settings?.learningRate, settings as SgdOptions | undefined);
    case "adam":
      return adam(settings?.learningRate, settings as AdamOptions | undefined);
    case "adamW":
      return adamW(settings?.learningRate, settings as AdamOptions | undefined);
    case "rmsprop":
      return rmsprop(settings?.learningRate, settings as RmspropOptions | undefined);
  }
}

export const UPDATE_RULES = ["momentum", "nesterov", "adam", "rmsprop"] as const;

export type UpdateRule = (typeof UPDATE_RULES)[number];

/** What an engine is told of an optimiser; `constants` are read by the rule, see `engine/typescript.ts`. */
export interface Update {
  readonly rule: UpdateRule;
  readonly constants: readonly [number, number, number, number];
}

export function updateOf(optimizer: Optimizer): Update {
  switch (optimizer.name) {
    case "sgd":
      return { rule: optimizer.nesterov ? "nesterov" : "momentum", constants: [optimizer.momentum, 0, 0, 0] };
    case "adam":
    case "adamW": {
      const decay = optimizer.name === "adamW" ? optimizer.weightDecay * optimizer.learningRate : 0;
      return { rule: "adam", constants: [1 - optimizer.beta1, 1 - optimizer.beta2, optimizer.epsilon, decay] };
    }
    case "rmsprop":
      return { rule: "rmsprop", constants: [optimizer.rho, 1 - optimizer.rho, optimizer.epsilon, optimizer.momentum] };
  }
}

/** βᵗ for the two decays after t steps, which is all that a later step's rate depends on. */
export interface StepCount {
  readonly beta1Power: number;
  readonly beta2Power: number;
}

/**
 * Writes the rates of the next `rates.length` steps, in f64 before the store to f32, and says where they end. Made here
 * and not in the engines, so that both read the same bits.
 */
export function nextRates(optimizer: Optimizer, count: StepCount, rates: Float32Array): StepCount {
  if (optimizer.name !== "adam" && optimizer.name !== "adamW") {
    rates.fill(optimizer.learningRate);
    return count;
  }
  let { beta1Power, beta2Power } = count;
  for (let step = 0; step < rates.length; step++) {
    beta1Power *= optimizer.beta1;
    beta2Power *= optimizer.beta2;
    rates[step] = (optimizer.learningRate * Math.sqrt(1 - beta2Power)) / (1 - beta1Power);
  }
  return { beta1Power, beta2Power };
}

function adamSettings(learningRate: number, options: AdamOptions): AdamSettings {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
  return { learningRate, beta1, beta2, epsilon };
}

function checked<O extends Optimizer>(optimizer: O): O {
  for (const [setting, value] of Object.entries(optimizer)) {
    const subject = `\`${setting}\` of ${optimizer.name}`;
    if (setting === "name") continue;
    if (setting === "nesterov") {
      if (typeof value !== "boolean")
        throw new ValidationError(`${subject} must be true or false, but got ${show(value)}.`);
    } else if (setting === "learningRate" || setting === "epsilon") {
      finiteNumber(subject, value, "a finite number > 0", (number) => number > 0);
    } else if (setting === "weightDecay") {
      finiteNumber(subject, value, "a finite number >= 0", (number) => number >= 0);
    } else {
      finiteNumber(subject, value, "at least 0 and below 1", (number) => number >= 0 && number < 1);
    }
  }
  return optimizer;
}
