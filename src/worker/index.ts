export { WorkerCrashedError } from "../errors.ts";
export { fromModule, isModuleRef, loadModule, type ModuleRef } from "./module-ref.ts";
export {
  createWorkerPool,
  type RunOptions,
  type WorkerContext,
  type WorkerFunction,
  type WorkerKind,
  type WorkerPool,
  type WorkerPoolOptions,
  workerCount,
} from "./pool.ts";
