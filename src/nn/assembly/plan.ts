/**
 * Places in the encoded plan, as `../engine/wasm.ts` writes it: what `../engine/plan.ts` describes, with every offset and
 * stride in bytes. A field is read as `load<u32>(plan + FIELD)`.
 */
export const OPS: usize = 0;
export const FIRST_TRAINED: usize = 4;
export const PARAMETERS: usize = 8;
export const PARAMETER_BYTES: usize = 12;
export const BATCH_SIZE: usize = 16;
export const INPUT_STRIDE: usize = 20;
export const INPUT_BUFFER: usize = 24;
export const OUTPUT_UNITS: usize = 28;
export const OUTPUT_STRIDE: usize = 32;
export const OUTPUT_BUFFER: usize = 36;
export const GRADIENT: usize = 40;
export const OTHER_GRADIENT: usize = 44;
export const LOSS: usize = 48;
export const FUSED: usize = 52;
export const RULE: usize = 56;
/** Four f32. */
export const CONSTANTS: usize = 64;

export const HEADER_BYTES: usize = 128;
export const OP_BYTES: usize = 64;

/** Of every operation. */
export const KIND: usize = 0;
export const UNITS: usize = 4;
export const STRIDE: usize = 8;
export const INPUT: usize = 12;
export const OUTPUT: usize = 16;

export const DENSE: u32 = 0;
export const DENSE_INPUT_UNITS: usize = 20;
export const DENSE_INPUT_STRIDE: usize = 24;
export const DENSE_KERNEL: usize = 28;
export const DENSE_BIAS: usize = 32;
export const DENSE_TRANSPOSED: usize = 36;
/** One f64. */
export const DENSE_L2: usize = 40;

export const ACTIVATION: u32 = 1;
export const ACTIVATION_NAME: usize = 20;

export const DROPOUT: u32 = 2;
export const DROPOUT_THRESHOLD: usize = 20;
export const DROPOUT_SCALE: usize = 24;
export const DROPOUT_MASK: usize = 28;

export const NORMALIZE: u32 = 3;
export const NORMALIZE_GAMMA: usize = 20;
export const NORMALIZE_BETA: usize = 24;
export const NORMALIZE_MEAN: usize = 28;
export const NORMALIZE_VARIANCE: usize = 32;
export const NORMALIZE_NORMALIZED: usize = 36;
export const NORMALIZE_INVERSE: usize = 40;
export const NORMALIZE_EPSILON: usize = 44;
export const NORMALIZE_KEPT: usize = 48;
export const NORMALIZE_TAKEN: usize = 52;

/** Orders of `ACTIVATIONS`, `LOSSES` and `UPDATE_RULES`. */
export const RELU: u32 = 1;
export const TANH: u32 = 2;
export const SIGMOID: u32 = 3;
export const ELU: u32 = 4;
export const GELU: u32 = 5;
export const SOFTMAX: u32 = 6;

export const BINARY_CROSSENTROPY: u32 = 0;
export const CATEGORICAL_CROSSENTROPY: u32 = 1;
export const HUBER: u32 = 3;

export const MOMENTUM: u32 = 0;
export const NESTEROV: u32 = 1;
export const ADAM: u32 = 2;
