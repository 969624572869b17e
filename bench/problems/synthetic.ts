/**
 * Problems that need no data: numeric, mixed, conditional, of many dimensions of which few matter, and noisy ones, each with a known
 * minimum. Their score is 0 there and 1 at the median of 1,001 random configurations, as on the recorded surfaces.
 */
import { categorical, createRng, createSpace, type FlatParams, float, int, oneOf, ordinal, type Space } from "assay";
import { ackley, hartmann6 as hartmann, rosenbrock, type TestFunction } from "assay/testing";
import { median } from "../numbers.ts";
import { branches, branin, corner, hartmann6, mixed14 } from "./functions.ts";
import type { Problem } from "./problem.ts";

type Numbers = Readonly<Record<string, number>>;

interface Definition {
  readonly name: string;
  readonly space: Space;
  readonly loss: (params: FlatParams) => number;
  readonly minimum: number;
}

function problem({ name, space, loss, minimum }: Definition): Problem {
  const rng = createRng(0).fork(name);
  const losses = Array.from({ length: 1001 }, () => loss(space.build(({ parameter }) => parameter.decode(rng.next()))));
  const unit = median(losses) - minimum;
  return {
    name,
    space,
    evaluate: loss,
    regret: (value) => (value - minimum) / unit,
  };
}

/** One of `functions.ts`, on the score of this file. Its minimum is where its own regret is 0. */
function rescored({ name, space, evaluate }: Problem, minimum: number): Problem {
  return problem({ name, space, loss: evaluate, minimum });
}

/** @param bounds other than the function's own, where its minimum would be the centre, with which a search may begin */
function known({ name, space, loss, minimum }: TestFunction, bounds?: readonly [number, number]): Problem {
  const moved = bounds && createSpace(Object.fromEntries(space.dimensions.map((it) => [it.name, float(...bounds)])));
  return problem({ name, space: moved ?? space, loss: (params) => loss(params as Numbers), minimum });
}

/** A smooth optimum at the lower edge of one half of the parameters and the upper edge of the other, two of them on a log scale. */
function edges(): Problem {
  const space = createSpace({
    rate: float(1e-5, 1, { log: true }),
    decay: float(1e-6, 1, { log: true }),
    share: float(0, 1),
    depth: int(1, 12),
  });
  return problem({
    name: "edges",
    space,
    loss(params) {
      const { x } = space.encode(params);
      return 2 * (1 - x[0]!) + x[1]! ** 2 + 1 - Math.sqrt(x[2]!) + 0.5 * (1 - x[3]!);
    },
    // The levels of a whole number lie at the centres of their cells.
    minimum: 0.5 / 24,
  });
}

/** Rates and shares whose logarithms matter, in a space that was declared without `log`: the optimum is in a narrow strip at an end of three parameters. */
function unscaled(): Problem {
  const log = Math.log10;
  return problem({
    name: "unscaled",
    space: createSpace({
      rate: float(1e-5, 1),
      decay: float(1e-6, 1),
      momentum: float(0, 1),
      dropout: float(0, 0.9),
    }),
    loss(params) {
      const { rate, decay, momentum, dropout } = params as Numbers;
      return (
        (log(rate!) + 2.5) ** 2 +
        0.3 * (log(decay!) + 3) ** 2 +
        (log(1 - momentum! + 1e-4) + 1.5) ** 2 +
        2 * (dropout! - 0.3) ** 2
      );
    },
    minimum: 0,
  });
}

/** Five numbers and three choices that shift where the numbers are best: the best choices are no good with other numbers. */
function shifted(): Problem {
  const space = createSpace({
    ...Object.fromEntries(Array.from({ length: 5 }, (_, j) => [`x${j}`, float(0, 1)])),
    kernel: categorical(["a", "b", "c", "d"]),
    scaling: categorical(["none", "unit", "robust"]),
    size: ordinal([16, 32, 64, 128, 256]),
  });
  const SHIFT: Readonly<Record<string, number>> = { a: 0.15, b: 0.4, c: 0.65, d: 0.9 };
  const COST: Readonly<Record<string, number>> = { none: 0.2, unit: 0, robust: 0.05 };
  return problem({
    name: "shifted",
    space,
    loss(params) {
      const centre = SHIFT[params.kernel as string]!;
      const bowl = [0, 1, 2, 3, 4].reduce((sum, j) => sum + ((params[`x${j}`] as number) - centre + 0.05 * j) ** 2, 0);
      return (
        bowl +
        0.3 * Math.abs(centre - 0.65) +
        COST[params.scaling as string]! +
        0.05 * Math.abs(Math.log2(params.size as number) - 6)
      );
    },
    minimum: 0,
  });
}

/** A pipeline of two choices with parameters of their own, whose branches share a number with one best value. */
function pipeline(): Problem {
  return problem({
    name: "pipeline",
    space: createSpace({
      scale: float(1e-3, 1e3, { log: true }),
      reducer: oneOf({ none: {}, projection: { components: int(2, 40, { log: true }) } }),
      model: oneOf({
        linear: { penalty: float(1e-5, 1e2, { log: true }) },
        trees: { penalty: float(1e-5, 1e2, { log: true }), depth: int(1, 16), leaves: int(4, 256, { log: true }) },
        network: {
          rate: float(1e-5, 1e-1, { log: true }),
          layers: int(1, 4),
          activation: categorical(["relu", "tanh"]),
        },
      }),
    }),
    loss(params) {
      const log = (name: string): number => Math.log10(params[name] as number);
      const base = 0.02 * log("scale") ** 2;
      const reduced =
        params["reducer.kind"] === "none"
          ? 0.08
          : 0.1 * Math.abs(Math.log2((params["reducer.components"] as number) / 12));
      const kind = params["model.kind"];
      if (kind === "linear") return base + reduced + 0.4 + 0.02 * (log("model.penalty") + 2) ** 2;
      if (kind === "trees") {
        const depth = params["model.depth"] as number;
        const leaves = Math.log2(params["model.leaves"] as number);
        return (
          base +
          reduced +
          0.25 +
          0.02 * (log("model.penalty") + 2) ** 2 +
          0.004 * (depth - 7) ** 2 +
          0.02 * (leaves - 5) ** 2
        );
      }
      const layers = params["model.layers"] as number;
      return (
        base +
        reduced +
        0.25 * (log("model.rate") + 2.7) ** 2 +
        0.15 * Math.abs(layers - 2) +
        (params["model.activation"] === "relu" ? 0 : 0.1)
      );
    },
    minimum: 0,
  });
}

/** A function of few coordinates among many: the others change nothing. */
function embedded(
  name: string,
  d: number,
  at: readonly number[],
  f: (x: readonly number[]) => number,
  minimum: number,
): Problem {
  return problem({
    name,
    space: createSpace(Object.fromEntries(Array.from({ length: d }, (_, j) => [`x${j}`, float(0, 1)]))),
    loss: (params) => f(at.map((j) => (params as Numbers)[`x${j}`]!)),
    minimum,
  });
}

const hartmannAt = (x: readonly number[]): number =>
  hartmann.loss(Object.fromEntries(x.map((value, j) => [`x${j}`, value])));

/** A bowl of four coordinates, each more important than the one after it. */
const bowl = (x: readonly number[]): number =>
  x.reduce((sum, value, j) => sum + (value - 0.2 - 0.15 * j) ** 2 / (1 + j), 0);

const OFF_CENTRE = [-12, 24] as const;

/** By a long local search from 60 starts: what the cells of the whole numbers and the branch left out leave. */
const MIXED14_MINIMUM = 0.124301357;

/** By family; every problem is made anew when it is asked for. */
export const SYNTHETIC: Readonly<Record<string, Readonly<Record<string, () => Problem>>>> = {
  numeric: {
    branin: () => rescored(branin(), 0.3978873577297383),
    hartmann6: () => rescored(hartmann6(), hartmann.minimum),
    corner: () => rescored(corner(), 0),
    edges,
    ackley5: () => known(ackley(5), OFF_CENTRE),
    rosenbrock4: () => known(rosenbrock(4)),
    unscaled,
  },
  mixed: { shifted, mixed14: () => rescored(mixed14(), MIXED14_MINIMUM) },
  conditional: { branches: () => rescored(branches(), 0), pipeline },
  high: {
    hartmann25: () => embedded("hartmann25", 25, [2, 7, 11, 13, 18, 23], hartmannAt, hartmann.minimum),
    bowl50: () => embedded("bowl50", 50, [3, 17, 29, 44], bowl, 0),
    ackley20: () => known(ackley(20), OFF_CENTRE),
  },
  "noisy-synthetic": {
    hartmann6: () => noisy(rescored(hartmann6(), hartmann.minimum), 0.1),
    edges: () => noisy(edges(), 0.1),
    branches: () => noisy(rescored(branches(), 0), 0.05),
  },
};

/** The same with noise, a standard deviation in units of the score. */
function noisy(original: Problem, sd: number): Problem {
  const unit = 1 / (original.regret(1) - original.regret(0));
  return { ...original, observe: (params, draw) => original.evaluate(params) + sd * unit * draw.normal() };
}
