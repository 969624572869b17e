/** A hypermodel scored as noisily as a recall on 400 rows, and without training: the noise is a function of the seed. */
import { createRng } from "../../src/index.ts";
import { HyperModel, type HyperParameters, Objective } from "../../src/tuner/index.ts";

export interface Settings {
  readonly rate: number;
  readonly dropout: number;
  readonly seed: number;
}

export class NoisyRecall extends HyperModel<Settings> {
  /** Called at the beginning of each training. */
  readonly onFit: () => void;

  constructor(onFit: () => void = () => {}) {
    super();
    this.onFit = onFit;
  }

  build(hp: HyperParameters): Settings {
    return {
      rate: hp.Float("rate", { min: 1e-4, max: 1e-1, sampling: "log" }),
      dropout: hp.Float("dropout", { min: 0, max: 0.5, step: 0.1 }),
      seed: hp.seed,
    };
  }

  override fit(_: HyperParameters, { rate, dropout, seed }: Settings): { readonly val_recall: number } {
    this.onFit();
    const lost = 0.05 * (Math.log10(rate) + 2.5) ** 2 + 0.2 * (dropout - 0.2) ** 2;
    return { val_recall: 0.8 - lost + 0.02 * createRng(seed).normal() };
  }
}

export const recall: Objective = new Objective("val_recall", "max");
