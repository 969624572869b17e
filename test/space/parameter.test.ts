import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import { boolean, categorical, fixed, ordinal } from "../../src/space/choice.ts";
import { createSpace } from "../../src/space/declare.ts";
import { parameterFromJson } from "../../src/space/json.ts";
import { float, int } from "../../src/space/numeric.ts";
import type { Parameter } from "../../src/space/parameter.ts";
import { configurations } from "../../src/space/space.ts";

const examples: Record<string, Parameter> = {
  float: float(-2, 3),
  "float, log": float(1e-5, 1e-1, { log: true }),
  "float, step": float(0, 0.5, { step: 0.1 }),
  "float, log, step": float(0.1, 2.5, { log: true, step: 0.1 }),
  "float of one value": float(3, 3),
  "float of three doubles": float(1, 1.0000000000000004),
  "float, log, of a few doubles": float(1e9, 1000000000.000001, { log: true }),
  "float of doubles around 0": float(-1e-323, 5e-324),
  "float, log, of doubles next to 0": float(5e-324, 1e-320, { log: true }),
  "float, wide": float(-8e307, 8e307),
  "float, subnormal": float(5e-324, 1e-300, { log: true }),
  int: int(-3, 9),
  "int, step": int(20, 60, { step: 10 }),
  "int, log": int(1, 4096, { log: true }),
  "int, log, step": int(8, 256, { log: true, step: 8 }),
  "int of one value": int(7, 7),
  "int near 2^53": int(Number.MAX_SAFE_INTEGER - 1000, Number.MAX_SAFE_INTEGER),
  "int with 2^51 levels": int(1, 2 ** 51),
  "int, log, 2^46": int(1, 2 ** 46, { log: true }),
  categorical: categorical(["a", "b", null, 3, true]),
  "categorical of 1e5": categorical(Array.from({ length: 1e5 }, (_, i) => i)),
  ordinal: ordinal([16, 32, 64]),
  boolean: boolean(),
  fixed: fixed("only"),
};

describe.each(Object.entries(examples))("the parameter %s", (_name, parameter) => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });

  it("decodes every coordinate to a value it contains, which encodes into [0, 1]", () => {
    fc.assert(
      fc.property(unit, (u) => {
        const value = parameter.decode(u);
        expect(parameter.contains(value)).toBe(true);
        expect(parameter.encode(value)).toBeGreaterThanOrEqual(0);
        expect(parameter.encode(value)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("decodes what it encodes: exactly where it is discrete, to rounding where it is continuous", () => {
    fc.assert(
      fc.property(unit, (u) => {
        const value = parameter.decode(u);
        const back = parameter.decode(parameter.encode(value));
        if (Number.isFinite(parameter.levels)) expect(back).toBe(value);
        else expect(Math.abs(parameter.encode(back) - parameter.encode(value))).toBeLessThanOrEqual(4e-16);
      }),
    );
  });

  it("takes coordinates outside [0, 1] to the nearer end", () => {
    expect(parameter.decode(-0.5)).toBe(parameter.decode(0));
    expect(parameter.decode(1.5)).toBe(parameter.decode(1));
  });

  it("lists its levels in order, each the value of its own cell", () => {
    if (!Number.isFinite(parameter.levels)) return expect(parameter.width).toBe(1);
    for (const k of [0, 1, Math.floor(parameter.levels / 2), parameter.levels - 1].filter(
      (k) => k < parameter.levels,
    )) {
      const value = parameter.level(k);
      expect(parameter.contains(value)).toBe(true);
      expect(parameter.decode(parameter.encode(value))).toBe(value);
    }
    return expect(parameter.width).toBe(parameter.levels === 1 ? 0 : 1);
  });

  it("survives JSON", () => {
    const json = parameter.toJSON();
    const copy = parameterFromJson(JSON.parse(JSON.stringify(json)));
    expect(copy.toJSON()).toEqual(json);
    expect(copy.describe()).toBe(parameter.describe());
  });
});

describe("a grid of steps", () => {
  it("has values rounded once, not sums of rounded steps", () => {
    const dropout = float(0, 0.5, { step: 0.1 });
    expect(Array.from({ length: dropout.levels }, (_, k) => dropout.level(k))).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5]);
    const tiny = float(1e-7, 1e-6, { step: 1e-7 });
    expect(Array.from({ length: tiny.levels }, (_, k) => String(tiny.level(k)))).toEqual([
      "1e-7",
      "2e-7",
      "3e-7",
      "4e-7",
      "5e-7",
      "6e-7",
      "7e-7",
      "8e-7",
      "9e-7",
      "0.000001",
    ]);
  });

  it("equals the decimal it is meant to be, for any decimal low and step", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 6 }),
        (low, step, n, scale) => {
          const decimal = (digits: number) => Number(`${digits}e-${scale}`);
          const parameter = float(decimal(low), decimal(low + n * step), { step: decimal(step) });
          expect(parameter.levels).toBe(n + 1);
          for (const k of [0, 1, n]) expect(parameter.level(k)).toBe(decimal(low + k * step));
        },
      ),
    );
  });

  it("ends at the last value at or below high, and contains no value between its steps", () => {
    const parameter = float(0, 1, { step: 0.3 });
    expect(parameter.level(parameter.levels - 1)).toBe(0.9);
    expect(parameter.decode(1)).toBe(0.9);
    expect(parameter.contains(0.3)).toBe(true);
    expect(parameter.contains(0.1 + 0.2)).toBe(false);
    expect(parameter.contains(1)).toBe(false);
  });

  it("gives each value of a linear grid the same share of the unit interval", () => {
    const parameter = int(20, 60, { step: 10 });
    const counts = new Map<number, number>();
    for (let i = 0; i < 1000; i++)
      counts.set(parameter.decode((i + 0.5) / 1000), (counts.get(parameter.decode((i + 0.5) / 1000)) ?? 0) + 1);
    expect([...counts]).toEqual([
      [20, 200],
      [30, 200],
      [40, 200],
      [50, 200],
      [60, 200],
    ]);
  });
});

describe("a range of a few doubles", () => {
  const values = (parameter: Parameter<number>) =>
    Array.from({ length: parameter.levels }, (_, k) => parameter.level(k));

  it("has just these as its levels", () => {
    expect(values(float(1, 1.0000000000000007))).toEqual([
      1, 1.0000000000000002, 1.0000000000000004, 1.0000000000000007,
    ]);
    expect(values(float(-5e-324, 1e-323))).toEqual([-5e-324, 0, 5e-324, 1e-323]);
    // Two binades: the doubles above 2 are twice as far apart.
    expect(values(float(2 - 2 ** -52, 2 + 2 ** -51, { log: true }))).toEqual([2 - 2 ** -52, 2, 2 + 2 ** -51]);
    expect(float(1, 1 + 65_535 * Number.EPSILON).levels).toBe(65_536);
    expect(float(1, 1 + 65_536 * Number.EPSILON).levels).toBe(Number.POSITIVE_INFINITY);
  });

  it("is finite as a space, and still written as a range", () => {
    const space = createSpace({ x: float(1, 1.0000000000000004), y: float(1e9, 1000000000.0000002, { log: true }) });
    expect(space.size).toBe(9);
    expect([...configurations(space)]).toHaveLength(9);
    expect(space.get("x")!.parameter.toJSON()).toEqual({ type: "float", low: 1, high: 1.0000000000000004 });
  });
});

describe("log scale", () => {
  it("gives each factor the same share and reaches both ends exactly", () => {
    const lr = float(1e-5, 1e-1, { log: true });
    expect(lr.decode(0)).toBe(1e-5);
    expect(lr.decode(1)).toBe(1e-1);
    expect(lr.decode(0.5)).toBeCloseTo(1e-3, 12);
    const units = int(1, 1024, { log: true });
    expect(units.decode(0)).toBe(1);
    expect(units.decode(1)).toBe(1024);
  });
});

describe("bad definitions are refused with the rule, the subject, what was got and the remedy", () => {
  const cases: [string, () => unknown, RegExp][] = [
    ["low above high", () => float(1, 0.1), /`low <= high` must hold .* low=1, high=0\.1/],
    ["log from zero", () => float(0, 1, { log: true }), /`low > 0` must hold .* log scale.* low=0/],
    ["log int from zero", () => int(0, 8, { log: true }), /`low > 0` must hold/],
    ["NaN", () => float(Number.NaN, 1), /`low` of a float must be a finite number, but got NaN/],
    [
      "infinite",
      () => float(0, Number.POSITIVE_INFINITY),
      /`high` of a float must be a finite number, but got Infinity/,
    ],
    ["a range that overflows", () => float(-1.7e308, 1.7e308), /`high - low` of a float must be finite/],
    ["a string", () => float("0" as never, 1), /`low` of a float must be a finite number, but got "0"/],
    ["a step beyond the range", () => float(0, 1, { step: 2 }), /`step <= high - low` must hold .* step=2.*fixed\(0\)/],
    ["a step of zero", () => float(0, 1, { step: 0 }), /`step > 0` must hold .* step=0/],
    ["a fractional int", () => int(0.5, 3), /`low` of an int must be an integer .* got 0\.5/],
    ["an int beyond 2^53", () => int(0, 2 ** 53), /`high` of an int must be an integer .* got 9007199254740992/],
    [
      "more levels than a coordinate tells apart",
      () => int(0, Number.MAX_SAFE_INTEGER),
      /at most 2251799813685248 levels/,
    ],
    ["a log int too wide", () => int(1, 2 ** 50, { log: true }), /in log scale can have at most 70368744177664 levels/],
    [
      "a default outside",
      () => float(0, 1, { default: 2 }),
      /`default` must be a value of the parameter \(float in \[0, 1\]\), but got 2/,
    ],
    ["no choices", () => categorical([]), /needs a list of at least one choice, but got \[\]/],
    ["equal choices", () => categorical(["a", "b", "a"]), /must differ, but "a" stands at 0 and 2/],
    ["an object as a choice", () => categorical([{} as never]), /A choice must be .* choice 0 .* is \{\}/],
    ["NaN as a choice", () => ordinal([1, Number.NaN]), /A choice must be .* choice 1 .* is NaN/],
    [
      "a default that is no choice",
      () => categorical(["a"], { default: "b" as never }),
      /`default` must be one of the choices/,
    ],
  ];
  it.each(cases)("%s", (_name, make, message) => {
    expect(make).toThrow(ValidationError);
    expect(make).toThrow(message);
  });
});
