import { describe, expect, test } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import { boolean, categorical, fixed, ordinal } from "../../src/space/choice.ts";
import { createSpace, list, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import { spaceFromSpecJson } from "../../src/space/spec-json.ts";

describe("a space as JSON", () => {
  test("is what the same declaration in TypeScript is", () => {
    const json = JSON.parse(`{
      "lr": { "type": "float", "low": 1e-5, "high": 0.1, "log": true, "default": 0.001 },
      "model": {
        "units": { "type": "int", "low": 20, "high": 60, "step": 10 },
        "activation": { "type": "categorical", "choices": ["relu", "tanh"] },
        "batch": { "type": "ordinal", "choices": [16, 32] }
      },
      "optimizer": {
        "oneOf": {
          "sgd": { "momentum": { "type": "float", "low": 0, "high": 0.99 }, "nesterov": { "type": "boolean" } },
          "adam": {}
        }
      },
      "layers": { "list": { "width": { "type": "int", "low": 1, "high": 9 } }, "min": 0, "max": 2 },
      "seed": { "type": "fixed", "value": 7 }
    }`);
    const declared = createSpace({
      lr: float(1e-5, 0.1, { log: true, default: 0.001 }),
      model: {
        units: int(20, 60, { step: 10 }),
        activation: categorical(["relu", "tanh"]),
        batch: ordinal([16, 32]),
      },
      optimizer: oneOf({ sgd: { momentum: float(0, 0.99), nesterov: boolean() }, adam: {} }),
      layers: list({ width: int(1, 9) }, { min: 0, max: 2 }),
      seed: fixed(7),
    });
    expect(spaceFromSpecJson(json).toJSON()).toEqual(declared.toJSON());
  });

  test("may make a parameter depend on another: its values, the branch of a oneOf, the length of a list", () => {
    const unit = { type: "float", low: 0, high: 1 };
    const space = spaceFromSpecJson({
      early: { ...unit, when: { kind: ["b", "c"] } },
      group: {
        gamma: { ...unit, when: { degree: { atLeast: 2 }, kind: "a" } },
        degree: { type: "int", low: 1, high: 3 },
      },
      nested: { oneOf: { x: { size: unit }, y: {} }, when: { kind: "b" } },
      late: { ...unit, when: { nested: "x", layers: { atLeast: 1 } } },
      layers: { list: { w: unit }, min: 0, max: 2 },
      kind: { type: "categorical", choices: ["a", "b", "c"] },
    });
    const conditions = Object.fromEntries(space.dimensions.map(({ name, conditions }) => [name, conditions]));
    expect(conditions.early).toEqual([{ parent: "kind", values: ["b", "c"] }]);
    expect(conditions["group.gamma"]).toEqual([
      { parent: "group.degree", atLeast: 2 },
      { parent: "kind", values: ["a"] },
    ]);
    expect(conditions["nested.kind"]).toEqual([{ parent: "kind", values: ["b"] }]);
    expect(conditions["nested.size"]).toEqual([{ parent: "nested.kind", values: ["x"] }]);
    expect(conditions.late).toEqual([
      { parent: "nested.kind", values: ["x"] },
      { parent: "layers.length", atLeast: 1 },
    ]);
    const names = space.dimensions.map(({ name }) => name);
    expect(names.indexOf("kind")).toBeLessThan(names.indexOf("early"));
  });
});

const unit = { type: "float", low: 0, high: 1 };
let deep: object = unit;
for (let i = 0; i < 5000; i++) deep = { a: deep };

describe("a wrong space is refused with the place of the fault:", () => {
  test.each<[string, unknown, string]>([
    ["no object", [1], "The space is wrong at its top: A space and each group in it must be an object of parameters"],
    ["empty", {}, "A space needs at least one parameter"],
    ["an empty group", { a: unit, b: {} }, 'got an empty object at "b"'],
    [
      "ends in the wrong order",
      { m: { lr: { type: "float", low: 1, high: 0 } } },
      'at "m.lr": `low <= high` must hold',
    ],
    [
      "a missing end",
      { lr: { type: "float", low: 1 } },
      'at "lr": `high` of a float must be a finite number, but got undefined',
    ],
    [
      "an unknown type",
      { lr: { type: "flaot" } },
      'one of float, int, categorical, ordinal, boolean, fixed, but got "flaot"',
    ],
    ["a type that objects inherit", { lr: { type: "constructor" } }, 'but got "constructor"'],
    [
      "a misspelt setting",
      { lr: { ...unit, logg: true } },
      'at "lr": There is no setting "logg" here. There are: type, low',
    ],
    ["a plain value", { lr: 0.1 }, 'at "lr": A parameter must be an object such as {"type"'],
    ["a parameter without type", { lr: { low: 0, high: 1 } }, 'at "lr.low": A parameter must be an object'],
    [
      "equal choices",
      { a: { type: "ordinal", choices: [1, 1] } },
      'at "a": The choices of a parameter of type ordinal must differ',
    ],
    [
      "no choices",
      { a: { type: "categorical", choices: "ab" } },
      'at "a": A parameter of type categorical needs a list',
    ],
    [
      "branches that are none",
      { o: { oneOf: ["a", "b"] } },
      'at "o": `oneOf` must be an object of branches, but got ["a","b"]',
    ],
    [
      "a fault in a branch",
      { o: { oneOf: { a: { x: { type: "int", low: 0.5, high: 2 } } } } },
      'at "o.a.x": `low` of an int',
    ],
    ["a list without size", { l: { list: { a: unit } } }, 'at "l": `0 <= min <= max`'],
    ["a list without end", { l: { list: { a: unit }, min: 0, max: 1e12 } }, "at most 1000 elements"],
    ["__proto__", JSON.parse('{"a": {"__proto__": {"type": "boolean"}}}'), 'cannot be named "__proto__"'],
    ["constructor", { constructor: unit }, 'cannot be named "constructor"'],
    ["a name with a dot", { "a.b": unit }, "must have no dot"],
    ["5,000 levels", deep, "must not nest deeper than 32 levels"],
    [
      "a when without parent",
      { a: { ...unit, when: { b: 1 } } },
      'at "a": `when` must name a parameter of the space, but got "b"',
    ],
    ["a when that is no object", { a: { ...unit, when: "b" } }, 'at "a": `when` must be an object'],
    ["a when with a wrong value", { a: { ...unit, when: { k: "z" } }, k: { type: "boolean" } }, '"a" asks for "z"'],
    [
      "a when with a wrong rule",
      { a: { ...unit, when: { k: { above: 1 } } }, k: { type: "boolean" } },
      '{"atLeast": number}',
    ],
    [
      "a when in a branch",
      { o: { oneOf: { a: { x: { ...unit, when: { k: 1 } } } } } },
      "`when` cannot stand inside `oneOf`",
    ],
    [
      "a circle",
      { a: { ...unit, when: { b: 0 } }, b: { ...unit, when: { a: 0 } } },
      "must not depend on each other in a circle",
    ],
    ["itself as parent", { a: { ...unit, when: { a: 0 } } }, "in a circle, but these do: a"],
  ])("%s", (_, json, message) => {
    expect(() => spaceFromSpecJson(json)).toThrow(ValidationError);
    expect(() => spaceFromSpecJson(json)).toThrow(message);
  });
});
