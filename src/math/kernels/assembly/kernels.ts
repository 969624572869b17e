/** What the module exports; addresses and strides in bytes. */
export { contract, covariance, covarianceOfFour } from "./covariance";
export { factor, inverse, solveOne, solveOneTransposed, solvePanels } from "./factor";
export { gradient, moments } from "./posterior";
