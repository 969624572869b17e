import { choose } from "./choose.ts";

/** The activation functions, by Keras's names. `gelu` is the exact one, x Φ(x); `elu` has α = 1. */
export const ACTIVATIONS = ["linear", "relu", "tanh", "sigmoid", "elu", "gelu", "softmax"] as const;

export type ActivationName = (typeof ACTIVATIONS)[number];

export function toActivation(subject: string, name: unknown): ActivationName {
  return choose(subject, name, ACTIVATIONS);
}
