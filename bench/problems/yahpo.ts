/**
 * Two surrogates of YAHPO Gym (Apache-2.0), networks that were trained on recorded results: LCBench, neural networks on tables with
 * seven numbers to tune, and rbv2_xgboost, boosting with a conditional space of fourteen parameters. An instance is a data set.
 *
 * The order of the numbers that each network takes is that of its normalisation constants, which is not that of config_space.json:
 * each position's range is the range of the recorded values of its parameter (docs/decisions/058).
 *
 * Source: Pfisterer et al. 2022, YAHPO Gym; the files are from slds-lmu/yahpo_data.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { categorical, createSpace, type FlatParams, float, int, oneOf, type Parameter, type Space } from "assay";
import { dataPath, requiredData } from "./data.ts";
import { endsOf } from "./ends.ts";
import { type OnnxModel, readOnnx, type Tensor } from "./onnx.ts";
import type { Problem } from "./problem.ts";

/** The instances to develop on, by their OpenML tasks and data sets; the others are kept for evaluation. */
export const LCBENCH_INSTANCES =
  "3945 7593 34539 126025 126026 126029 146212 167104 167149 167152 167161 167168 167181 167185 167190 167200 167201".split(
    " ",
  );
export const XGBOOST_INSTANCES = "11 12 16 31 54 470 1461 1501 40499 40966".split(" ");

/** A surrogate's space, and how a configuration becomes its inputs. */
interface Surrogate {
  readonly folder: string;
  readonly space: (parameters: ReadonlyMap<string, Parameter>) => Space;
  /** Numbers, in the order of the network's inputs; "=" is a fidelity that is fixed. */
  readonly numbers: readonly (readonly [name: string, input: (params: FlatParams) => number])[];
  /** Codes of categories, in the order of the network's inputs. */
  readonly categories: (instance: string, params: FlatParams) => readonly (readonly [name: string, value: string])[];
  /** The loss of a row of outputs. */
  readonly loss: (outputs: ArrayLike<number>) => number;
}

const BOOSTED = ["eta", "gamma", "max_depth", "min_child_weight", "colsample_bytree", "colsample_bylevel"] as const;
const DROPPED = ["rate_drop", "skip_drop"] as const;

/** A number that is active where the params have it, and 0 where they have not. */
const number = (name: string, key = name) => [name, (params: FlatParams) => Number(params[key] ?? 0)] as const;
const fixedAt = (name: string, value: number) => [name, () => value] as const;

const SURROGATES = {
  lcbench: {
    folder: "yahpo-lcbench",
    space: (parameters) => createSpace(Object.fromEntries([...parameters].filter(([name]) => name !== "epoch"))),
    numbers: [
      fixedAt("epoch", 52),
      ...["batch_size", "learning_rate", "momentum", "weight_decay", "num_layers", "max_units", "max_dropout"].map(
        (it) => number(it),
      ),
    ],
    categories: (instance) => [["OpenML_task_id", instance]],
    // Training time comes first, then the accuracy of validation in percent.
    loss: (outputs) => 1 - outputs[1]! / 100,
  },
  xgboost: {
    folder: "yahpo-xgboost",
    space: (parameters) => {
      const pick = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, parameters.get(name)!]));
      return createSpace({
        ...pick(["nrounds", "lambda", "alpha", "subsample"]),
        impute: categorical(["impute.mean", "impute.median", "impute.hist"]),
        booster: oneOf({ gblinear: {}, gbtree: pick(BOOSTED), dart: pick([...BOOSTED, ...DROPPED]) }),
      });
    },
    numbers: [
      number("nrounds"),
      ...["eta", "gamma"].map((name) => number(name, `booster.${name}`)),
      ...["lambda", "alpha", "subsample"].map((name) => number(name)),
      ...["max_depth", "min_child_weight", "colsample_bytree", "colsample_bylevel", ...DROPPED].map((name) =>
        number(name, `booster.${name}`),
      ),
      fixedAt("trainsize", 1),
      fixedAt("repl", 10),
    ],
    categories: (instance, params) => [
      ["task_id", instance],
      ["booster", String(params["booster.kind"])],
      ["num.impute.selected.cpo", String(params.impute)],
    ],
    // The accuracy.
    loss: (outputs) => 1 - outputs[0]!,
  },
} satisfies Record<string, Surrogate>;

export type SurrogateName = keyof typeof SURROGATES;

/** Whether a surrogate's files are there. */
export function hasSurrogate(name: SurrogateName): boolean {
  return existsSync(dataPath(SURROGATES[name].folder, "model.onnx"));
}

/** An instance of a surrogate as a problem, with the losses of many configurations at once. */
export interface SurrogateProblem extends Problem {
  evaluateAll(all: readonly FlatParams[]): number[];
}

/**
 * @param instance one of the surrogate's config_space.json
 * @throws Error when the surrogate's folder is absent, or the instance is none of its
 */
export function surrogate(name: SurrogateName, instance: string): SurrogateProblem {
  const { folder, numbers, categories, loss }: Surrogate = SURROGATES[name];
  const { model, codes, space } = load(name);
  if (!Object.hasOwn(codes[categories(instance, {})[0]![0]]!, instance)) {
    throw new Error(`An instance of ${name} must be one of ${join(folder, "config_space.json")}, but got ${instance}.`);
  }
  const evaluateAll = (all: readonly FlatParams[]): number[] => {
    const rows = all.length;
    const width = numbers.length;
    const xCont = Float32Array.from({ length: rows * width }, (_, i) =>
      numbers[i % width]![1](all[Math.floor(i / width)]!),
    );
    const xCat = all.flatMap((params) => categories(instance, params).map(([key, value]) => codes[key]![value]!));
    const inputs: Record<string, Tensor> = {
      x_cont: { shape: [rows, width], data: xCont },
      x_cat: { shape: [rows, xCat.length / rows], data: Int32Array.from(xCat) },
    };
    const { shape, data } = model.run(inputs);
    return all.map((_, row) => loss(data.subarray(row * shape[1]!, (row + 1) * shape[1]!)));
  };
  return {
    name: `${name}/${instance}`,
    space,
    evaluate: (params) => evaluateAll([params])[0]!,
    evaluateAll,
    regret(value) {
      const { best, median } = endsOf(`${name}/${instance}`);
      return (value - best) / (median - best);
    },
  };
}

interface Loaded {
  readonly model: OnnxModel;
  readonly codes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly space: Space;
}

const loaded = new Map<SurrogateName, Loaded>();

/** A surrogate's files, read once for all its instances. */
function load(name: SurrogateName): Loaded {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const read = (file: string) => readFileSync(requiredData(SURROGATES[name].folder, file), "utf8");
  const made: Loaded = {
    model: readOnnx(requiredData(SURROGATES[name].folder, "model.onnx")),
    codes: JSON.parse(read("encoding.json")),
    space: SURROGATES[name].space(parametersOf(JSON.parse(read("config_space.json")).hyperparameters)),
  };
  loaded.set(name, made);
  return made;
}

interface Hyperparameter {
  readonly name: string;
  readonly type: "categorical" | "uniform_int" | "uniform_float";
  readonly log: boolean;
  readonly lower: number;
  readonly upper: number;
}

/** The numbers of a config_space.json. */
function parametersOf(hyperparameters: readonly Hyperparameter[]): Map<string, Parameter> {
  const numeric = hyperparameters.filter(({ type }) => type !== "categorical");
  return new Map(
    numeric.map(({ name, type, log, lower, upper }) => [
      name,
      type === "uniform_int" ? int(lower, upper, { log }) : float(lower, upper, { log }),
    ]),
  );
}
