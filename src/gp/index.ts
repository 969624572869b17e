/** The surrogate: Gaussian processes over mixed and conditional spaces. */
export { createEmbedding, type EmbeddedCoordinate, type Embedding } from "./embedding.ts";
export { type FitOptions, fit } from "./fit.ts";
export { type KernelParameters, matern52 } from "./kernel.ts";
export { type LooPredictions, looPredictions } from "./loo.ts";
export { defaultPrior, type LogNormal, type Prior } from "./prior.ts";
export {
  append,
  condition,
  type Gp,
  logMarginalLikelihood,
  type Observations,
  type Posterior,
  type PosteriorGradient,
  posterior,
  posteriorGradient,
  type Trend,
} from "./regression.ts";
export { type Warp, type Warped, warp } from "./warp.ts";
