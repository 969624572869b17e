/**
 * The WebAssembly engine: f64 SIMD, compiled from `assembly` and embedded in the package. Here the module is loaded, at once and
 * once, and matrices are packed into its memory: an arena of at most two processes that were lately asked for, which stay, and
 * above them the work of one call. Where little is to be computed the TypeScript engine is as fast, and has the same bits.
 */
import type { Covariance, Evaluate, Evaluation, Kernels, Points, Process } from "./engine.ts";
import { KERNELS_WASM } from "./kernels.wasm.ts";
import { typescriptKernels } from "./typescript.ts";

/** `undefined` where there is no WebAssembly or it has no SIMD. */
export function createWasmKernels(): Kernels | undefined {
  module ??= compileModule();
  return module === null ? undefined : new WasmKernels(module);
}

/** Smaller matrices are not worth the way into the module. */
const N_LEAST = 16;
/** Fewer points than this are not worth packing a factor that is not there yet. */
const POINTS_LEAST = 4;
/** Panels of four right-hand sides solved in one call; more would not stay in the cache. */
const PANELS = 8;
/** Rows of covariances computed at a time; with more, they would not stay in the cache. */
const ROWS = 16;
/** Processes that stay in memory: a surrogate of losses and one of success. */
const RESIDENTS = 2;
/** A memory that has grown beyond this many bytes is given back when it is next emptied. */
const LARGEST_KEPT = 1 << 26;
/** Where the module leaves the memory to us, in bytes. */
const BASE = 4096;
const PAGE = 65536;

/** Points as the module reads them; places in bytes. */
interface PackedPoints {
  readonly n: number;
  readonly d: number;
  readonly blocks: number;
  /** Rows, each of an even number of places. */
  readonly rows: number;
  readonly stride: number;
  /** The points in fours, [blocks][d][4]. */
  readonly fours: number;
  readonly nominal: number;
  readonly weights: number;
}

interface Resident {
  readonly points: PackedPoints;
  readonly p: number;
  readonly alpha: number;
}

class WasmKernels implements Kernels {
  readonly name = "wasm";
  readonly #module: object;
  #exports: Exports;
  #f64: Float64Array;
  /** By their factors. A weak map and no weak references, for each of those keeps what it refers to until the event loop turns. */
  #residents = new WeakMap<Float64Array, Resident>();
  #residentCount = 0;
  /** Where the residents end, and where the next place is. */
  #top = BASE;
  #next = BASE;
  /** Whose work lies above the residents, while it is still whole. */
  #owner: Evaluate | undefined;

  constructor(module: object) {
    this.#module = module;
    this.#exports = new platform!.Instance(module).exports;
    this.#f64 = new Float64Array(this.#exports.memory.buffer);
  }

  factor(a: Float64Array, n: number, L: Float64Array, jitter: number): boolean {
    if (n < N_LEAST) return typescriptKernels.factor(a, n, L, jitter);
    this.#begin();
    const p = this.#take(triangleLength(n));
    this.#reserve();
    this.#packTriangle(a, n, p, jitter);
    if (!this.#exports.factor(p, blocksOf(n), n * Number.EPSILON)) return false;
    this.#unpackTriangle(p, n, L);
    return true;
  }

  factorCovariance(points: Points, covariance: Covariance, diagonal: Float64Array, L: Float64Array): boolean {
    const { n } = points;
    if (n < N_LEAST) return typescriptKernels.factorCovariance(points, covariance, diagonal, L);
    this.#makeRoomForResident();
    const resident = this.#placeResident(points);
    const diagonalAt = this.#take(n);
    this.#reserve();
    this.#writePoints(points, resident.points);
    this.#fillCovariance(resident.points, covariance, diagonal, diagonalAt, resident.p, 0);
    if (!this.#exports.factor(resident.p, blocksOf(n), n * Number.EPSILON)) return false;
    this.#unpackTriangle(resident.p, n, L);
    this.#keep(L, resident);
    this.#top = diagonalAt;
    return true;
  }

  crossCovariance(
    a: Float64Array,
    m: number,
    b: Float64Array,
    n: number,
    nominal: Uint8Array,
    covariance: Covariance,
    out: Float64Array,
  ): void {
    if (m * n < N_LEAST * N_LEAST) {
      typescriptKernels.crossCovariance(a, m, b, n, nominal, covariance, out);
      return;
    }
    const d = nominal.length;
    const columns = 4 * blocksOf(n);
    const rows = Math.min(m, ROWS);
    this.#begin();
    const places = {
      a: this.#take(rows * d),
      fours: this.#take(columns * d),
      nominal: this.#take((d + 7) >> 3),
      weights: this.#take(d),
      out: this.#take(rows * columns),
    };
    this.#reserve();
    const f64 = this.#f64;
    writeFours(b, 0, n, d, f64, places.fours / 8);
    new Uint8Array(f64.buffer).set(nominal, places.nominal);
    f64.set(covariance.weights, places.weights / 8);
    for (let first = 0; first < m; first += rows) {
      const count = Math.min(rows, m - first);
      f64.set(a.subarray(first * d, (first + count) * d), places.a / 8);
      for (let k = 0; k < columns; k += 4) {
        const four = places.fours + 8 * k * d;
        const to = places.out + 8 * k;
        this.#exports.squaredDistances(
          four,
          places.a,
          8 * d,
          count,
          d,
          places.nominal,
          places.weights,
          to,
          8 * columns,
        );
      }
      this.#exports.matern(places.out, count * columns, covariance.signalVariance, 0, 0);
      for (let i = 0, row = places.out / 8; i < count; i++, row += columns) {
        out.set(f64.subarray(row, row + n), (first + i) * n);
      }
    }
  }

  solveLowerMany(L: Float64Array, n: number, B: Float64Array, m: number, X: Float64Array): void {
    if (n < N_LEAST || m < POINTS_LEAST) {
      typescriptKernels.solveLowerMany(L, n, B, m, X);
      return;
    }
    this.#begin();
    const blocks = blocksOf(n);
    const p = this.#take(triangleLength(n));
    const v = this.#take(PANELS * blocks * 16);
    this.#reserve();
    this.#packTriangle(L, n, p, 0);
    for (let c = 0; c < m; c += 4 * PANELS) {
      const columns = Math.min(4 * PANELS, m - c);
      const panels = blocksOf(columns);
      this.#f64.fill(0, v / 8, v / 8 + panels * blocks * 16);
      copyPanels(this.#f64, v, 4 * blocks, B, n, m, c, columns, false);
      this.#exports.solvePanels(p, blocks, v, panels, 0);
      copyPanels(this.#f64, v, 4 * blocks, X, n, m, c, columns, true);
    }
  }

  inverse(L: Float64Array, n: number, inverse: Float64Array): void {
    if (n < N_LEAST) {
      typescriptKernels.inverse(L, n, inverse);
      return;
    }
    this.#begin();
    const blocks = blocksOf(n);
    const p = this.#take(triangleLength(n));
    const v = this.#take(blocks * blocks * 16);
    const q = this.#take(triangleLength(n));
    this.#reserve();
    this.#packTriangle(L, n, p, 0);
    this.#exports.inverse(p, blocks, v, q);
    const f64 = this.#f64;
    for (let i = 0; i < n; i++) {
      for (let k = 0, at = rowStart(q, i); k <= i; k++, at += 4) {
        inverse[i * n + k] = f64[at]!;
        inverse[k * n + i] = f64[at]!;
      }
    }
  }

  likelihood(points: Points): Evaluate {
    const { n, d } = points;
    if (n < N_LEAST) return typescriptKernels.likelihood(points);
    const blocks = blocksOf(n);
    const evaluation: Evaluation = {
      alpha: new Float64Array(n),
      factorDiagonal: new Float64Array(n),
      inverseDiagonal: new Float64Array(n),
      contractions: new Float64Array(d),
    };
    let packed: PackedPoints;
    let places: Record<"p" | "slopes" | "q" | "v" | "alpha" | "diagonal" | "lanes" | "sums", number>;
    const evaluate: Evaluate = (covariance, diagonal, y) => {
      if (this.#owner !== evaluate) {
        this.#begin();
        packed = this.#placePoints(points);
        places = {
          p: this.#take(triangleLength(n)),
          slopes: this.#take(triangleLength(n)),
          q: this.#take(triangleLength(n)),
          v: this.#take(blocks * blocks * 16),
          alpha: this.#take(4 * blocks),
          diagonal: this.#take(n),
          lanes: this.#take(4 * d),
          sums: this.#take(d),
        };
        this.#reserve();
        this.#writePoints(points, packed);
        this.#owner = evaluate;
      }
      const { p, slopes, q, v, alpha, lanes, sums } = places;
      this.#fillCovariance(packed, covariance, diagonal, places.diagonal, p, slopes);
      if (!this.#exports.factor(p, blocks, n * Number.EPSILON)) return null;
      this.#f64.set(y, alpha / 8);
      this.#f64.fill(0, alpha / 8 + n, alpha / 8 + 4 * blocks);
      this.#exports.solveOne(p, blocks, alpha);
      this.#exports.solveOneTransposed(p, blocks, alpha);
      this.#exports.inverse(p, blocks, v, q);
      const { fours, rows, stride, nominal } = packed;
      this.#exports.contract(fours, rows, stride, n, d, nominal, alpha, q, slopes, lanes, sums);
      const f64 = this.#f64;
      evaluation.alpha.set(f64.subarray(alpha / 8, alpha / 8 + n));
      evaluation.contractions.set(f64.subarray(sums / 8, sums / 8 + d));
      for (let i = 0; i < n; i++) {
        evaluation.factorDiagonal[i] = f64[rowStart(p, i) + 4 * i]!;
        evaluation.inverseDiagonal[i] = f64[rowStart(q, i) + 4 * i]!;
      }
      return evaluation;
    };
    return evaluate;
  }

  moments(process: Process, at: Float64Array, m: number, mean: Float64Array, variance: Float64Array): void {
    const { n, d, signalVariance } = process;
    if (n < N_LEAST || (m < POINTS_LEAST && !this.#isResident(process))) {
      typescriptKernels.moments(process, at, m, mean, variance);
      return;
    }
    const { points, p, alpha } = this.#resident(process);
    const panels = Math.min(PANELS, blocksOf(m));
    const places = {
      at: this.#take(panels * d * 4),
      v: this.#take(panels * points.blocks * 16),
      mean: this.#take(panels * 4),
      variance: this.#take(panels * 4),
    };
    this.#reserve();
    this.#writeProcess(process, alpha, points);
    const f64 = this.#f64;
    for (let first = 0; first < m; first += 4 * panels) {
      const count = Math.min(4 * panels, m - first);
      writeFours(at, first, count, d, f64, places.at / 8);
      const { fours: _, rows, stride, nominal, weights } = points;
      this.#exports.moments(
        p,
        alpha,
        rows,
        stride,
        n,
        d,
        nominal,
        weights,
        signalVariance,
        places.at,
        blocksOf(count),
        places.v,
        places.mean,
        places.variance,
      );
      mean.set(f64.subarray(places.mean / 8, places.mean / 8 + count), first);
      variance.set(f64.subarray(places.variance / 8, places.variance / 8 + count), first);
    }
  }

  gradient(process: Process, x: Float64Array, least: number, out: Float64Array): void {
    const { n, d, signalVariance } = process;
    if (n < N_LEAST) {
      typescriptKernels.gradient(process, x, least, out);
      return;
    }
    const { points, p, alpha } = this.#resident(process);
    const places = {
      x: this.#take(points.stride / 8),
      k: this.#take(4 * points.blocks),
      slope: this.#take(4 * points.blocks),
      out: this.#take(2 + points.stride / 4),
    };
    this.#reserve();
    this.#writeProcess(process, alpha, points);
    const f64 = this.#f64;
    f64.set(x, places.x / 8);
    const { fours, rows, stride, nominal, weights } = points;
    this.#exports.gradient(
      p,
      alpha,
      fours,
      rows,
      stride,
      n,
      d,
      nominal,
      weights,
      signalVariance,
      least,
      places.x,
      places.k,
      places.slope,
      places.out,
    );
    out.set(f64.subarray(places.out / 8, places.out / 8 + 2 + 2 * d));
  }

  /** Begins the work of a call. */
  #begin(): void {
    this.#next = this.#top;
    this.#owner = undefined;
  }

  /** A place for so many numbers, in bytes; to be reserved before it is used. */
  #take(length: number): number {
    const place = this.#next;
    this.#next += (8 * length + 15) & ~15;
    return place;
  }

  #reserve(): void {
    const missing = this.#next - this.#f64.byteLength;
    if (missing <= 0) return;
    this.#exports.memory.grow(Math.ceil(missing / PAGE));
    this.#f64 = new Float64Array(this.#exports.memory.buffer);
  }

  #makeRoomForResident(): void {
    if (this.#residentCount >= RESIDENTS) {
      this.#residents = new WeakMap();
      this.#residentCount = 0;
      this.#top = BASE;
      if (this.#f64.byteLength > LARGEST_KEPT) {
        this.#exports = new platform!.Instance(this.#module).exports;
        this.#f64 = new Float64Array(this.#exports.memory.buffer);
      }
    }
    this.#begin();
  }

  #isResident({ L }: Process): boolean {
    return this.#residents.has(L);
  }

  /** The packed form of a process; work of the same call is placed behind it. */
  #resident(process: Process): Resident {
    const there = this.#residents.get(process.L);
    if (there !== undefined) {
      this.#begin();
      return there;
    }
    this.#makeRoomForResident();
    const resident = this.#placeResident(process);
    this.#top = this.#next;
    this.#reserve();
    this.#writePoints(process, resident.points);
    this.#packTriangle(process.L, process.n, resident.p, 0);
    this.#keep(process.L, resident);
    return resident;
  }

  #keep(L: Float64Array, resident: Resident): void {
    this.#residents.set(L, resident);
    this.#residentCount++;
  }

  #placeResident(points: Points): Resident {
    return {
      points: this.#placePoints(points),
      p: this.#take(triangleLength(points.n)),
      alpha: this.#take(points.n),
    };
  }

  #placePoints({ n, d }: Points): PackedPoints {
    const blocks = blocksOf(n);
    const even = d + (d & 1);
    return {
      n,
      d,
      blocks,
      rows: this.#take(4 * blocks * even),
      stride: 8 * even,
      fours: this.#take(blocks * d * 4),
      nominal: this.#take((d + 7) >> 3),
      weights: this.#take(d),
    };
  }

  #writePoints({ x, nominal }: Points, { n, d, blocks, rows, stride, fours, ...places }: PackedPoints): void {
    const f64 = this.#f64;
    f64.fill(0, rows / 8, rows / 8 + (4 * blocks * stride) / 8);
    for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) f64[(rows + i * stride) / 8 + j] = x[i * d + j]!;
    writeFours(x, 0, n, d, f64, fours / 8);
    new Uint8Array(this.#exports.memory.buffer).set(nominal, places.nominal);
  }

  #writeProcess({ alpha, weights }: Process, alphaAt: number, points: PackedPoints): void {
    this.#f64.set(alpha, alphaAt / 8);
    this.#f64.set(weights, points.weights / 8);
  }

  #fillCovariance(
    { fours, rows, stride, n, d, nominal, weights }: PackedPoints,
    covariance: Covariance,
    diagonal: Float64Array,
    diagonalAt: number,
    p: number,
    slopes: number,
  ): void {
    this.#f64.set(covariance.weights, weights / 8);
    this.#f64.set(diagonal, diagonalAt / 8);
    const { signalVariance } = covariance;
    this.#exports.covariance(fours, rows, stride, n, d, nominal, weights, signalVariance, diagonalAt, p, slopes);
  }

  /** Packs a lower triangle, [n, n], in block rows of four; what is missing to the last block is that of the identity. */
  #packTriangle(a: Float64Array, n: number, p: number, jitter: number): void {
    const f64 = this.#f64;
    const whole = n & ~3;
    let at = p / 8;
    // Four rows at once: the packed elements lie side by side.
    for (let i = 0; i < whole; i += 4) {
      const row = i * n;
      const end = row + i + 4;
      for (let k = row; k < end; k++, at += 4) {
        f64[at] = a[k]!;
        f64[at + 1] = a[k + n]!;
        f64[at + 2] = a[k + 2 * n]!;
        f64[at + 3] = a[k + 3 * n]!;
      }
      clearAboveDiagonal(f64, at - 16);
    }
    if (whole < n) {
      f64.fill(0, at, p / 8 + triangleLength(n));
      for (let i = whole; i < n; i++) for (let k = 0; k <= i; k++) f64[rowStart(p, i) + 4 * k] = a[i * n + k]!;
      for (let i = n; i < whole + 4; i++) f64[rowStart(p, i) + 4 * i] = 1;
    }
    for (let i = 0; i < n; i++) f64[rowStart(p, i) + 4 * i]! += jitter;
  }

  #unpackTriangle(p: number, n: number, L: Float64Array): void {
    const f64 = this.#f64;
    const whole = n & ~3;
    let at = p / 8;
    for (let i = 0; i < whole; i += 4) {
      const row = i * n;
      const end = row + i + 4;
      for (let k = row; k < end; k++, at += 4) {
        L[k] = f64[at]!;
        L[k + n] = f64[at + 1]!;
        L[k + 2 * n] = f64[at + 2]!;
        L[k + 3 * n] = f64[at + 3]!;
      }
      for (let r = i; r < i + 4; r++) L.fill(0, r * n + i + 4, (r + 1) * n);
    }
    for (let i = whole; i < n; i++) {
      for (let k = 0; k < n; k++) L[i * n + k] = k <= i ? f64[rowStart(p, i) + 4 * k]! : 0;
    }
  }
}

/** The elements of a diagonal tile [column][row] that lie above the diagonal. */
function clearAboveDiagonal(f64: Float64Array, tile: number): void {
  for (let column = 1; column < 4; column++) f64.fill(0, tile + 4 * column, tile + 5 * column);
}

/** Columns c … of a matrix [n, m] as panels of four at v, [⌈columns/4⌉][.., 4]; or, with `back`, the panels to the matrix. */
function copyPanels(
  f64: Float64Array,
  v: number,
  length: number,
  B: Float64Array,
  n: number,
  m: number,
  c: number,
  columns: number,
  back: boolean,
): void {
  for (let first = 0; first < columns; first += 4) {
    const width = Math.min(4, columns - first);
    let place = v / 8 + first * length;
    for (let at = c + first; at < n * m; at += m, place += 4) {
      if (back) for (let s = 0; s < width; s++) B[at + s] = f64[place + s]!;
      else for (let s = 0; s < width; s++) f64[place + s] = B[at + s]!;
    }
  }
}

/** Block rows of four. */
function blocksOf(n: number): number {
  return (n + 3) >> 2;
}

/** Numbers in a packed triangle. */
function triangleLength(n: number): number {
  const blocks = blocksOf(n);
  return 8 * blocks * (blocks + 1);
}

/** Index of the first element of row i in the packed triangle at p; its neighbours are four apart. */
function rowStart(p: number, i: number): number {
  const block = i >> 2;
  return p / 8 + 8 * block * (block + 1) + (i & 3);
}

/** Points first … of x, [.., d], as fours, [⌈count/4⌉][d][4], the missing ones 0. */
function writeFours(x: Float64Array, first: number, count: number, d: number, out: Float64Array, at: number): void {
  const padded = 4 * blocksOf(count);
  for (let i = 0; i < padded; i++) {
    const to = at + (i >> 2) * 4 * d + (i & 3);
    const from = (first + i) * d;
    for (let j = 0; j < d; j++) out[to + 4 * j] = i < count ? x[from + j]! : 0;
  }
}

/** The part of the platform's `WebAssembly` that is used; its types are in no library that a Node package may assume. */
interface Platform {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: Exports };
}

/** See `assembly`; addresses in bytes. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  factor(p: number, blocks: number, negligible: number): number;
  solvePanels(p: number, blocks: number, v: number, panels: number, start: number): void;
  solveOne(p: number, blocks: number, x: number): void;
  solveOneTransposed(p: number, blocks: number, x: number): void;
  inverse(p: number, blocks: number, v: number, q: number): void;
  covariance(...args: number[]): void;
  matern(...args: number[]): void;
  squaredDistances(...args: number[]): void;
  contract(...args: number[]): void;
  moments(...args: number[]): void;
  gradient(...args: number[]): void;
}

const platform = (globalThis as unknown as { WebAssembly?: Platform }).WebAssembly;

/** Compiled at the first use; `null` when that cannot be done here. */
let module: object | null | undefined;

function compileModule(): object | null {
  if (platform === undefined) return null;
  try {
    return new platform.Module(Uint8Array.from(atob(KERNELS_WASM), (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}
