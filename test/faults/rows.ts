/** The rows of the fault suite, in the order in which they run. */
import type { Row } from "./row.ts";
import { sigkill } from "./rows/sigkill.ts";
import { mutants, simulation } from "./rows/simulation.ts";

export const ROWS: readonly Row[] = [simulation, mutants, sigkill];
