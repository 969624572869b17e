/** Ten parameters of a training, of every kind: the space over which the library itself is measured. */
import { boolean, categorical, float, int } from "assay";

export const tenParameters = {
  lr: float(1e-5, 1, { log: true }),
  momentum: float(0, 0.99),
  decay: float(1e-6, 1e-2, { log: true }),
  dropout: float(0, 0.5, { step: 0.05 }),
  layers: int(1, 8),
  units: int(16, 512, { log: true }),
  batch: int(16, 256, { step: 16 }),
  activation: categorical(["relu", "tanh", "gelu"]),
  optimizer: categorical(["sgd", "adam", "adamw"]),
  bias: boolean(),
};
