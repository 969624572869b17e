import type { ActivationName } from "./activations.ts";
import { choose } from "./choose.ts";

/**
 * The losses, by Keras's names; per row, with p the outputs, z what the last activation got, y the targets, k outputs:
 *
 *   binaryCrossentropy       −(1/k) Σ y log p + (1 − y) log(1 − p)
 *   categoricalCrossentropy  −Σ y log p
 *   meanSquaredError         (1/k) Σ (p − y)²
 *   huber                    (1/k) Σ h(p − y),  h(e) = e²/2 for |e| <= 1, |e| − 1/2 beyond
 *
 * The loss of a batch is the sum of (row weight × row loss) over the number of rows, plus every layer's L2 penalty.
 * A cross-entropy after its own activation (sigmoid, softmax) is computed from z, where nothing can underflow; after
 * any other, from p kept inside [1e-7, 1 − 1e-7] (divided by their sum first, for categories). Both as in Keras, except
 * that Keras takes the logits of a sigmoid for those of a softmax, and the other way round, under the other's loss.
 */
export const LOSSES = ["binaryCrossentropy", "categoricalCrossentropy", "meanSquaredError", "huber"] as const;

export type LossName = (typeof LOSSES)[number];

export function toLoss(name: unknown): LossName {
  return choose("The loss", name, LOSSES);
}

/** Whether a loss after this activation is computed from the activation's input, its gradient being p − y there. */
export function isFused(loss: LossName, activation: ActivationName | undefined): boolean {
  return (
    (loss === "binaryCrossentropy" && activation === "sigmoid") ||
    (loss === "categoricalCrossentropy" && activation === "softmax")
  );
}
