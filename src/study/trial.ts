/**
 * A trial while it runs: what the objective is handed. It reads its parameters, reports on its way, and may ask for
 * parameters that no declaration has named yet (define by run).
 */
import { show, ValidationError } from "../errors.ts";
import { boolean, categorical, fixed, ordinal } from "../space/choice.ts";
import { float, int, type NumericOptions } from "../space/numeric.ts";
import type { FlatParams, Parameter, ParameterOptions, ParamValue } from "../space/parameter.ts";
import type { FrozenTrial, Json, Report } from "../trial/trial.ts";
import type { Explanation } from "./expectation.ts";

/** What a running trial needs of its study. */
export interface TrialHost<P> {
  /** The value of a parameter that the trial asks for by name; the space grows by it if it is new. */
  suggest(trial: Trial<P>, name: string, parameter: Parameter): ParamValue;
  /** Whether the pruner wants the trial to stop. */
  report(trial: Trial<P>, report: Report): Promise<boolean>;
  setAttribute(number: number, key: string, value: Json): Promise<void>;
  nest(params: FlatParams): P;
  explain(): Explanation;
}

export class Trial<P = unknown> {
  readonly number: number;
  /** 1, or more where a worker of this trial was lost or gave it back. */
  readonly attempt: number;
  /** Aborted when another worker has the trial, and when the study is told to stop at once; pass it on to what takes long. */
  readonly signal: AbortSignal;
  readonly #host: TrialHost<P>;
  readonly #planned: FlatParams;
  readonly #chosen: Record<string, ParamValue>;
  readonly #reports: Report[] = [];

  /** Trials come from `study.ask` and `study.optimize`. @internal */
  constructor(host: TrialHost<P>, frozen: FrozenTrial, declared: FlatParams, signal: AbortSignal) {
    this.#host = host;
    this.number = frozen.number;
    this.attempt = frozen.attempt;
    this.#planned = frozen.params;
    this.#chosen = { ...declared };
    this.signal = signal;
  }

  /** The configuration to try, in the shape of the declared space. */
  get params(): P {
    return this.#host.nest(this.#chosen);
  }

  /** The same by full parameter name. */
  get flatParams(): FlatParams {
    return { ...this.#chosen };
  }

  /** What the sampler proposed by name, parameters that the objective has not asked for included. @internal */
  get planned(): FlatParams {
    return this.#planned;
  }

  /** Why the sampler suggested this configuration; source `"model"` (`"gp:model"` of `auto()`) with what the surrogate expected of it, where there was one. */
  explain(): Explanation {
    return this.#host.explain();
  }

  get reports(): readonly Report[] {
    return this.#reports;
  }

  /**
   * Reports a value on the way, at a step (epoch, fold, …) that has not been reported yet.
   *
   * @returns whether the trial should stop now, since the pruner wants it to or its study was told to; throw TrialPruned then
   * @throws ValidationError for a step that is not an integer >= 0 or was reported, or a value that is not a number
   */
  async report(step: number, value: number): Promise<boolean> {
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new ValidationError(
        `A report's step must be an integer >= 0, but trial ${this.number} reported step ${show(step)}.`,
      );
    }
    if (typeof value !== "number" || Number.isNaN(value)) {
      throw new ValidationError(
        `A report's value must be a number, but trial ${this.number} reported ${show(value)} at step ${step}.`,
      );
    }
    if (this.#reports.some((report) => report.step === step)) {
      throw new ValidationError(
        `A trial reports each step once, but trial ${this.number} reported step ${step} again.`,
      );
    }
    // It has been given back, and whoever runs it anew reports from the beginning.
    if (this.signal.aborted) return true;
    const report = { step, value };
    const pruned = await this.#host.report(this, report);
    this.#reports.push(report);
    return pruned || this.signal.aborted;
  }

  /** Keeps a JSON value with the trial. */
  setAttribute(key: string, value: Json): Promise<void> {
    return this.#host.setAttribute(this.number, key, value);
  }

  /** The value of a parameter in define-by-run; the same definition must be given in every trial. */
  suggest<T extends ParamValue>(name: string, parameter: Parameter<T>): T {
    const value = this.#host.suggest(this, name, parameter);
    this.#chosen[name] = value;
    return value as T;
  }

  float(name: string, low: number, high: number, options?: NumericOptions): number {
    return this.suggest(name, float(low, high, options));
  }

  int(name: string, low: number, high: number, options?: NumericOptions): number {
    return this.suggest(name, int(low, high, options));
  }

  categorical<const T extends ParamValue>(
    name: string,
    choices: readonly T[],
    options?: ParameterOptions<NoInfer<T>>,
  ): T {
    return this.suggest(name, categorical(choices, options));
  }

  ordinal<const T extends ParamValue>(name: string, choices: readonly T[], options?: ParameterOptions<NoInfer<T>>): T {
    return this.suggest(name, ordinal(choices, options));
  }

  boolean(name: string, options?: ParameterOptions<boolean>): boolean {
    return this.suggest(name, boolean(options));
  }

  fixed<const T extends ParamValue>(name: string, value: T): T {
    return this.suggest(name, fixed(value));
  }
}
