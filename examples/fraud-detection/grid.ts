/** The article's grid, the reduced ones that a demonstration has time for, and the space that a grid stands in. */
import { fixed, float, int, ordinal, type Parameter } from "assay";
import type { Options } from "./options.ts";

/** The values of each parameter that a grid combines. */
export interface Grid {
  readonly learningRate: readonly number[];
  readonly neurons1: readonly number[];
  readonly neurons2: readonly number[];
  readonly dropoutRate1: readonly number[];
  readonly dropoutRate2: readonly number[];
  readonly batchSize: readonly number[];
  readonly epochs: readonly number[];
}

/** 1,458 combinations. */
export const ARTICLE_GRID: Grid = {
  learningRate: [1e-3, 5e-4, 1e-4],
  neurons1: [20, 30, 40],
  neurons2: [20, 30, 40],
  dropoutRate1: [0.1, 0.15, 0.2],
  dropoutRate2: [0.1, 0.15, 0.2],
  batchSize: [16, 32, 64],
  epochs: [50, 100],
};

/** 36 combinations: what matters less is held at the middle of its range, and early stopping ends most trainings anyway. */
const REDUCED_GRID: Grid = {
  ...ARTICLE_GRID,
  neurons1: [20, 40],
  neurons2: [20, 40],
  dropoutRate1: [0.15],
  dropoutRate2: [0.15],
  epochs: [100],
};

/** 8 combinations. */
const QUICK_GRID: Grid = { ...REDUCED_GRID, learningRate: [1e-3, 1e-4], batchSize: [32], epochs: [50] };

export function reducedGrid(size: Options["size"]): Grid {
  return size === "quick" ? QUICK_GRID : REDUCED_GRID;
}

export function combinations(grid: Grid): number {
  return Object.values(grid).reduce((product, values) => product * values.length, 1);
}

/**
 * The space that a grid samples: every parameter between its lowest and its highest value, on the scale on which the
 * grid's own steps are even. A search of it can reach what the grid can, and whatever lies between.
 */
export function spaceAround(grid: Grid): Readonly<Record<keyof Grid, Parameter<number>>> {
  const between = (
    values: readonly number[],
    make: (low: number, high: number) => Parameter<number>,
  ): Parameter<number> => (values.length === 1 ? fixed(values[0]!) : make(Math.min(...values), Math.max(...values)));
  return {
    learningRate: between(grid.learningRate, (low, high) => float(low, high, { log: true })),
    neurons1: between(grid.neurons1, int),
    neurons2: between(grid.neurons2, int),
    dropoutRate1: between(grid.dropoutRate1, float),
    dropoutRate2: between(grid.dropoutRate2, float),
    batchSize: between(grid.batchSize, () => ordinal(grid.batchSize)),
    epochs: between(grid.epochs, int),
  };
}
