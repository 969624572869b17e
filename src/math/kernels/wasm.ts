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
/** Processes that stay in memory: a surrogate of losses and one of success. */
const RESIDENTS = 2;
/** A memory that has grown beyond this many bytes is given back when it is next emptied. */
const LARGEST_KEPT = 1 << 26;
/** Where the module leaves the memory to us, in bytes. */
const BASE = 1024;
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
  readonly key: WeakRef<Float64Array>;
  readonly points: PackedPoints;
  readonly p: number;
  readonly alpha: number;
}

class WasmKernels implements Kernels {
  readonly name = "wasm";
  readonly #module: object;
  #exports: Exports;
  #f64: Float64Array;
  #residents: Resident[] = [];
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
    const resident = this.#placeResident(points, L);
    const diagonalAt = this.#take(n);
    this.#reserve();
    this.#writePoints(points, resident.points);
    this.#fillCovariance(resident.points, covariance, diagonal, diagonalAt, resident.p, 0);
    if (!this.#exports.factor(resident.p, blocksOf(n), n * Number.EPSILON)) return false;
    this.#unpackTriangle(resident.p, n, L);
    this.#residents.push(resident);
    this.#top = diagonalAt;
    return true;
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
      this.#copyPanels(
        v,
        blocks,
        n,
        c,
        columns,
        (place, at) => {
          this.#f64[place] = B[at]!;
        },
        m,
      );
      this.#exports.solvePanels(p, blocks, v, panels, 0);
      this.#copyPanels(
        v,
        blocks,
        n,
        c,
        columns,
        (place, at) => {
          X[at] = this.#f64[place]!;
        },
        m,
      );
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
    if (this.#residents.length >= RESIDENTS) {
      this.#residents = [];
      this.#top = BASE;
      if (this.#f64.byteLength > LARGEST_KEPT) {
        this.#exports = new platform!.Instance(this.#module).exports;
        this.#f64 = new Float64Array(this.#exports.memory.buffer);
      }
    }
    this.#begin();
  }

  #isResident({ L }: Process): boolean {
    return this.#residents.some(({ key }) => key.deref() === L);
  }

  /** The packed form of a process; work of the same call is placed behind it. */
  #resident(process: Process): Resident {
    const there = this.#residents.find(({ key }) => key.deref() === process.L);
    if (there !== undefined) {
      this.#begin();
      return there;
    }
    this.#makeRoomForResident();
    const resident = this.#placeResident(process, process.L);
    this.#top = this.#next;
    this.#reserve();
    this.#writePoints(process, resident.points);
    this.#packTriangle(process.L, process.n, resident.p, 0);
    this.#residents.push(resident);
    return resident;
  }

  #placeResident(points: Points, L: Float64Array): Resident {
    return {
      key: new WeakRef(L),
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
    f64.fill(0, p / 8, p / 8 + triangleLength(n));
    for (let i = 0; i < n; i++) {
      const row = i * n;
      let at = rowStart(p, i);
      for (let k = row; k < row + i; k++, at += 4) f64[at] = a[k]!;
      f64[at] = a[row + i]! + jitter;
    }
    for (let i = n; i < 4 * blocksOf(n); i++) f64[rowStart(p, i) + 4 * i] = 1;
  }

  #unpackTriangle(p: number, n: number, L: Float64Array): void {
    const f64 = this.#f64;
    for (let i = 0; i < n; i++) {
      const row = i * n;
      let at = rowStart(p, i);
      for (let k = row; k <= row + i; k++, at += 4) L[k] = f64[at]!;
      L.fill(0, row + i + 1, row + n);
    }
  }

  /** Columns c … of a matrix [n, m] beside panels of four at v. */
  #copyPanels(
    v: number,
    blocks: number,
    n: number,
    c: number,
    columns: number,
    copy: (place: number, at: number) => void,
    m: number,
  ): void {
    for (let s = 0; s < columns; s++) {
      let place = v / 8 + (s >> 2) * blocks * 16 + (s & 3);
      for (let i = 0; i < n; i++, place += 4) copy(place, i * m + c + s);
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
