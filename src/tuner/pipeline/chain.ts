/** Transformers one after the other, each learning from what the one before it made of the training rows. */
import { show, ValidationError } from "../../errors.ts";
import { isRecord, nestParams, type Params, prefixed } from "../param-path.ts";
import type { FittedTransformer, Transformer } from "./transformer.ts";

export type TransformerSteps = Readonly<Record<string, Transformer>>;

/**
 * Params are addressed by the step's name: "impute.strategy".
 *
 * @throws ValidationError for no step, or one that is no transformer
 * @example chain({ impute: simpleImputer({ strategy: "median" }), scale: standardScaler() })
 */
export function chain(steps: TransformerSteps): Transformer {
  if (!isRecord(steps) || Object.keys(steps).length === 0) {
    throw new ValidationError(`A chain needs an object of at least one transformer, but got ${show(steps)}.`);
  }
  for (const [name, step] of Object.entries(steps)) checkTransformer(name, step);
  return {
    getParams: () =>
      Object.assign({}, ...Object.entries(steps).map(([name, step]) => prefixed(name, step.getParams()))),
    withParams: (params) => chain(stepsWith("A chain", steps, params)),
    fit: (x, y) => {
      const fitted: FittedTransformer[] = [];
      let table = x;
      for (const step of Object.values(steps)) {
        const next = step.fit(table, y);
        fitted.push(next);
        table = next.transform(table);
      }
      return {
        columns: table.columns,
        transform: (rows) => fitted.reduce((made, { transform }) => transform(made), rows),
      };
    },
  };
}

/** The steps with these params in them. @throws ValidationError for the name of no step */
export function stepsWith(kind: string, steps: TransformerSteps, params: Params): TransformerSteps {
  const next = { ...steps };
  for (const [name, own] of Object.entries(nestParams(params))) {
    const step = steps[name];
    if (!Object.hasOwn(steps, name) || step === undefined || !isRecord(own)) {
      throw new ValidationError(
        `${kind} takes params of its steps, "<step>.<param>", but got ${show(name)}${isRecord(own) ? "" : ` = ${show(own)}`}. Its steps are: ${Object.keys(steps).join(", ")}.`,
      );
    }
    next[name] = step.withParams(own);
  }
  return next;
}

export function checkTransformer(name: string, step: unknown): void {
  const candidate = step as Partial<Transformer> | null;
  if (typeof candidate?.fit === "function" && typeof candidate.withParams === "function") return;
  throw new ValidationError(
    `Every step that prepares data must be a transformer such as standardScaler(), but ${show(name)} is ${show(step)}.`,
  );
}
