/** The rows of the fault suite, in the order in which they run. */
import type { Row } from "./row.ts";
import { aliases, clocks } from "./rows/clocks.ts";
import { claims, writers } from "./rows/contention.ts";
import { damage, fullDisk, ioErrors, lostFile } from "./rows/disk.ts";
import { leaks, soak } from "./rows/endurance.ts";
import { migration } from "./rows/migration.ts";
import { model } from "./rows/model.ts";
import { network, restartMutant, restarts, sigkillPostgres, writersPostgres } from "./rows/postgres.ts";
import { fullDiskPostgres } from "./rows/postgres-disk.ts";
import { opening } from "./rows/postgres-opening.ts";
import { sigkill } from "./rows/sigkill.ts";
import { blocked, sigstop } from "./rows/silence.ts";
import { mutants, simulation } from "./rows/simulation.ts";
import { powerLoss, powerLossMutant, statements } from "./rows/statements.ts";

export const ROWS: readonly Row[] = [
  simulation,
  mutants,
  model,
  sigkill,
  statements,
  powerLoss,
  powerLossMutant,
  writers,
  claims,
  sigstop,
  blocked,
  fullDisk,
  ioErrors,
  lostFile,
  damage,
  migration,
  clocks,
  aliases,
  sigkillPostgres,
  restarts,
  restartMutant,
  opening,
  network,
  fullDiskPostgres,
  writersPostgres,
  soak,
  leaks,
];
