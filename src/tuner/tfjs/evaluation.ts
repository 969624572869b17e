/** One pass through a network: its outputs, its loss, and both over many rows. */
import type { Api, Network, Tensor } from "./framework.ts";
import type { Rows } from "./rows.ts";

/** Numbers that were on the device, row-major. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface Evaluation {
  /** Mean over the rows, penalties included; 0 where there are no targets. */
  readonly loss: number;
  /** One for each output. */
  readonly predictions: readonly Values[];
}

export function forward(network: Network, inputs: readonly Tensor[], training: boolean): readonly Tensor[] {
  return [network.apply(inputs, { training })].flat();
}

/**
 * The loss of a batch, as Keras has it: Σ over the outputs of the mean of (row weight × row loss), plus the penalties of
 * all layers.
 */
export function lossOf(
  tf: Api,
  network: Network,
  outputs: readonly Tensor[],
  targets: readonly Tensor[],
  weights: Tensor | undefined,
): Tensor {
  const losses = network.lossFunctions!.map((loss, index) => {
    const rowLoss = loss(targets[index]!, outputs[index]!);
    if (weights === undefined) return tf.mean(rowLoss);
    return tf.mean(tf.mul(rowLoss, tf.reshape(weights, [rowLoss.shape[0]!, ...rowLoss.shape.slice(1).map(() => 1)])));
  });
  return [...losses, ...network.calculateLosses()].reduce((sum, term) => tf.add(sum, term));
}

/** Outputs and loss for the rows [first, last), dropout off, some at a time. */
export function evaluateRows(tf: Api, network: Network, rows: Rows, first: number, last: number): Evaluation {
  const atATime = network.inputs[0]!.shape[0] ?? INFERENCE_ROWS;
  let loss = 0;
  const parts: Float32Array[][] = [];
  let shapes: (readonly number[])[] = [];
  for (let begin = first; begin < last; begin += atATime) {
    const count = Math.min(atATime, last - begin);
    tf.tidy(() => {
      const part = (tensor: Tensor) => (count === rows.count ? tensor : tf.slice(tensor, begin, count));
      const outputs = forward(network, rows.inputs.map(part), false);
      parts.push(outputs.map((output) => Float32Array.from(output.dataSync())));
      shapes = outputs.map(({ shape }) => shape.slice(1));
      if (rows.targets.length === 0) return;
      const targets = rows.targets.map(({ tensor }) => part(tensor));
      const weights = rows.weights && tf.tensor(rows.weights.subarray(begin, begin + count));
      loss += (count / (last - first)) * lossOf(tf, network, outputs, targets, weights).dataSync()[0]!;
    });
  }
  const predictions = shapes.map((shape, output) => ({
    shape: [last - first, ...shape],
    values: concatenate(parts.map((part) => part[output]!)),
  }));
  return { loss, predictions };
}

/** Rows that are predicted at a time, at most. */
const INFERENCE_ROWS = 256;

function concatenate(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
