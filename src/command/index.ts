/** Any program as an objective: `commandObjective`. For Node only. */
export { type CommandObjective, type CommandOptions, commandObjective } from "./command-objective.ts";
