import { describe, expectTypeOf, it } from "vitest";
import { boolean, categorical, fixed, ordinal } from "../../src/space/choice.ts";
import { createSpace, type InferParams, list, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";

const spec = {
  model: { layers: int(1, 3), activation: categorical(["relu", "tanh"]), bias: boolean() },
  optimizer: oneOf({
    sgd: { lr: float(1e-4, 1, { log: true }), momentum: float(0, 0.99) },
    adam: { lr: float(1e-5, 1e-1, { log: true }) },
    none: {},
  }),
  hidden: list({ units: int(16, 256), activation: categorical(["relu", "elu"]) }, { min: 1, max: 3 }),
  batch: ordinal([16, 32, 64]),
  mixed: categorical(["a", 1, true, null]),
  version: fixed("v2"),
} as const;

type Params = InferParams<typeof spec>;

describe("the types of params", () => {
  it("are inferred for every kind without annotation", () => {
    const space = createSpace(spec);
    expectTypeOf<typeof space.params>().toEqualTypeOf<Params>();
    expectTypeOf<Params["model"]>().toEqualTypeOf<{ layers: number; activation: "relu" | "tanh"; bias: boolean }>();
    expectTypeOf<Params["batch"]>().toEqualTypeOf<16 | 32 | 64>();
    expectTypeOf<Params["mixed"]>().toEqualTypeOf<"a" | 1 | true | null>();
    expectTypeOf<Params["version"]>().toEqualTypeOf<"v2">();
    expectTypeOf<Params["hidden"]>().toEqualTypeOf<{ units: number; activation: "relu" | "elu" }[]>();
  });

  it("narrow by the branch that is active", () => {
    const read = (optimizer: Params["optimizer"]): number => {
      if (optimizer.kind === "sgd") return optimizer.momentum;
      if (optimizer.kind === "adam") return optimizer.lr;
      expectTypeOf(optimizer).toEqualTypeOf<{ kind: "none" }>();
      // @ts-expect-error the empty branch has no learning rate
      return optimizer.lr;
    };
    expectTypeOf(read).parameter(0).toEqualTypeOf<Params["optimizer"]>();
  });

  it("nest as deep as the declaration", () => {
    type Deep = InferParams<{
      a: { b: { c: ReturnType<typeof oneOf<{ x: { d: ReturnType<typeof int> }; y: Record<never, never> }>> } };
    }>;
    expectTypeOf<Deep["a"]["b"]["c"]["kind"]>().toEqualTypeOf<"x" | "y">();
  });

  it("refuse a default that is not a choice", () => {
    // @ts-expect-error "gelu" is not among the choices
    const refused = () => categorical(["relu", "tanh"], { default: "gelu" });
    expectTypeOf(refused).toBeFunction();
  });
});
