/**
 * Finding every parameter of a hypermodel before the first trial, without training anything.
 *
 * The model is built with default values, and handed to the hypermodel's `fit` with its own `fit` replaced by one that
 * ends the rehearsal: by then the parameters that `fit` asks for on the way (batch size, epochs) are registered. This is
 * repeated once for each conditional scope, with its parents set to open it. What a hypermodel asks for only after its first
 * training, or behind an `if` of its own that the defaults do not open, is found in the trial that meets it.
 */
import { ValidationError } from "../errors.ts";
import type { Dimension } from "../space/space.ts";
import { disposeOf } from "./disposable.ts";
import { type HyperModel, isTrainable, type TrainingData } from "./hyper-model.ts";
import { HyperParameters, type KnownParameters } from "./hyper-parameters.ts";

/**
 * The parameters that `build` and, where there are data for it, `fit` register, parents before children.
 *
 * @param known those that were registered in advance, which come first
 */
export async function discover<M>(
  hypermodel: HyperModel<M>,
  data: TrainingData | null,
  known: KnownParameters = {},
): Promise<readonly Dimension[]> {
  const hp = new HyperParameters(known);
  do {
    const model = await hypermodel.build(hp);
    try {
      if (data !== null) await rehearse(hypermodel, hp, model, data);
    } finally {
      disposeOf(model);
    }
  } while (hp.enterUnvisitedScope());
  if (hp.dimensions.length === 0) {
    throw new ValidationError(
      "A hypermodel needs at least one parameter, but `build` and `fit` registered none. Ask for one: hp.Int(…), hp.Float(…), hp.Choice(…).",
    );
  }
  return hp.dimensions;
}

/** Runs the hypermodel's `fit` up to the first call of the model's. */
async function rehearse<M>(
  hypermodel: HyperModel<M>,
  hp: HyperParameters,
  model: M,
  data: TrainingData,
): Promise<void> {
  // A model without `fit` is trained by code of the user's own, which cannot be stopped before it trains.
  if (!isTrainable(model)) return;
  const reached = new TrainingReached();
  Object.defineProperty(model, "fit", {
    value: () => {
      throw reached;
    },
  });
  try {
    await hypermodel.fit(hp, model, data);
  } catch (thrown) {
    if (thrown !== reached) throw thrown;
  }
}

/** The signal that ends a rehearsal; not an error. */
class TrainingReached extends Error {
  constructor() {
    super("The rehearsal of a hypermodel's `fit` ends where the training begins.");
    this.name = "TrainingReached";
  }
}
