/**
 * A network in an engine's memory, from the moment its weights and data are copied in until the engine is given back.
 */
import type { Rng } from "../math/rng.ts";
import { copyRows, type Table } from "./data.ts";
import type { Dataset, EngineName } from "./engine/engine.ts";
import type { Plan, Tensor } from "./engine/plan.ts";
import { borrowEngine, returnEngine } from "./engine/pool.ts";
import type { LossName } from "./losses.ts";
import { type Network, planNetwork } from "./network.ts";
import { nextRates, type Optimizer, type StepCount } from "./optimizers.ts";

/** What an optimiser remembers from step to step: its two slots as they lie in memory, and how far its decays are. */
export interface OptimizerState {
  readonly slots: Float32Array;
  readonly count: StepCount;
}

/** Rows of a table with what they are compared with; without `targets`, for prediction only. */
export interface DataPart {
  readonly table: Table;
  readonly first: number;
  readonly last: number;
  /** [last − first, output units], packed. */
  readonly targets?: Float32Array;
  /** [last − first]. */
  readonly weights?: Float32Array;
}

/** Rows in the engine, their predictions and what those are compared with. */
export interface LoadedData {
  readonly rows: number;
  readonly targets: Float32Array;
  /** Copies the last predictions out, [rows, output units], packed. */
  predictions(): Float32Array;
}

/** An epoch that has begun. */
export interface EpochSteps {
  readonly batches: number;
  rowsOf(batch: number): number;
  /** An optimiser step for each batch of [first, last); Σ of (rows × loss), penalties included. */
  train(first: number, last: number): number;
}

export interface Session {
  setWeights(weights: readonly Float32Array[]): void;
  getWeights(): Float32Array[];
  getOptimizerState(): OptimizerState;
  load(part: DataPart): LoadedData;
  /** Lays out an epoch; its batches are then trained in their order, and the next one is begun after the last of them. */
  beginEpoch(data: LoadedData, batchSize: number, shuffle: boolean, rng: Rng): EpochSteps;
  /** Predicts every row; the mean loss, penalties included, where there are targets. */
  infer(data: LoadedData): number;
  close(): void;
}

export interface SessionOptions {
  readonly network: Network;
  readonly batchSize: number;
  readonly loss: LossName;
  readonly optimizer: Optimizer;
  readonly engine: EngineName | undefined;
  readonly weights: readonly Float32Array[];
  readonly optimizerState?: OptimizerState | undefined;
}

export function openSession(options: SessionOptions): Session {
  const { network, optimizer } = options;
  const plan = planNetwork(network, options.batchSize, options.loss, optimizer);
  const engine = borrowEngine(options.engine);
  const { parameters } = plan;
  const slots = parameters.offset + 2 * parameters.size;
  const loaded = new Map<LoadedData, Dataset>();
  let end = plan.end;
  let count: StepCount = options.optimizerState?.count ?? { beta1Power: 1, beta2Power: 1 };

  /** Room for `words` more; the engine's memory may hold an earlier user's numbers there. */
  const allocate = (words: number): number => {
    const offset = end;
    end += (words + 3) & ~3;
    engine.reserve(end);
    return offset;
  };

  engine.reserve(end);
  engine.f32.fill(0, 0, end);
  engine.use(plan);
  if (options.optimizerState !== undefined) engine.f32.set(options.optimizerState.slots, slots);
  for (const [index, tensor] of plan.tensors.entries()) writeTensor(engine.f32, tensor, options.weights[index]!);

  return {
    setWeights: (weights) => {
      for (const [index, tensor] of plan.tensors.entries()) writeTensor(engine.f32, tensor, weights[index]!);
    },
    getWeights: () => plan.tensors.map((tensor) => readTensor(engine.f32, tensor)),
    getOptimizerState: () => ({ slots: engine.f32.slice(slots, slots + 2 * parameters.size), count }),

    load: (part) => {
      const rows = part.last - part.first;
      const { stride } = plan.inputs;
      const { units } = plan.outputs;
      const dataset = {
        rows,
        inputs: allocate(rows * stride),
        targets: part.targets === undefined ? 0 : allocate(rows * units),
        weights: part.targets === undefined ? 0 : allocate(rows),
        predictions: allocate(rows * units),
      };
      copyRows(part.table, part.first, part.last, engine.f32, dataset.inputs, stride);
      if (part.targets !== undefined) {
        engine.f32.set(part.targets, dataset.targets);
        if (part.weights === undefined) engine.f32.fill(1, dataset.weights, dataset.weights + rows);
        else engine.f32.set(part.weights, dataset.weights);
      }
      const data: LoadedData = {
        rows,
        targets: part.targets ?? new Float32Array(0),
        predictions: () => engine.f32.slice(dataset.predictions, dataset.predictions + rows * units),
      };
      loaded.set(data, dataset);
      return data;
    },

    beginEpoch: (data, batchSize, shuffle, rng) => {
      const before = end;
      const batches = Math.ceil(data.rows / batchSize);
      const epoch = {
        batchSize,
        order: allocate(data.rows),
        rates: allocate(batches),
        keys: allocate(plan.ops.length),
      };
      // The next epoch takes the same room again.
      end = before;
      const order = engine.u32.subarray(epoch.order, epoch.order + data.rows);
      if (shuffle) order.set(rng.fork("shuffle").permutation(data.rows));
      else for (let row = 0; row < data.rows; row++) order[row] = row;
      const masks = rng.fork("dropout");
      for (let op = 0; op < plan.ops.length; op++) engine.u32[epoch.keys + op] = masks.fork(op).uint32();
      count = nextRates(optimizer, count, engine.f32.subarray(epoch.rates, epoch.rates + batches));
      const rowOf = (batch: number) => Math.min(batch * batchSize, data.rows);
      return {
        batches,
        rowsOf: (batch) => rowOf(batch + 1) - rowOf(batch),
        train: (first, last) => {
          const steps = { ...epoch, first: rowOf(first), last: rowOf(last), rates: epoch.rates + first };
          return engine.train(loaded.get(data)!, steps);
        },
      };
    },

    infer: (data) => {
      const loss = engine.infer(loaded.get(data)!) / data.rows;
      return data.targets.length === 0 ? loss : loss + penalty(engine.f32, plan);
    },

    close: () => returnEngine(engine),
  };
}

/** Σ l2 Σ W² over the dense layers. */
function penalty(f32: Float32Array, plan: Plan): number {
  let sum = 0;
  for (const op of plan.ops) {
    if (op.kind !== "dense" || op.l2 === 0) continue;
    let squares = 0;
    for (let w = op.kernel; w < op.kernel + op.inputUnits * op.stride; w++) squares += f32[w]! * f32[w]!;
    sum += op.l2 * squares;
  }
  return sum;
}

function writeTensor(f32: Float32Array, { offset, rows, columns, stride }: Tensor, values: Float32Array): void {
  for (let row = 0; row < rows; row++)
    f32.set(values.subarray(row * columns, (row + 1) * columns), offset + row * stride);
}

function readTensor(f32: Float32Array, { offset, rows, columns, stride }: Tensor): Float32Array {
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    values.set(f32.subarray(offset + row * stride, offset + row * stride + columns), row * columns);
  }
  return values;
}
