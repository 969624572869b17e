/**
 * The kernels of the surrogate on one thread: factors and triangular solves beside NumPy over OpenBLAS in the same run, kernel
 * matrices beside a plain loop with `Math.exp`, and the asks of the gp sampler.
 *
 * Rates are those of the best of interleaved rounds, copies into and out of the kernels' memory included. NumPy and SciPy are
 * installed, by venv and pip, in a folder outside the repository; without Python the rest is measured. Where the environment tells
 * OpenBLAS which kernels to take, the peer is started without that, so that it takes its best.
 *
 * `--check` exits with 1 where a figure falls short; `--quick` takes fewer rounds.
 */
import { spawn, spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createRng, gp, type Observation } from "assay";
import type { Kernels } from "../src/math/kernels/engine.ts";
import { kernels } from "../src/math/kernels/index.ts";
import { typescriptKernels } from "../src/math/kernels/typescript.ts";
import { cpuMsSince } from "./cpu.ts";
import { median } from "./numbers.ts";
import { mixed14 } from "./problems/functions.ts";

const isQuick = process.argv.includes("--quick");
const ROUNDS = isQuick ? 5 : 15;
const SECONDS = 0.05;
const RIGHT_HAND_SIDES = 256;
const PACKAGES = ["numpy==2.4.6", "scipy==1.17.1", "threadpoolctl==3.8.0"];

const shortfalls: string[] = [];
const start = performance.now();
const engine = kernels();
console.log(
  `Engine ${engine.name}, ready in ${(performance.now() - start).toFixed(1)} ms; one thread; best of ${ROUNDS} interleaved rounds\n`,
);
await besideOpenBlas();
kernelMatrix();
asks();
for (const shortfall of shortfalls) console.log(`FALLS SHORT: ${shortfall}`);
if (process.argv.includes("--check")) process.exitCode = shortfalls.length === 0 ? 0 : 1;

interface Case {
  readonly what: "factor" | "solve";
  readonly n: number;
  /** Least part of the peer's rate. */
  readonly least: number;
}

async function besideOpenBlas(): Promise<void> {
  const cases: readonly Case[] = [
    { what: "factor", n: 300, least: 0.8 },
    { what: "factor", n: 1000, least: 0.6 },
    { what: "solve", n: 300, least: 0.45 },
    { what: "solve", n: 1000, least: 0.45 },
  ];
  const peer = openBlas();
  if (peer !== null) {
    const { numpy, libraries } = await peer.next<{ numpy: string; libraries: string[] }>();
    console.log(`NumPy ${numpy}: ${libraries.join("; ")}\n`);
  }
  const ours = cases.map(({ what, n }) => ({ fast: task(engine, what, n), plain: task(typescriptKernels, what, n) }));
  const seconds = cases.map(() => ({ fast: Infinity, plain: Infinity, peer: Infinity }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { what, n }] of cases.entries()) {
      const least = seconds[i]!;
      least.fast = Math.min(least.fast, best(ours[i]!.fast));
      if (round < 3) least.plain = Math.min(least.plain, best(ours[i]!.plain));
      if (peer !== null) least.peer = Math.min(least.peer, await peer.ask<number>({ what, n, seconds: SECONDS }));
    }
  }
  peer?.close();
  for (const [i, { what, n, least }] of cases.entries()) {
    const rate = (time: number): string =>
      ((what === "factor" ? n ** 3 / 3 : RIGHT_HAND_SIDES * n * n) / time / 1e9).toFixed(1);
    const { fast, plain, peer: theirs } = seconds[i]!;
    const name =
      what === "factor"
        ? `Cholesky factor, n = ${n}`
        : `triangular solve, n = ${n}, ${RIGHT_HAND_SIDES} right-hand sides`;
    const beside =
      theirs === Infinity
        ? ""
        : `, OpenBLAS ${rate(theirs)}: ${(theirs / fast).toFixed(2)} of its rate, at least ${least}`;
    console.log(`  ${name.padEnd(50)} ${rate(fast)} GFLOPS (TypeScript ${rate(plain)})${beside}`);
    if (theirs / fast < least)
      shortfalls.push(`${name}: ${(theirs / fast).toFixed(2)} of OpenBLAS's rate, less than ${least}`);
  }
}

function task(engineUsed: Kernels, what: Case["what"], n: number): () => void {
  const random = normals(n);
  const L = new Float64Array(n * n);
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let k = 0; k <= i; k++) a[i * n + k] = i === k ? 3 : random() / n;
  if (!engineUsed.factor(a, n, L, 0)) throw new Error(`The matrix of the benchmark cannot be factored, n = ${n}.`);
  if (what === "factor") return () => engineUsed.factor(a, n, L, 0);
  const B = Float64Array.from({ length: n * RIGHT_HAND_SIDES }, random);
  const X = new Float64Array(n * RIGHT_HAND_SIDES);
  return () => engineUsed.solveLowerMany(L, n, B, RIGHT_HAND_SIDES, X);
}

function best(call: () => void): number {
  let least = Infinity;
  for (const end = performance.now() + 1000 * SECONDS; ; ) {
    const from = performance.now();
    call();
    const now = performance.now();
    least = Math.min(least, now - from);
    if (now > end) return least / 1000;
  }
}

/** All covariances of 300 points, against the loop that one would write. */
function kernelMatrix(): void {
  const [n, d] = [300, 10];
  const random = normals(7);
  const x = Float64Array.from({ length: n * d }, random);
  const weights = new Float64Array(d).fill(0.3);
  const nominal = new Uint8Array(d);
  const K = new Float64Array(n * n);
  const plain = (): void => {
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < n; k++) {
        let r2 = 0;
        for (let j = 0; j < d; j++) {
          const t = x[i * d + j]! - x[k * d + j]!;
          r2 += t * t * weights[j]!;
        }
        const a = Math.sqrt(5 * r2);
        K[i * n + k] = (1 + a + (a * a) / 3) * Math.exp(-a);
      }
    }
  };
  const least = { fast: Infinity, plain: Infinity };
  for (let round = 0; round < ROUNDS; round++) {
    const fast = best(() => engine.crossCovariance(x, n, x, n, nominal, { weights, signalVariance: 1 }, K));
    least.fast = Math.min(least.fast, fast);
    least.plain = Math.min(least.plain, best(plain));
  }
  const ratio = least.plain / least.fast;
  console.log(
    `  ${"kernel matrix, n = 300, d = 10".padEnd(50)} ${(1e3 * least.fast).toFixed(2)} ms, ${ratio.toFixed(1)} times as fast as a loop with Math.exp (${(1e3 * least.plain).toFixed(2)} ms), at least 4`,
  );
  if (ratio < 4)
    shortfalls.push(`kernel matrix: ${ratio.toFixed(1)} times as fast as a loop with Math.exp, less than 4`);
}

/**
 * Milliseconds of CPU time an ask, which other work on the machine does not lengthen, after a random history; the median of asks in a row, each on the history that the one before left. A study
 * that has come so far has asked before, so the first, in which code is compiled, are not counted.
 */
function asks(): void {
  const most = new Map([
    [50, 15],
    [100, 30],
    [200, 60],
    [500, 200],
    [1000, 500],
  ]);
  const { space, evaluate } = mixed14();
  const studyRng = createRng("timing");
  const sampler = gp();
  const timesAfter = (n: number, count: number): number[] => {
    const rows = createRng("rows");
    const trials: Observation[] = [];
    const tell = (params: Observation["params"], note: Observation["note"] = null) =>
      trials.push({ number: trials.length, state: "completed", params, loss: evaluate(params), reports: [], note });
    for (let i = 0; i < n; i++) tell(space.build(({ parameter }) => parameter.decode(rows.next())));
    const times: number[] = [];
    for (let ask = 0; ask < count; ask++) {
      const from = process.cpuUsage();
      const suggestion = sampler.sample({ space, trials, rng: studyRng.fork(trials.length), studyRng })!;
      times.push(cpuMsSince(from));
      tell(suggestion.params, suggestion.note ?? null);
    }
    return times.sort((a, b) => a - b);
  };
  timesAfter(30, 30);
  console.log("");
  for (const [n, limit] of most) {
    const sorted = timesAfter(n, 25);
    const middle = median(sorted);
    console.log(
      `  ${`ask, 14 mixed parameters, n = ${n}`.padEnd(50)} ${middle.toFixed(0)} ms of CPU time (${sorted[0]!.toFixed(0)} to ${sorted.at(-1)!.toFixed(0)}), at most ${limit}`,
    );
    if (middle > limit) shortfalls.push(`ask at n = ${n}: ${middle.toFixed(0)} ms, more than ${limit}`);
  }
}

interface Peer {
  next<T>(): Promise<T>;
  ask<T>(question: object): Promise<T>;
  close(): void;
}

/** NumPy and SciPy, which answer a line of JSON with one; null, having said why, where they are not to be had. */
function openBlas(): Peer | null {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "assay", "openblas");
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const runs = (command: string, ...args: string[]): boolean =>
    spawnSync(command, args, { stdio: ["ignore", "ignore", "ignore"] }).status === 0;
  const probe = [
    "-c",
    `from importlib.metadata import version\nfor it in ${JSON.stringify(PACKAGES)}:\n  name, wanted = it.split("==")\n  assert version(name) == wanted`,
  ];
  if (!runs(python, ...probe)) {
    const system = process.platform === "win32" ? "python" : "python3";
    if (!(runs(system, "-m", "venv", folder) && runs(python, "-m", "pip", "install", "--quiet", ...PACKAGES))) {
      console.log(
        `Without OpenBLAS: \`${system}\` is missing, or cannot install ${PACKAGES.join(", ")} in ${folder}.\n`,
      );
      return null;
    }
  }
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...environment } = process.env;
  const child = spawn(python, [join(import.meta.dirname, "peers", "openblas.py")], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...environment, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1" },
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done) throw new Error("The peer ended before it answered.");
    return JSON.parse(value) as T;
  };
  return {
    next,
    ask: (question) => {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return next();
    },
    close: () => child.stdin.end(),
  };
}

/** Nearly normal numbers: sums of twelve uniform ones, less six. */
function normals(seed: number): () => number {
  const rng = createRng(seed);
  return () => Array.from({ length: 12 }, () => rng.next()).reduce((sum, value) => sum + value, -6);
}
