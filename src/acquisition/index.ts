/** Acquisition functions: from a posterior to what is worth trying next. */
export type { Acquisition, Utility } from "./acquisition.ts";
export { ei } from "./ei.ts";
export { logEi } from "./log-ei.ts";
export type { Maximizer } from "./maximize.ts";
export { pi } from "./pi.ts";
export { ucb } from "./ucb.ts";
