/**
 * What the surrogate computes with: factors of matrices, covariances of points, and the two together. Two engines keep this
 * contract with the same bits: `wasm` (f64 SIMD, compiled from `assembly`) and `typescript` (plain, readable, its oracle).
 *
 * Every element of a factor, of a solution and of an inverse is reduced one term after another in a fixed order, whatever the
 * blocking: sums run over k for several rows and columns at once, never over several k at once. So a blocked loop, a naive loop,
 * a row appended and a vectorised kernel all give the same bits. Matrices are row-major; a factor [n, n] is lower triangular with
 * zeros above its diagonal.
 */

export const ENGINES = ["wasm", "typescript"] as const;

export type EngineName = (typeof ENGINES)[number];

/** Points in a space of numbers and unordered levels. */
export interface Points {
  readonly n: number;
  readonly d: number;
  /** [n, d] */
  readonly x: Float64Array;
  /** [d], 1 where a coordinate has unordered levels. */
  readonly nominal: Uint8Array;
}

/** The Matérn-5/2 between points: s² m(Σⱼ wⱼ Dⱼ); see src/gp/kernel.ts. */
export interface Covariance {
  /** wⱼ = 1/lⱼ², [d]. */
  readonly weights: Float64Array;
  /** s² */
  readonly signalVariance: number;
}

/** A Gaussian process that has taken in data. None of its arrays may change: an engine may keep copies of them. */
export interface Process extends Points, Covariance {
  /** The factor of its kernel matrix. */
  readonly L: Float64Array;
  /** K⁻¹ y, [n]. */
  readonly alpha: Float64Array;
}

/** What one step of a fit needs to know of K = L Lᵀ, α = K⁻¹ y. */
export interface Evaluation {
  /** [n] */
  readonly alpha: Float64Array;
  /** Lᵢᵢ, [n]. */
  readonly factorDiagonal: Float64Array;
  /** [K⁻¹]ᵢᵢ, [n]. */
  readonly inverseDiagonal: Float64Array;
  /** Σ over pairs k < i of (K⁻¹ − α αᵀ)ᵢₖ s² m′(r²) Dⱼ(i, k), for each j, [d]. */
  readonly contractions: Float64Array;
}

/**
 * One step of a fit.
 *
 * @param diagonal what stands on the diagonal of K, [n]
 * @returns        its arrays are overwritten by the next step; null where K cannot be factored
 */
export type Evaluate = (covariance: Covariance, diagonal: Float64Array, y: Float64Array) => Evaluation | null;

export interface Kernels {
  readonly name: EngineName;
  /**
   * Writes the Cholesky factor of a + jitter·I to L, which may be `a` itself; only the lower triangle of a is read. False where a
   * pivot is not above n·2⁻⁵² of its diagonal element (rounding alone leaves that much); then L holds nothing of use.
   */
  factor(a: Float64Array, n: number, L: Float64Array, jitter: number): boolean;
  /** The same for the kernel matrix of points, with this diagonal, [n]. */
  factorCovariance(points: Points, covariance: Covariance, diagonal: Float64Array, L: Float64Array): boolean;
  /** s² m(r²(aᵢ, bₖ)) for a [m, d] and b [n, d], to out, [m, n]. */
  crossCovariance(
    a: Float64Array,
    m: number,
    b: Float64Array,
    n: number,
    nominal: Uint8Array,
    covariance: Covariance,
    out: Float64Array,
  ): void;
  /** X with L X = B for m right-hand sides, B and X [n, m]; X may be B itself. */
  solveLowerMany(L: Float64Array, n: number, B: Float64Array, m: number, X: Float64Array): void;
  /** (L Lᵀ)⁻¹, [n, n], both triangles. */
  inverse(L: Float64Array, n: number, inverse: Float64Array): void;
  /** Steps of fits to the same points. */
  likelihood(points: Points): Evaluate;
  /**
   * Posterior means and variances at m points, [m, d]; a variance may be negative by rounding.
   *
   *   μ = k α,   s² = k(x, x) − |L⁻¹ k|²
   */
  moments(process: Process, at: Float64Array, m: number, mean: Float64Array, variance: Float64Array): void;
  /**
   * Mean and variance at one point, and their gradients but for the factors wⱼ: to out, [2 + 2 d],
   *
   *   μ, s², Σᵢ αᵢ cᵢ (x₁ − xᵢ₁), Σᵢ [K⁻¹k]ᵢ cᵢ b (x₁ − xᵢ₁), Σᵢ αᵢ cᵢ (x₂ − xᵢ₂), …,   cᵢ = 2 s² m′(rᵢ²),   b = −1/s
   *
   * and b = 0 where the variance is not above `least`.
   */
  gradient(process: Process, x: Float64Array, least: number, out: Float64Array): void;
}
