/** For people who write samplers, pruners and storages: what these must do, as lists of checks for any test runner, and functions with known minima. */
export { type PrunerConformanceOptions, prunerConformance } from "./pruner-conformance.ts";
export { type SamplerConformanceOptions, samplerConformance } from "./sampler-conformance.ts";
export { type ConformanceCheck, type StorageConformanceOptions, storageConformance } from "./storage-conformance.ts";
export { ackley, branin, hartmann6, type Point, rosenbrock, type TestFunction } from "./test-functions.ts";
