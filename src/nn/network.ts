/**
 * A checked list of layers with their names and weights, and its plan in an engine's memory.
 */
import { show, ValidationError } from "../errors.ts";
import { FIRST_WORD, HEADER_WORDS, OP_WORDS, type Op, type Plan, padded, type Tensor } from "./engine/plan.ts";
import type { Layer, WeightSpec } from "./layers.ts";
import { isFused, type LossName } from "./losses.ts";
import { type Optimizer, updateOf } from "./optimizers.ts";

/** A layer in its place. */
export interface PlacedLayer {
  readonly name: string;
  readonly layer: Layer;
  readonly outputUnits: number;
  readonly weights: readonly WeightSpec[];
}

export interface Network {
  readonly inputUnits: number;
  readonly outputUnits: number;
  /** Without the input layer. */
  readonly layers: readonly PlacedLayer[];
  /** Every layer's, in order: the order of `getWeights()`. */
  readonly weights: readonly (WeightSpec & { readonly layer: string })[];
}

/** @throws ValidationError when the layers are not one input followed by at least one other, or share a name */
export function placeLayers(layers: readonly Layer[]): Network {
  const [first, ...rest] = layers;
  if (first?.config.type !== "input") {
    throw new ValidationError(
      `A model must start with \`input(units)\`, but its first layer is ${show(first?.config?.type)}.`,
    );
  }
  if (rest.length === 0)
    throw new ValidationError("A model must have a layer after its input, but got the input alone.");
  const placed: PlacedLayer[] = [];
  const counts = new Map<string, number>();
  let units = first.config.units;
  for (const layer of rest) {
    if (layer.config.type === "input")
      throw new ValidationError("`input` must be a model's first layer only, but got a second.");
    const weights = layer.weights(units);
    units = layer.outputUnits(units);
    const name = layer.config.name ?? automaticName(layer.title, counts);
    if (placed.some((other) => other.name === name)) {
      throw new ValidationError(`Names of layers must be unique within a model, but got ${show(name)} twice.`);
    }
    placed.push({ name, layer, outputUnits: units, weights });
  }
  return {
    inputUnits: first.config.units,
    outputUnits: units,
    layers: placed,
    weights: placed.flatMap(({ name, weights }) => weights.map((weight) => ({ ...weight, layer: name }))),
  };
}

/** The activation that ends the network, where one does. */
export function lastActivation(network: Network): string {
  const { config } = network.layers[network.layers.length - 1]!.layer;
  return "activation" in config ? config.activation : "linear";
}

/** Lays a network out for batches of `batchSize` rows. */
export function planNetwork(network: Network, batchSize: number, loss: LossName, optimizer: Optimizer): Plan {
  const sizeOf = (weight: WeightSpec) =>
    (weight.shape.length === 1 ? 1 : padded(weight.shape[0]!)) * padded(weight.shape.at(-1)!);
  const sizeOfAll = (trainable: boolean) =>
    network.weights.reduce((sum, weight) => sum + (weight.trainable === trainable ? sizeOf(weight) : 0), 0);
  const ops: Op[] = [];
  const tensors: Tensor[] = [];
  const rows = padded(batchSize);
  const encoded = FIRST_WORD;
  const parameters = { offset: encoded + HEADER_WORDS + OP_WORDS * 2 * network.layers.length, size: sizeOfAll(true) };
  let nextTrained = parameters.offset;
  let nextState = parameters.offset + 4 * parameters.size;
  let end = nextState + sizeOfAll(false);

  const place = (weight: WeightSpec): Tensor => {
    const columns = weight.shape.at(-1)!;
    const tensor = { rows: weight.shape.length === 1 ? 1 : weight.shape[0]!, columns, stride: padded(columns) };
    const offset = weight.trainable ? nextTrained : nextState;
    if (weight.trainable) nextTrained += sizeOf(weight);
    else nextState += sizeOf(weight);
    return { offset, ...tensor };
  };
  const buffer = (height: number, width: number): number => {
    end += padded(height) * padded(width);
    return end - padded(height) * padded(width);
  };
  const inputs = {
    units: network.inputUnits,
    stride: padded(network.inputUnits),
    buffer: buffer(rows, network.inputUnits),
  };
  let last = { units: inputs.units, stride: inputs.stride, output: inputs.buffer };
  let widest = inputs.units;
  let firstTrained: number | undefined;
  for (const { layer, weights } of network.layers) {
    const placed = weights.map(place);
    tensors.push(...placed);
    if (weights.length > 0) firstTrained ??= ops.length;
    layer.plan(
      {
        batchSize: rows,
        get last() {
          return last;
        },
        buffer,
        add: (op) => {
          ops.push(op);
          last = { units: op.units, stride: op.stride, output: op.output };
          widest = Math.max(widest, op.units);
        },
      },
      placed,
    );
  }
  const gradients = [buffer(rows, widest), buffer(rows, widest)] as const;
  const lastOp = ops.at(-1);
  return {
    ops,
    firstTrained: firstTrained ?? ops.length,
    parameters,
    tensors,
    batchSize: rows,
    inputs,
    outputs: { units: last.units, stride: last.stride, buffer: last.output },
    gradients,
    loss,
    fused: isFused(loss, lastOp?.kind === "activation" ? lastOp.activation : undefined),
    update: updateOf(optimizer),
    encoded,
    end,
  };
}

/** Keras's automatic names: `dense`, `dense_1`, `batch_normalization`, … */
function automaticName(title: string, counts: Map<string, number>): string {
  const base = title.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase();
  const count = counts.get(base) ?? 0;
  counts.set(base, count + 1);
  return count === 0 ? base : `${base}_${count}`;
}
