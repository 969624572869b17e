/**
 * What a tuner compiles its models with in place of what the hypermodel chose, as KerasTuner's `optimizer`, `loss` and `metrics`
 * do: a model is compiled anew as soon as it is built, with what is not overridden as it was.
 */
import { show, ValidationError } from "../errors.ts";
import type { HyperModel } from "./hyper-model.ts";
import { TrainingMisused } from "./training-result.ts";

/** Each as the model's own `compile` takes it. Workers need plain data: names, and records such as `adam(1e-3)` of `nn`. */
export interface CompileOverrides {
  readonly optimizer?: string | object;
  readonly loss?: unknown;
  readonly metrics?: readonly unknown[];
}

const NAMES = ["optimizer", "loss", "metrics"] as const;

/** Those of a tuner's options that are given. */
export function compileOverrides(options: CompileOverrides): CompileOverrides {
  return Object.fromEntries(NAMES.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
}

/** @throws ValidationError for metrics that are no list, and for what would be lost on the way to a worker */
export function checkOverrides(options: CompileOverrides, hasWorkers: boolean): void {
  if (options.metrics !== undefined && !Array.isArray(options.metrics)) {
    throw new ValidationError(`\`metrics\` must be a list, but got ${show(options.metrics)}.`);
  }
  const lost = hasWorkers ? NAMES.find((name) => !isPlain(options[name])) : undefined;
  if (lost === undefined) return;
  throw new ValidationError(
    `Workers need a \`${lost}\` of plain data, which can be copied, but got ${show(options[lost])}. Give its name, or compile with it in \`build\`.`,
  );
}

/** The hypermodel, its models compiled anew; itself where nothing is overridden. */
export function compiledWith<M>(hypermodel: HyperModel<M>, overrides: CompileOverrides): HyperModel<M> {
  if (Object.keys(overrides).length === 0) return hypermodel;
  return {
    name: hypermodel.name,
    tunable: hypermodel.tunable,
    build: async (hp) => {
      const model = await hypermodel.build(hp);
      recompile(model, overrides);
      return model;
    },
    fit: (hp, model, data) => hypermodel.fit(hp, model, data),
  };
}

/** @throws TrainingMisused for a model that cannot be, and for what its `compile` refuses: it would in every trial */
function recompile(model: unknown, overrides: CompileOverrides): void {
  const { recompile: own } = (model ?? {}) as { readonly recompile?: (changes: CompileOverrides) => void };
  if (typeof own !== "function") {
    throw new TrainingMisused(
      `\`${Object.keys(overrides).join("`, `")}\` of a tuner need models that can be compiled anew, by a method \`recompile\`, but \`build\` returned ${show(model)}. Compile it so in \`build\`.`,
    );
  }
  try {
    own.call(model, overrides);
  } catch (error) {
    if (error instanceof ValidationError) throw new TrainingMisused(error.message);
    throw error;
  }
}

function isPlain(value: unknown): boolean {
  if (typeof value === "function") return false;
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}
