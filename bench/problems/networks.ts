/**
 * Real trainings of our own networks on a table, live: the German credit data of examples/fraud-detection, 700 rows to train on and 300 to
 * judge by, twenty epochs, about 20 ms. The loss is the log loss of validation; every training has the same seed, so that a
 * configuration has one loss.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { categorical, createRng, createSpace, type FlatParams, float, int, oneOf } from "assay";
import { adam, dense, dropout, input, logLoss, sequential, sgd } from "assay/nn";
import { mean } from "../numbers.ts";
import { endsOf } from "./ends.ts";
import type { Evaluated } from "./problem.ts";

const FILE = join(import.meta.dirname, "../../examples/fraud-detection/german-credit.csv");
const TRAINED = 700;
const EPOCHS = 20;

interface Rows {
  readonly x: number[][];
  readonly y: number[];
}

export function germanCredit(): Evaluated<Promise<number>> {
  const name = "live/german-credit";
  const { train, validation } = rows();
  return {
    name,
    space: createSpace({
      layers: int(1, 3),
      units: int(4, 128, { log: true }),
      activation: categorical(["relu", "tanh"]),
      dropout: float(0, 0.6),
      batchSize: int(8, 256, { log: true }),
      rate: float(1e-4, 1, { log: true }),
      optimizer: oneOf({ adam: {}, sgd: { momentum: float(0, 0.99) } }),
    }),
    evaluate: (params) => trained(params, train, validation),
    regret(loss) {
      const { best, median } = endsOf(name);
      return (loss - best) / (median - best);
    },
  };
}

async function trained(params: FlatParams, train: Rows, validation: Rows): Promise<number> {
  const p = params as Readonly<Record<string, number>>;
  const hidden = Array.from({ length: p.layers! }, () => [
    dense(p.units!, { activation: params.activation as "relu" | "tanh" }),
    dropout(p.dropout!),
  ]);
  const model = sequential([input(train.x[0]!.length), ...hidden.flat(), dense(1, { activation: "sigmoid" })], {
    seed: 0,
  });
  const momentum = p["optimizer.momentum"];
  model.compile({
    optimizer: momentum === undefined ? adam(p.rate!) : sgd(p.rate!, { momentum }),
    loss: "binaryCrossentropy",
  });
  await model.fit(train.x, train.y, { epochs: EPOCHS, batchSize: p.batchSize! });
  return logLoss(validation.y, model.predict(validation.x));
}

/** Numbers standardised by the rows to train on, categories one by one; the rows in an order drawn once. */
function rows(): { train: Rows; validation: Rows } {
  const [head, ...lines] = readFileSync(FILE, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.trim().split(","));
  const order = createRng(0).permutation(lines.length);
  const shuffled = Array.from(order, (i) => lines[i]!);
  const columns = head!.slice(0, -1).map((_, j) => encoded(shuffled.map((row) => row[j]!)));
  const all = shuffled.map((row, i) => ({ x: columns.flatMap((column) => column[i]!), y: Number(row.at(-1)) }));
  const part = (some: typeof all): Rows => ({ x: some.map(({ x }) => x), y: some.map(({ y }) => y) });
  return { train: part(all.slice(0, TRAINED)), validation: part(all.slice(TRAINED)) };
}

function encoded(values: readonly string[]): number[][] {
  const numbers = values.map(Number);
  if (numbers.some(Number.isNaN)) {
    const levels = [...new Set(values)].sort();
    return values.map((value) => levels.map((level) => (level === value ? 1 : 0)));
  }
  const seen = numbers.slice(0, TRAINED);
  const centre = mean(seen);
  const sd = Math.sqrt(mean(seen.map((value) => (value - centre) ** 2))) || 1;
  return numbers.map((value) => [(value - centre) / sd]);
}
