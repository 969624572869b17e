/** How long the article's whole grid will take, told before it is begun: one training is timed. */
import { loadNetworks } from "./backend.ts";
import type { Dataset } from "./dataset.ts";
import { ARTICLE_GRID, combinations } from "./grid.ts";
import type { NetworkParams } from "./model.ts";
import type { Options } from "./options.ts";
import { minutes } from "./progress.ts";

/** @param threads that train at a time */
export async function estimateFullGrid(
  dataset: Dataset,
  { cv, backend }: Pick<Options, "cv" | "backend">,
  threads: number,
): Promise<string> {
  const { train, validation } = dataset;
  const middle = Object.fromEntries(
    Object.entries(ARTICLE_GRID).map(([name, values]) => [name, values[(values.length - 1) >> 1]]),
  ) as unknown as NetworkParams;
  // As many rows as a fold leaves for training.
  const rows = Math.floor((train.y.length * (cv - 1)) / cv);
  const { columns, data } = train.x;
  const x = { data: data.slice(0, rows * columns), rows, columns };
  const { createEstimator } = await loadNetworks(backend);
  const begun = performance.now();
  await createEstimator
    .clone()
    .setParams({ ...middle })
    .fit(x, train.y.slice(0, rows), { seed: 0, validationData: [validation.x, validation.y] });
  const each = performance.now() - begun;
  const trainings = combinations(ARTICLE_GRID) * cv;
  const english = (value: number) => value.toLocaleString("en");
  return `The article's whole grid is ${english(combinations(ARTICLE_GRID))} combinations in ${cv} folds, ${english(trainings)} trainings of about ${(each / 1000).toFixed(2)} s: about ${minutes((each * trainings) / threads)} on ${threads} ${threads === 1 ? "thread" : "threads"}, after the other searches. Ctrl-C stops it, and the same command goes on.`;
}
