import { describe, expect, test } from "vitest";
import { parameterFromJson } from "../../src/space/json.ts";
import type { Parameter, ParamValue } from "../../src/space/parameter.ts";
import { HyperParameters } from "../../src/tuner/hyper-parameters.ts";
import fixture from "../fixtures/tuner/keras-tuner.json" with { type: "json" };

interface Options {
  readonly min_value?: number;
  readonly max_value?: number;
  readonly step?: number;
  readonly sampling?: string;
  readonly values?: readonly (number | string | boolean)[];
  readonly ordered?: boolean;
  readonly value?: number;
}

/** The parameter that our `hp` registers for KerasTuner's call. */
function parameterOf(kind: string, options: Options): Parameter {
  const hp = new HyperParameters();
  const { min_value: min = 0, max_value: max = 0, step, sampling, values = [], ordered } = options;
  const range = {
    min,
    max,
    ...(step === undefined ? {} : { step }),
    ...(sampling === undefined ? {} : { sampling: sampling === "log" ? ("log" as const) : ("reverseLog" as const) }),
  };
  if (kind === "Int") hp.Int("p", range);
  if (kind === "Float") hp.Float("p", range);
  if (kind === "Choice") hp.Choice("p", values as string[], ordered === undefined ? {} : { ordered });
  if (kind === "Boolean") hp.Boolean("p");
  if (kind === "Fixed") hp.Fixed("p", options.value!);
  return hp.dimensions[0]!.parameter;
}

const NAMES = fixture.parameters.map(({ kind, options }) => `${kind} ${JSON.stringify(options)}`);
/** Python keeps a Choice of booleans as integers. */
const asOurs = (value: ParamValue, options: Options): ParamValue =>
  typeof options.values?.[0] === "boolean" ? value === 1 : value;
/** Floor division in Python: 0.5 // 0.1 is 4, so that its last value is lost, and all probabilities with it. */
const LOSES_ITS_LAST = 'Float {"min_value":0,"max_value":0.5,"step":0.1}';

function expectClose(ours: ParamValue, theirs: ParamValue): void {
  if (typeof theirs !== "number" || typeof ours !== "number") expect(ours).toBe(theirs);
  else expect(Math.abs(ours - theirs)).toBeLessThanOrEqual(4e-15 * Math.max(1, Math.abs(theirs)));
}

describe(`values and probabilities are those of KerasTuner ${fixture.versions.kerasTuner}`, () => {
  test.each(NAMES.map((name, index) => [name, index] as const))("%s", (name, index) => {
    const { kind, options, decoded, encoded, default: initial } = fixture.parameters[index]!;
    const parameter = parameterOf(kind, options);
    if (name === LOSES_ITS_LAST) {
      expect(parameter.levels).toBe(6);
      expect([0, 1, 2, 3, 4, 5].map((k) => parameter.level(k))).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5]);
      return;
    }
    for (const [i, u] of fixture.probabilities.entries())
      expectClose(parameter.decode(u), asOurs(decoded[i]!, options));
    for (const [value, u] of encoded as [ParamValue, number][]) {
      const ours = asOurs(value, options);
      // 0.09999999999999987, which theirs decodes for 0, lies outside its own range.
      if (typeof ours === "number" && parameter.contains(ours)) expectClose(parameter.encode(ours), u);
    }
    const first = parameter.default ?? parameter.decode(0);
    // Theirs begins with min even where no step leads there.
    const begins = asOurs(initial, options);
    if (parameter.contains(begins)) expect(first).toBe(begins);
    else expect(first).toBe(parameter.level(parameter.levels - 1));
  });

  test("and every one survives JSON", () => {
    for (const { kind, options } of fixture.parameters) {
      const parameter = parameterOf(kind, options);
      const back = parameterFromJson(JSON.parse(JSON.stringify(parameter)));
      expect(back.toJSON()).toEqual(parameter.toJSON());
      for (const u of fixture.probabilities) expect(back.decode(u)).toBe(parameter.decode(u));
    }
  });
});

test("an integer on a geometric scale decodes to itself from the middle of its cell", () => {
  for (const sampling of ["log", "reverseLog"] as const) {
    const hp = new HyperParameters();
    hp.Int("p", { min: 3, max: 5000, sampling });
    const { parameter } = hp.dimensions[0]!;
    for (let value = 3; value <= 5000; value++) expect(parameter.decode(parameter.encode(value))).toBe(value);
    expect([parameter.levels, parameter.level(0), parameter.level(4997)]).toEqual([4998, 3, 5000]);
    expect([parameter.contains(2), parameter.contains(3.5), parameter.contains("3")]).toEqual([false, false, false]);
  }
});

test("a reversed log scale looks closely at the upper end", () => {
  const hp = new HyperParameters();
  expect(hp.Float("momentum", { min: 0.001, max: 1, sampling: "reverseLog" })).toBe(0.001);
  const { parameter } = hp.dimensions[0]!;
  const shares = [0.25, 0.5, 0.75].map((u) => 1 - (parameter.decode(u) as number));
  expect(shares[0]! / shares[1]!).toBeGreaterThan(5);
  expect(shares[1]! / shares[2]!).toBeGreaterThan(5);
  expect([parameter.decode(0), parameter.decode(1)]).toEqual([0.001, 1]);
});
