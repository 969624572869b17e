/** Who runs what in a study, from its leases and what its trials were signed with. */
import type { Lease, Owner } from "../storage/storage.ts";
import type { FrozenTrial } from "../trial/trial.ts";
import { duration } from "./figures.ts";

export interface AtWork {
  readonly number: number;
  readonly attempt: number;
  /** The name that the worker gave, or what its owner tells: a process of a machine. */
  readonly worker: string;
  readonly runsForMs: number;
  /** Until the lease runs out, unless it is renewed; negative when it has. Null for a trial without a lease. */
  readonly leaseMs: number | null;
}

export function atWork(leases: readonly Lease[], trials: ReadonlyMap<number, FrozenTrial>): readonly AtWork[] {
  return leases.map(({ number, attempt, owner, startedAt, until, now }) => {
    const signed = trials.get(number)?.attributes.worker;
    return {
      number,
      attempt,
      worker: typeof signed === "string" ? signed : processOf(owner),
      runsForMs: Math.max(0, Math.round(now - startedAt)),
      leaseMs: Number.isFinite(until) ? Math.round(until - now) : null,
    };
  });
}

/** See process-owner.ts: the machine, three more things, and there the process id. */
function processOf(owner: Owner): string {
  const [machine = "", , , pid] = owner.split("/");
  return pid === undefined ? owner : `process ${pid} of machine ${machine.slice(0, 8)}`;
}

export function leaseText(leaseMs: number | null): string {
  if (leaseMs === null) return "none";
  return leaseMs > 0 ? `${duration(leaseMs)} left` : `ran out ${duration(-leaseMs)} ago`;
}
