/**
 * A grid under cross-validation beside scikit-learn's: CPU and wall seconds of 24 candidates on 3 folds, for our networks, its
 * MLPClassifier and Keras.
 *
 *   npm run bench -- grid-search [--check] [--quick] [--seed N] [--peers FOLDER]
 *
 * All train the article's network on the same unshuffled stratified folds for the same epochs, each on one thread; MLPClassifier's has
 * no dropout. Keras is slow, so it trains every fifth candidate, and the others train those a second time to be compared with it. The
 * data are `seed-experiment/train.csv` in the folder that ASSAY_DATA names, by default ../shared/data beside the repository. `--check`
 * exits with 1 where a training of ours takes no less CPU time than both peers', or they are absent; `--quick` trains for 2 epochs.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { adam, dense, dropout, input, sequential } from "assay/nn";
import { GridSearchCV, type NnClassifier, nnClassifier, ParameterGrid, stratifiedKFold } from "assay/tuner";
import { mean } from "./numbers.ts";
import { PEERS_HELP, peerPython, runPeer } from "./peers/python.ts";

const FOLDS = 3;
/** In the order of their names, as grids are enumerated. */
const GRID = { batchSize: [16, 32, 64], learningRate: [1e-3, 3e-3], units: [20, 30, 40, 60] } as const;
/** Shares no factor with the lengths of the lists, so that every value of each parameter is met. */
const STRIDE = 5;

interface Params {
  readonly batchSize: number;
  readonly learningRate: number;
  readonly units: number;
}

interface Data {
  readonly x: number[][];
  readonly y: number[];
}

/** What a search took, and its scores by candidate and fold. */
interface Figures {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly scores: readonly (readonly number[])[];
}

interface Row extends Figures {
  readonly name: string;
  readonly candidates: readonly Params[];
}

await main();

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      check: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      seed: { type: "string", default: "42" },
      peers: { type: "string" },
    },
  });
  const seed = Number(options.seed);
  if (options.help || !Number.isSafeInteger(seed) || seed < 0) {
    console.log(`npm run bench -- grid-search [--check] [--quick] [--seed N] [--peers FOLDER]\n${PEERS_HELP}`);
    process.exit(options.help ? 0 : 2);
  }
  const folder = process.env.ASSAY_DATA ?? join(import.meta.dirname, "../../shared/data");
  const file = join(folder, "seed-experiment", "train.csv");
  if (!existsSync(file)) {
    console.log(
      `The data are absent: there is no ${file}. Set ASSAY_DATA to the folder that holds \`seed-experiment\`.`,
    );
    process.exit(options.check ? 1 : 0);
  }
  const epochs = options.quick ? 2 : 25;
  const data = read(file);
  const all: readonly Params[] = [...new ParameterGrid(GRID)];
  const some = all.filter((_, index) => index % STRIDE === 0);

  const whole: Row[] = [{ name: "ours", candidates: all, ...(await ours(data, all, epochs, seed)) }];
  const part: Row[] = [{ name: "ours", candidates: some, ...(await ours(data, some, epochs, seed)) }];
  const python = peerPython(options.peers);
  if (python !== null) {
    console.error("scikit-learn and Keras search, which takes some minutes.");
    const [mlpAll, mlpSome, keras] = await theirs(
      python,
      file,
      data,
      [
        { estimator: "mlp", candidates: all },
        { estimator: "mlp", candidates: some },
        { estimator: "keras", candidates: some },
      ],
      { epochs, seed },
    );
    whole.push({ name: "MLPClassifier", candidates: all, ...mlpAll! });
    part.push({ name: "MLPClassifier", candidates: some, ...mlpSome! });
    part.push({ name: "Keras", candidates: some, ...keras! });
  }

  console.log(`${epochs} epochs a training, seed ${seed}; scores are areas under the ROC curve\n`);
  print(`The whole grid: ${all.length} candidates × ${FOLDS} folds`, whole);
  print(`Every ${STRIDE}th candidate: ${some.length} × ${FOLDS} folds`, part);
  if (options.quick) return;
  const shortfalls = python === null ? ["nothing was compared: the peers are absent"] : [whole, part].flatMap(slower);
  for (const shortfall of shortfalls) console.log(`falls short: ${shortfall}`);
  if (options.check && shortfalls.length > 0) process.exitCode = 1;
}

/** The article's network; `grid_search_peer.py` has the same. */
function estimator(epochs: number): NnClassifier<Params> {
  return nnClassifier(
    ({ units, learningRate }: Params, { columns, seed }) => {
      const hidden = [dense(units, { activation: "relu" }), dropout(0.2)];
      const again = [dense(units, { activation: "relu" }), dropout(0.2)];
      const model = sequential([input(columns), ...hidden, ...again, dense(1, { activation: "sigmoid" })], { seed });
      model.compile({ optimizer: adam(learningRate), loss: "binaryCrossentropy" });
      return model;
    },
    { epochs },
  );
}

async function ours({ x, y }: Data, candidates: readonly Params[], epochs: number, seed: number): Promise<Figures> {
  const grids = candidates.map(({ batchSize, learningRate, units }) => ({
    batchSize: [batchSize],
    learningRate: [learningRate],
    units: [units],
  }));
  const search = new GridSearchCV(estimator(epochs), grids, {
    scoring: "roc_auc",
    cv: stratifiedKFold(FOLDS),
    refit: false,
    errorScore: "raise",
    seed,
  });
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  await search.fit(x, y);
  const { user, system } = process.cpuUsage(cpu);
  const wallSeconds = (performance.now() - wall) / 1e3;
  const columns = Array.from({ length: FOLDS }, (_, fold) => search.cvResults[`split${fold}_test_score`]!);
  const scores = candidates.map((_, candidate) => columns.map((column) => column[candidate]!));
  return { cpuSeconds: (user + system) / 1e6, wallSeconds, scores };
}

interface PeerSearch {
  readonly estimator: "mlp" | "keras";
  readonly candidates: readonly Params[];
}

/** @throws Error when its folds are not ours, which would make the scores incomparable */
async function theirs(
  python: string,
  file: string,
  { y }: Data,
  searches: readonly PeerSearch[],
  { epochs, seed }: { readonly epochs: number; readonly seed: number },
): Promise<Figures[]> {
  type Line =
    | { readonly kind: "about"; readonly versions: Readonly<Record<string, string>>; readonly folds: number[][] }
    | ({ readonly kind: "search" } & Figures);
  const asked = searches.map(({ estimator, candidates }) => ({
    estimator,
    candidates: candidates.map(({ batchSize, learningRate, units }) => [batchSize, learningRate, units]),
  }));
  const settings = ["--folds", `${FOLDS}`, "--epochs", `${epochs}`, "--seed", `${seed}`];
  const args = [file, "--searches", JSON.stringify(asked), ...settings];
  const found: Figures[] = [];
  for await (const line of runPeer<Line>(python, "grid_search_peer.py", args)) {
    if (line.kind === "search") {
      found.push(line);
      continue;
    }
    const mine = stratifiedKFold(FOLDS)
      .split(y)
      .map(({ test }) => [...test]);
    if (JSON.stringify(mine) !== JSON.stringify(line.folds)) throw new Error("scikit-learn's folds differ from ours.");
    console.log(
      `Beside ${Object.entries(line.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", ")}; the folds are the same.`,
    );
  }
  if (found.length !== searches.length) throw new Error(`The peer printed ${found.length} searches.`);
  return found;
}

function print(title: string, rows: readonly Row[]): void {
  const line = (name: string, cells: readonly string[]) =>
    console.log(`  ${name.padEnd(16)}${cells.map((cell) => cell.padStart(16)).join("")}`);
  console.log(`${title}\n`);
  line("", ["CPU s", "wall s", "CPU s/training", "best mean (sd)", "its candidate"]);
  for (const row of rows) {
    const means = row.scores.map(mean);
    const at = means.indexOf(Math.max(...means));
    const { batchSize, learningRate, units } = row.candidates[at]!;
    line(row.name, [
      row.cpuSeconds.toFixed(2),
      row.wallSeconds.toFixed(2),
      perTraining(row).toFixed(3),
      `${means[at]!.toFixed(4)} (${deviation(row.scores[at]!).toFixed(4)})`,
      `${batchSize}, ${learningRate}, ${units}`,
    ]);
  }
  const [mine, ...peers] = rows;
  for (const peer of peers) {
    const apart = mean(mine!.scores.map((scores, i) => mean(scores) - mean(peer.scores[i]!)));
    const ahead = mine!.scores.filter((scores, i) => mean(scores) > mean(peer.scores[i]!)).length;
    console.log(
      `  ${peer.name} takes ${(perTraining(peer) / perTraining(mine!)).toFixed(1)} times our CPU time; our candidates score ${apart.toFixed(4)} more on average, ${ahead} of ${peer.scores.length} of them higher`,
    );
  }
  console.log("");
}

function slower([mine, ...peers]: readonly Row[]): string[] {
  return peers
    .filter((peer) => perTraining(mine!) >= perTraining(peer))
    .map(
      (peer) =>
        `a training takes ${perTraining(mine!).toFixed(3)} CPU s, ${peer.name}'s ${perTraining(peer).toFixed(3)}`,
    );
}

function perTraining({ cpuSeconds, candidates }: Row): number {
  return cpuSeconds / (candidates.length * FOLDS);
}

/** Of the folds themselves, as in `std_test_score`. */
function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) * (value - centre))));
}

/** Numbers with the label in the last column. */
function read(path: string): Data {
  const rows = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));
  return { x: rows.map((row) => row.slice(0, -1)), y: rows.map((row) => row.at(-1)!) };
}
