/**
 * The WebAssembly engine: f32 SIMD, compiled from `../assembly` and embedded in the package. Here the module is loaded, at
 * once and once, and a plan is written where the module reads it.
 */
import { ACTIVATIONS } from "../activations.ts";
import { LOSSES } from "../losses.ts";
import { UPDATE_RULES } from "../optimizers.ts";
import type { Dataset, Engine, Epoch } from "./engine.ts";
import { HEADER_WORDS, OP_WORDS, type Op, type Plan } from "./plan.ts";
import { TRAINER_WASM } from "./trainer.wasm.ts";

/** `undefined` where there is no WebAssembly or it has no SIMD. */
export function createWasmEngine(): Engine | undefined {
  module ??= compileModule();
  if (module === null) return undefined;
  const { memory, train, infer } = new platform!.Instance(module).exports;
  let f32 = new Float32Array(memory.buffer);
  let u32 = new Uint32Array(memory.buffer);
  let plan = 0;
  return {
    name: "wasm",
    get f32() {
      return f32;
    },
    get u32() {
      return u32;
    },
    reserve: (words) => {
      if (words <= f32.length) return;
      memory.grow(Math.ceil((words - f32.length) / WORDS_PER_PAGE));
      f32 = new Float32Array(memory.buffer);
      u32 = new Uint32Array(memory.buffer);
    },
    use: (next) => {
      plan = 4 * next.encoded;
      encodePlan(next, new DataView(memory.buffer, plan));
    },
    train: (data: Dataset, epoch: Epoch) => {
      const [, ...places] = addresses(data);
      const { first, last, batchSize, order, rates, keys } = epoch;
      return train(plan, first, last, ...places, batchSize, 4 * order, 4 * rates, 4 * keys);
    },
    infer: (data: Dataset) => infer(plan, ...addresses(data)),
  };
}

type Places = [inputs: number, targets: number, weights: number, predictions: number];
type Addresses = [rows: number, ...Places];

function addresses({ rows, inputs, targets, weights, predictions }: Dataset): Addresses {
  return [rows, 4 * inputs, 4 * targets, 4 * weights, 4 * predictions];
}

const WORDS_PER_PAGE = 16384;

/** The part of the platform's `WebAssembly` that is used; its types are in no library that a Node package may assume. */
interface Platform {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: Exports };
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  train(
    plan: number,
    first: number,
    last: number,
    ...rest: [...Places, batchSize: number, order: number, rates: number, keys: number]
  ): number;
  infer(plan: number, ...rest: Addresses): number;
}

const platform = (globalThis as unknown as { WebAssembly?: Platform }).WebAssembly;

/** Compiled at the first use; `null` when that cannot be done here. */
let module: object | null | undefined;

function compileModule(): object | null {
  if (platform === undefined) return null;
  try {
    return new platform.Module(Uint8Array.from(atob(TRAINER_WASM), (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}

/** Writes a plan in the layout of `../assembly/plan.ts`: places and strides in bytes, names by their index. */
function encodePlan(plan: Plan, view: DataView): void {
  const write = fieldWriter(view, 0);
  write.u32(
    plan.ops.length,
    plan.firstTrained,
    4 * plan.parameters.offset,
    4 * plan.parameters.size,
    plan.batchSize,
    4 * plan.inputs.stride,
    4 * plan.inputs.buffer,
    plan.outputs.units,
    4 * plan.outputs.stride,
    4 * plan.outputs.buffer,
    4 * plan.gradients[0],
    4 * plan.gradients[1],
    LOSSES.indexOf(plan.loss),
    plan.fused ? 1 : 0,
    UPDATE_RULES.indexOf(plan.update.rule),
    0,
  );
  write.f32(...plan.update.constants);
  for (const [index, op] of plan.ops.entries()) encodeOp(op, fieldWriter(view, 4 * (HEADER_WORDS + OP_WORDS * index)));
}

const KINDS: readonly Op["kind"][] = ["dense", "activation", "dropout", "normalize"];

function encodeOp(op: Op, write: FieldWriter): void {
  write.u32(KINDS.indexOf(op.kind), op.units, 4 * op.stride, 4 * op.input, 4 * op.output);
  switch (op.kind) {
    case "dense":
      write.u32(op.inputUnits, 4 * op.inputStride, 4 * op.kernel, 4 * op.bias, 4 * op.transposed);
      write.f64(op.l2);
      break;
    case "activation":
      write.u32(ACTIVATIONS.indexOf(op.activation));
      break;
    case "dropout":
      write.u32(Math.round(op.rate * 16777216));
      write.f32(1 / (1 - op.rate));
      write.u32(4 * op.mask);
      break;
    case "normalize":
      write.u32(4 * op.gamma, 4 * op.beta, 4 * op.mean, 4 * op.variance, 4 * op.normalized, 4 * op.inverse);
      write.f32(op.epsilon, op.momentum, 1 - op.momentum);
      break;
  }
}

interface FieldWriter {
  u32(...values: number[]): void;
  f32(...values: number[]): void;
  f64(value: number): void;
}

/** Writes fields one behind the other. */
function fieldWriter(view: DataView, start: number): FieldWriter {
  let at = start;
  return {
    u32: (...values) => {
      for (const value of values) {
        view.setUint32(at, value, true);
        at += 4;
      }
    },
    f32: (...values) => {
      for (const value of values) {
        view.setFloat32(at, value, true);
        at += 4;
      }
    },
    f64: (value) => {
      view.setFloat64(at, value, true);
      at += 8;
    },
  };
}
