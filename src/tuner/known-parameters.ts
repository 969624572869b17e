/** What a tuner's hyperparameters know before a hypermodel asks for any. */
import type { Space } from "../space/space.ts";
import type { KnownParameters } from "./hyper-parameters.ts";
import { newEntriesOf, type TunerOptions } from "./tuner-options.ts";

/** What was registered in advance. */
export function registered(options: TunerOptions<unknown>): KnownParameters {
  const dimensions = options.hyperparameters?.dimensions ?? [];
  return { dimensions, overrides: dimensions.map(({ name }) => name), newEntries: newEntriesOf(options) };
}

/** In a trial: the study's space, in which what is not searched is fixed. */
export function knownIn(
  { dimensions }: Space,
  options: TunerOptions<unknown>,
): Required<Pick<KnownParameters, "dimensions" | "overrides" | "newEntries">> {
  const newEntries = newEntriesOf(options);
  const advance = options.hyperparameters?.dimensions ?? [];
  const overrides = (newEntries === "fix" ? dimensions : advance).map(({ name }) => name);
  return { dimensions, overrides, newEntries };
}
