import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import { boolean, categorical, fixed, ordinal } from "../../src/space/choice.ts";
import { createSpace, list, oneOf, type SpaceSpec } from "../../src/space/declare.ts";
import { spaceFromJson } from "../../src/space/json.ts";
import { float, int } from "../../src/space/numeric.ts";
import { configurations, Space } from "../../src/space/space.ts";

const tree = { eta: float(1e-3, 1, { log: true }), depth: int(1, 15) };
const rich = createSpace({
  model: { units: int(20, 60, { step: 10 }), activation: categorical(["relu", "tanh"]) },
  booster: oneOf({ linear: {}, tree, dart: { ...tree, rate: float(0, 1) } }),
  optimizer: oneOf({
    sgd: { lr: float(1e-4, 1), schedule: oneOf({ none: {}, step: { gamma: float(0.1, 0.9) } }) },
    adam: { lr: float(1e-5, 1e-1) },
  }),
  layers: list({ units: int(16, 64), norm: boolean() }, { min: 0, max: 3 }),
  version: fixed(2),
});
const point = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  minLength: rich.coordinates.length,
  maxLength: rich.coordinates.length,
});

describe("a declared space", () => {
  it("puts parents before children and names them by their place", () => {
    expect(rich.dimensions.map((dimension) => dimension.name)).toEqual([
      "model.units",
      "model.activation",
      "booster.kind",
      "booster.eta",
      "booster.depth",
      "booster.rate",
      "optimizer.kind",
      "optimizer.sgd.lr",
      "optimizer.adam.lr",
      "optimizer.schedule.kind",
      "optimizer.schedule.gamma",
      "layers.length",
      "layers.0.units",
      "layers.0.norm",
      "layers.1.units",
      "layers.1.norm",
      "layers.2.units",
      "layers.2.norm",
      "version",
    ]);
  });

  it("makes one parameter of a name that several branches define alike", () => {
    expect(rich.get("booster.eta")?.conditions).toEqual([{ parent: "booster.kind", values: ["tree", "dart"] }]);
    expect(rich.get("booster.rate")?.conditions).toEqual([{ parent: "booster.kind", values: ["dart"] }]);
  });

  it("nests what it decodes, with only the active branch and elements", () => {
    const params = rich.nest({
      "model.units": 30,
      "model.activation": "relu",
      "booster.kind": "linear",
      "optimizer.kind": "sgd",
      "optimizer.sgd.lr": 0.1,
      "optimizer.schedule.kind": "none",
      "layers.length": 2,
      "layers.0.units": 16,
      "layers.0.norm": true,
      "layers.1.units": 64,
      "layers.1.norm": false,
      version: 2,
    });
    expect(params).toEqual({
      model: { units: 30, activation: "relu" },
      booster: { kind: "linear" },
      optimizer: { kind: "sgd", lr: 0.1, schedule: { kind: "none" } },
      layers: [
        { units: 16, norm: true },
        { units: 64, norm: false },
      ],
      version: 2,
    });
  });

  it("gives an empty list as an empty array", () => {
    const space = createSpace({ extra: list({ x: float(0, 1) }, { min: 0, max: 2 }) });
    expect(space.nest({ "extra.length": 0 })).toEqual({ extra: [] });
    expect(space.flatten({ extra: [] })).toEqual({ "extra.length": 0 });
  });

  it("decodes every point to a configuration that it accepts, nests and flattens back", () => {
    fc.assert(
      fc.property(point, (x) => {
        const params = rich.decode(x);
        rich.check(params);
        expect(rich.flatten(rich.nest(params))).toEqual(params);
        const { x: encoded, active } = rich.encode(params);
        for (let j = 0; j < active.length; j++) {
          expect(active[j] === 1).toBe(Object.hasOwn(params, rich.coordinates[j]!.name));
          if (active[j] === 0) expect(encoded[j]).toBe(0.5);
        }
      }),
    );
  });

  it("survives JSON, defaults included", () => {
    const copy = spaceFromJson(JSON.parse(JSON.stringify(rich)));
    expect(copy.toJSON()).toEqual(rich.toJSON());
    fc.assert(
      fc.property(point, (x) => {
        expect(copy.decode(x)).toEqual(rich.decode(x));
      }),
    );
    const preset = createSpace({ x: float(0, 1, { default: 0.25 }) });
    expect(spaceFromJson(JSON.parse(JSON.stringify(preset))).get("x")?.parameter.default).toBe(0.25);
  });

  it("tells configurations apart by their key, whatever the order of their names", () => {
    expect(rich.key({ version: 2, "model.units": 30 })).toBe(rich.key({ "model.units": 30, version: 2 }));
    expect(rich.key({ version: 2, "model.units": 30 })).not.toBe(rich.key({ version: 2, "model.units": 40 }));
  });
});

describe("the size of a space", () => {
  it("is infinite with a continuous parameter", () => {
    expect(rich.size).toBe(Number.POSITIVE_INFINITY);
  });

  it("is what enumeration counts, with branches and lists", () => {
    const space = createSpace({
      a: int(1, 3),
      b: oneOf({ x: { p: boolean(), q: ordinal([1, 2, 3]) }, y: { p: boolean() }, z: {} }),
      c: list({ u: boolean(), v: oneOf({ s: {}, t: { w: int(0, 1) } }) }, { min: 0, max: 2 }),
    });
    const all = [...configurations(space)];
    expect(space.size).toBe(all.length);
    expect(space.size).toBe(3 * (6 + 2 + 1) * (1 + 6 + 36));
    expect(new Set(all.map((params) => space.key(params))).size).toBe(all.length);
    for (const params of all) space.check(params);
  });

  it("counts a parameter that several parents open together", () => {
    const space = new Space([
      { name: "a", path: ["a"], parameter: int(0, 2), conditions: [] },
      { name: "b", path: ["b"], parameter: boolean(), conditions: [] },
      {
        name: "c",
        path: ["c"],
        parameter: int(1, 5),
        conditions: [
          { parent: "a", atLeast: 1 },
          { parent: "b", values: [true] },
        ],
      },
    ]);
    expect(space.size).toBe([...configurations(space)].length);
    expect(space.size).toBe(6 - 2 + 2 * 5);
  });

  it("is quick for many independent parameters", () => {
    const wide = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`p${i}`, boolean()]));
    expect(createSpace(wide).size).toBe(2 ** 200);
  });

  it("cannot be enumerated when infinite", () => {
    expect(() => [...configurations(rich)]).toThrow(/Only a finite space can be enumerated/);
  });
});

describe("bad spaces and configurations are refused", () => {
  const declared: [string, SpaceSpec, RegExp][] = [
    ["empty", {}, /needs at least one parameter, but got an empty object/],
    ["an empty group", { a: {} }, /empty object at "a"/],
    ["not an object", 3 as never, /declared as an object of parameters, but got 3/],
    ["a plain value as a parameter", { a: 3 as never }, /declared as an object of parameters, but got 3 at "a"/],
    ["__proto__", JSON.parse('{"__proto__": 1}'), /cannot be named "__proto__"/],
    ["constructor", { constructor: float(0, 1) } as never, /cannot be named "constructor"/],
    ["a dot in a name", { "a.b": float(0, 1) }, /must have no dot.*"a\.b"/],
    ["a control character", { "a\u0000": float(0, 1) }, /no control characters/],
    ["an empty name", { "": float(0, 1) }, /string of 1 to 256 characters, but got ""/],
    ["kind in a branch", { m: oneOf({ a: { kind: float(0, 1) } }) }, /cannot be named "kind"/],
  ];
  it.each(declared)("%s", (_name, spec, message) => {
    expect(() => createSpace(spec)).toThrow(ValidationError);
    expect(() => createSpace(spec)).toThrow(message);
  });

  it("names that every object has, such as toString, work as parameters", () => {
    const space = createSpace({ toString: float(0, 1), hasOwnProperty: float(0, 1) } as never);
    const params = space.decode([0.25, 0.75]);
    expect(params).toEqual({ toString: 0.25, hasOwnProperty: 0.75 });
    space.check(params);
    expect(() => space.check({ hasOwnProperty: 0.5 })).toThrow(/"toString".* needs a value/);
  });

  it("a configuration with a missing, foreign, inactive or out-of-range parameter", () => {
    const space = createSpace({ x: float(0, 1), o: oneOf({ a: { y: int(1, 3) }, b: {} }) });
    expect(() => space.check({ "o.kind": "b" })).toThrow(/Parameter "x" \(float in \[0, 1\]\) needs a value/);
    expect(() => space.check({ x: 2, "o.kind": "b" })).toThrow(
      /Parameter "x" must be a value of its range \(float in \[0, 1\]\), but got 2/,
    );
    expect(() => space.check({ x: 0, "o.kind": "b", "o.y": 1 })).toThrow(/"o\.y" is not active .* o\.kind in \["a"\]/);
    expect(() => space.check({ x: 0, "o.kind": "b", z: 1 })).toThrow(/only have parameters of its space, but got "z"/);
    expect(() => space.flatten({ x: 0, o: { kind: "b", y: 1 } })).toThrow(/"o\.y": 1/);
    expect(() => space.flatten({ x: "0" })).toThrow(/"x" must be a value of its range/);
  });

  it("a stored space of an unknown kind", () => {
    expect(() => spaceFromJson([{ name: "x", parameter: { type: "quantum" } }])).toThrow(/one of the types float, int/);
    expect(() => spaceFromJson({} as never)).toThrow(/must be a list of parameters/);
  });

  it("a condition on a parent that is missing or has no such value", () => {
    const x = { name: "x", path: ["x"], parameter: float(0, 1), conditions: [{ parent: "m", values: ["a"] }] };
    expect(() => new Space([x])).toThrow(/"x" depends on "m"/);
    expect(() => new Space([{ name: "m", path: ["m"], parameter: categorical(["b"]), conditions: [] }, x])).toThrow(
      /"x" asks for "a"/,
    );
    expect(() => oneOf({})).toThrow(/at least one branch/);
    expect(() => list({ x: float(0, 1) }, { min: 2, max: 1 })).toThrow(/`0 <= min <= max`/);
  });
});
