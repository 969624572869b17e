import * as fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { HyperParameters, type NewEntries } from "../../src/tuner/hyper-parameters.ts";

test("every kind takes its default first, and the first of its range without one", () => {
  const hp = new HyperParameters();
  expect(hp.Int("units", { min: 20, max: 60, step: 10 })).toBe(20);
  expect(hp.Int("layers", { min: 1, max: 4, default: 2 })).toBe(2);
  expect(hp.Float("rate", { min: 0, max: 0.5, step: 0.1 })).toBe(0);
  expect(hp.Float("lr", { min: 1e-4, max: 1e-1, sampling: "log" })).toBe(1e-4);
  expect(hp.Choice("batchSize", [16, 32, 64])).toBe(16);
  expect(hp.Choice("activation", ["relu", "tanh"], { default: "tanh" })).toBe("tanh");
  expect(hp.Boolean("norm")).toBe(false);
  expect(hp.Fixed("seed", 7)).toBe(7);
  expect(hp.values).toEqual({
    units: 20,
    layers: 2,
    rate: 0,
    lr: 1e-4,
    batchSize: 16,
    activation: "tanh",
    norm: false,
    seed: 7,
  });
});

test("choices of numbers are ordered and others are not, unless it is said", () => {
  const hp = new HyperParameters();
  hp.Choice("numbers", [1, 2]);
  hp.Choice("words", ["a", "b"]);
  hp.Choice("codes", [1, 2], { ordered: false });
  expect(hp.dimensions.map(({ parameter }) => parameter.nominal)).toEqual([false, true, true]);
});

test("a logarithmic step is a ratio", () => {
  const hp = new HyperParameters();
  hp.Float("lr", { min: 1e-5, max: 1e-1, sampling: "log", step: 10 });
  hp.Int("units", { min: 4, max: 100, sampling: "log", step: 2 });
  expect(hp.dimensions.map(({ parameter }) => parameter.toJSON().choices)).toEqual([
    [1e-5, 1e-4, 1e-3, 1e-2, 1e-1],
    [4, 8, 16, 32, 64],
  ]);
});

test("values are typed by what is asked for", () => {
  const hp = new HyperParameters();
  expectTypeOf(hp.Int("a", { min: 1, max: 2 })).toEqualTypeOf<number>();
  expectTypeOf(hp.Choice("b", ["x", "y"])).toEqualTypeOf<"x" | "y">();
  expectTypeOf(hp.Choice("c", [16, 32])).toEqualTypeOf<16 | 32>();
  expectTypeOf(hp.Int("d", { min: 1, max: 2, parentName: "b", parentValues: "y" })).toEqualTypeOf<number | undefined>();
  expectTypeOf(hp.conditionalScope("b", "x", () => true)).toEqualTypeOf<boolean | undefined>();
  // @ts-expect-error a range needs both ends
  expect(() => hp.Int("e", { min: 1 })).toThrow("`high` of an int");
});

describe("conditional scopes", () => {
  test("run their body only while the parent has one of the values", () => {
    const hp = new HyperParameters({ values: { optimizer: "sgd" } });
    hp.Choice("optimizer", ["adam", "sgd"]);
    expect(hp.conditionalScope("optimizer", "adam", () => hp.Float("beta", { min: 0, max: 1 }))).toBeUndefined();
    expect(hp.conditionalScope("optimizer", ["sgd"], () => hp.Float("momentum", { min: 0.5, max: 1 }))).toBe(0.5);
    expect(hp.values).toEqual({ optimizer: "sgd", momentum: 0.5 });
    expect(hp.dimensions[1]!.conditions).toEqual([{ parent: "optimizer", values: ["sgd"] }]);
  });

  test("nest, all their conditions holding together", () => {
    const hp = new HyperParameters({ values: { a: true } });
    hp.Boolean("a");
    hp.conditionalScope("a", true, () => {
      hp.Choice("b", [1, 2]);
      hp.conditionalScope("b", 1, () => hp.Int("c", { min: 0, max: 9 }));
    });
    expect(hp.dimensions[2]!.conditions).toEqual([
      { parent: "a", values: [true] },
      { parent: "b", values: [1] },
    ]);
    expect(hp.isActive("c")).toBe(true);
  });

  test("can each have a parameter of one name", () => {
    const build = (hp: HyperParameters) => {
      const kind = hp.Choice("kind", ["small", "large"]);
      const small = hp.conditionalScope("kind", "small", () => hp.Int("units", { min: 1, max: 8 }));
      const large = hp.conditionalScope("kind", "large", () => hp.Int("units", { min: 64, max: 128 }));
      return [kind, small ?? large];
    };
    const hp = new HyperParameters();
    expect(build(hp)).toEqual(["small", 1]);
    expect(hp.enterUnvisitedScope()).toBe(true);
    expect(build(hp)).toEqual(["large", 64]);
    expect(hp.enterUnvisitedScope()).toBe(false);
    expect(hp.dimensions.map(({ name }) => name)).toEqual(["kind", "units", "kind.large.units"]);
    expect(hp.values).toEqual({ kind: "large", units: 64 });
    expect(hp.space.nest(hp.flatParams)).toEqual({ kind: "large", units: 64 });
  });

  test("see the parameters of the scopes around them", () => {
    const hp = new HyperParameters();
    const outer = hp.Boolean("flag");
    hp.conditionalScope("flag", false, () => {
      expect(hp.Boolean("flag")).toBe(outer);
    });
    expect(hp.dimensions).toHaveLength(1);
  });

  test("are the same as parentName and parentValues", () => {
    const hp = new HyperParameters();
    hp.Choice("kind", ["mlp", "linear"]);
    expect(hp.Int("units", { min: 1, max: 9, parentName: "kind", parentValues: "mlp" })).toBe(1);
    expect(hp.Boolean("bias", { parentName: "kind", parentValues: ["linear"] })).toBeUndefined();
    expect(hp.isActive("units")).toBe(true);
  });
});

test("a name scope goes before the names it uses", () => {
  const hp = new HyperParameters();
  hp.nameScope("block", () => hp.nameScope("1", () => hp.Int("units", { min: 3, max: 4 })));
  expect(hp.values).toEqual({ "block/1/units": 3 });
  expect(hp.get("block/1/units")).toBe(3);
});

describe("parameters that were registered in advance", () => {
  const build = (hp: HyperParameters) => {
    const kind = hp.Choice("kind", ["adam", "sgd"]);
    const momentum = hp.conditionalScope("kind", "sgd", () => hp.Float("momentum", { min: 0, max: 1 }));
    return [kind, momentum, hp.Int("units", { min: 1, max: 64 })];
  };
  const given = new HyperParameters();
  given.Fixed("kind", "adam");
  given.Int("units", { min: 8, max: 16, step: 8 });
  const known = (newEntries: NewEntries) =>
    new HyperParameters({ dimensions: given.dimensions, overrides: ["kind", "units"], newEntries });

  test("stand as they are whatever the hypermodel says of them, and their scopes never open", () => {
    const hp = known("tune");
    expect(build(hp)).toEqual(["adam", undefined, 8]);
    expect(hp.enterUnvisitedScope()).toBe(false);
    expect(hp.dimensions).toEqual(given.dimensions);
    expect(build(hp.copy())).toEqual(["adam", undefined, 8]);
  });

  test("let others join the search, have their defaults in it, or be refused", () => {
    const late = (hp: HyperParameters) => hp.Int("late", { min: 2, max: 9, default: 5 });
    const tuned = known("tune");
    expect(late(tuned)).toBe(5);
    expect(tuned.dimensions.at(-1)!.parameter.levels).toBe(8);
    const fixed = known("fix");
    expect([late(fixed), late(fixed)]).toEqual([5, 5]);
    expect(fixed.dimensions.at(-1)!.parameter.levels).toBe(1);
    expect(() => late(known("refuse"))).toThrow(
      'may ask only for the parameters in `hyperparameters`, but asked for "late" (int in [2, 9])',
    );
  });
});

test("JSON and copies have the same parameters and values, and go their own way", () => {
  const hp = new HyperParameters({ values: { kind: "b", rate: 0.3 } });
  hp.Choice("kind", ["a", "b"]);
  hp.conditionalScope("kind", "b", () => hp.Float("rate", { min: 0, max: 1 }));
  const back = HyperParameters.fromJSON(JSON.parse(JSON.stringify(hp)));
  expect(back.values).toEqual({ kind: "b", rate: 0.3 });
  const copy = hp.copy();
  copy.Int("more", { min: 1, max: 2 });
  expect(hp.dimensions).toHaveLength(2);
  expect(copy.values).toEqual({ kind: "b", rate: 0.3, more: 1 });
});

test("what is registered decodes from every point of the unit cube to values the hypermodel is then given", () => {
  const build = (hp: HyperParameters) => ({
    units: hp.Int("units", { min: 8, max: 64, step: 8 }),
    rate: hp.Float("rate", { min: 0, max: 0.5, step: 0.1 }),
    lr: hp.Float("lr", { min: 1e-4, max: 1, sampling: "log" }),
    kind: hp.Choice("kind", ["a", "b"]),
  });
  const first = new HyperParameters();
  build(first);
  const space = first.space;
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }), (point) => {
      const values = space.decode(point);
      const built = build(new HyperParameters({ dimensions: space.dimensions, values }));
      expect(built).toEqual(values);
      expect(built.units % 8).toBe(0);
      expect(String(built.rate).length).toBeLessThanOrEqual(3);
    }),
  );
});

describe("bad parameters are refused", () => {
  const hp = () => new HyperParameters();

  test("ranges, naming the parameter", () => {
    expect(() => hp().Int("units", { min: 9, max: 2 })).toThrow('Int "units": `low <= high` must hold');
    expect(() => hp().Float("lr", { min: 0, max: 1, sampling: "log" })).toThrow('Float "lr": `low > 0` must hold');
    expect(() => hp().Float("lr", { min: 0, max: 1, step: 3 })).toThrow("`step <= high - low`");
    expect(() => hp().Float("lr", { min: 1, max: 9, sampling: "log", step: 0.5 })).toThrow(
      "a ratio in log sampling and must be above 1",
    );
    expect(() => hp().Int("n", { min: 1, max: 9, sampling: "log", step: 1.5 })).toThrow("a whole number above 1");
    expect(() => hp().Float("lr", { min: 0, max: 1, sampling: "cubic" as never })).toThrow(
      '"linear", "log" or "reverseLog", but got "cubic"',
    );
    expect(() => hp().Int("n", { min: 1, max: 9, default: 10 })).toThrow("`default` must be a value of the parameter");
    expect(() => hp().Int("n", 3 as never)).toThrow("needs a range such as { min: 1, max: 8 }, but got 3");
  });

  test("choices", () => {
    expect(() => hp().Choice("c", [])).toThrow("at least one choice");
    expect(() => hp().Choice("c", ["a", "a"])).toThrow("must differ");
    expect(() => hp().Choice<string | number>("c", ["a", 1])).toThrow('of one type, but "c" has string and number');
    expect(() => hp().Choice("c", ["a", "b"], { ordered: true })).toThrow("Only a Choice of numbers can be ordered");
    expect(() => hp().Int("__proto__", { min: 1, max: 2 })).toThrow("cannot be named");
  });

  test("one name for two definitions", () => {
    const one = hp();
    one.Int("units", { min: 1, max: 8 });
    expect(() => one.Int("units", { min: 1, max: 9 })).toThrow(
      '"units" is registered as int in [1, 8] and now asked for as int in [1, 9]',
    );
    one.Boolean("flag");
    one.conditionalScope("flag", false, () => one.Boolean("inner"));
    expect(() => one.Boolean("inner")).toThrow("stands in a conditional scope and also outside it");
  });

  test("parents that are not there, or do not have the value", () => {
    const one = hp();
    one.Choice("kind", ["a", "b"]);
    expect(() => one.conditionalScope("kin", "a", () => {})).toThrow(
      'There is no parameter "kin" yet; registered are: kind',
    );
    expect(() => one.conditionalScope("kind", "c", () => {})).toThrow('needs values of its parent "kind"');
    expect(() => one.conditionalScope("kind", [], () => {})).toThrow("needs values of its parent");
    expect(() => one.Int("n", { min: 1, max: 2, parentName: "kind" } as never)).toThrow("go together");
    expect(() => one.conditionalScope("kind", "a", async () => {})).toThrow("must not be async");
  });

  test("reading what is unknown or not active", () => {
    const one = new HyperParameters({ values: { kind: "b" } });
    one.Choice("kind", ["a", "b"]);
    one.conditionalScope("kind", "b", () => one.Int("n", { min: 1, max: 2 }));
    const other = new HyperParameters({ dimensions: one.dimensions, values: { kind: "a" } });
    expect(() => other.get("n")).toThrow('is not (it is active when kind in ["b"])');
    expect(other.isActive("n")).toBe(false);
    expect(() => other.get("m")).toThrow('no parameter "m" yet');
  });

  test("JSON that is none", () => {
    expect(() => HyperParameters.fromJSON({} as never)).toThrow("A stored space must be a list");
    const json = { space: [{ name: "n", parameter: { type: "int", low: 1, high: 3, step: 1 } }], values: { n: 7 } };
    expect(HyperParameters.fromJSON(json).values).toEqual({ n: 1 });
  });
});
