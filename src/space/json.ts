/**
 * A space as JSON and back: the list of its dimensions. What a study's storage keeps, and what two spaces are compared by.
 */
import { show, ValidationError } from "../errors.ts";
import { boolean, categorical, fixed, ordinal } from "./choice.ts";
import { geometric } from "./geometric.ts";
import { float, int } from "./numeric.ts";
import type { Parameter, ParameterJson } from "./parameter.ts";
import { type Dimension, type DimensionJson, Space, type SpaceJson } from "./space.ts";

/** How each kind is read; the one place that knows them all. */
// biome-ignore lint/suspicious/noExplicitAny: each reader validates the settings it takes
const READERS: Readonly<Record<string, (json: any) => Parameter>> = {
  float: (json) => float(json.low, json.high, json),
  int: (json) => int(json.low, json.high, json),
  geometric: (json) => geometric(json.low, json.high, json),
  categorical: (json) => categorical(json.choices, json),
  ordinal: (json) => ordinal(json.choices, json),
  boolean: (json) => boolean(json),
  fixed: (json) => fixed(json.value),
};

/** The parameter that `parameter.toJSON()` wrote. @throws ValidationError for an unknown type or wrong settings */
export function parameterFromJson(json: ParameterJson): Parameter {
  const read =
    typeof json === "object" && json !== null && Object.hasOwn(READERS, json.type) ? READERS[json.type] : undefined;
  if (read === undefined) {
    throw new ValidationError(
      `A stored parameter must have one of the types ${Object.keys(READERS).join(", ")}, but got ${show(json)}.`,
    );
  }
  return read(json);
}

/** The space that `space.toJSON()` wrote. @throws ValidationError when it is none */
export function spaceFromJson(json: SpaceJson): Space {
  if (!Array.isArray(json))
    throw new ValidationError(`A stored space must be a list of parameters, but got ${show(json)}.`);
  return new Space(json.map(dimensionFromJson));
}

function dimensionFromJson(json: DimensionJson): Dimension {
  return {
    name: json.name,
    path: json.path ?? [json.name],
    parameter: parameterFromJson(json.parameter),
    conditions: json.when ?? [],
    ...(json.listLength ? { listLength: true as const } : {}),
  };
}
