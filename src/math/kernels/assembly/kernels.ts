/** What the module exports; addresses and strides in bytes. */
export { contract, covariance, matern, squaredDistances } from "./covariance";
export { factor, inverse, solveOne, solveOneTransposed, solvePanels } from "./factor";
export { gradient, moments } from "./posterior";
