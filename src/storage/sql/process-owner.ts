/**
 * Owners that are processes of one machine. An owner's name says where and when its process was started, so that any other
 * process of that machine can ask the operating system whether it still lives. Where the answer is not certain (another
 * machine, another container, a name of unknown form) an owner is never taken for dead.
 */
import { createHash, randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { Owner } from "../storage.ts";
import { bootId } from "./machine-clock.ts";

/** Where and when a process was started; "" stands for what this system does not tell. */
interface ProcessIdentity {
  /** The machine: its name, and its id where it has one. */
  readonly host: string;
  /** New at each start of the machine. */
  readonly boot: string;
  /** Process ids mean something within one namespace only. */
  readonly namespace: string;
  readonly pid: string;
  /** Clock ticks from boot to the start of the process: with the pid, what no later process shares. */
  readonly startedAt: string;
}

let own: ProcessIdentity | undefined;

/** A name for a new owner in this process. */
export function newProcessOwner(): Owner {
  own ??= ownIdentity();
  const { host, boot, namespace, pid, startedAt } = own;
  return [host, boot, namespace, pid, startedAt, randomUUID()].join("/");
}

/** Whether the process of this owner is known to have ended. */
export function isDeadProcess(owner: Owner): boolean {
  const [host, boot, namespace, pid, startedAt, id, ...rest] = owner.split("/");
  if (id === undefined || rest.length > 0 || !/^[1-9]\d*$/.test(pid!)) return false;
  own ??= ownIdentity();
  if (host !== own.host) return false;
  // No process outlives its machine's start. Without a machine id the host's name alone does not prove that it is the same.
  if (boot !== own.boot) return boot !== "" && own.boot !== "" && own.host.includes("+");
  if (namespace !== own.namespace) return false;
  return !isAlive(Number(pid), startedAt!);
}

function isAlive(pid: number, startedAt: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists and is another user's.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const stat = processStat(pid);
  if (stat === null || startedAt === "") return true;
  // A killed process whose parent has not asked for its end stays in the table as a zombie (Z) and does no work.
  return stat.startedAt === startedAt && stat.state !== "Z" && stat.state !== "X";
}

function ownIdentity(): ProcessIdentity {
  const machine = read("/etc/machine-id");
  return {
    host: machine === "" ? digest(hostname()) : `${digest(hostname())}+${digest(machine)}`,
    boot: bootId(),
    namespace: namespaceOfProcesses(),
    pid: String(process.pid),
    startedAt: processStat(process.pid)?.startedAt ?? "",
  };
}

/** State and start of a process under Linux, or null where they cannot be read; see proc_pid_stat(5), fields 3 and 22. */
function processStat(pid: number): { state: string; startedAt: string } | null {
  const stat = read(`/proc/${pid}/stat`);
  // Field 2, the command, stands in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.length < 20 ? null : { state: fields[0]!, startedAt: fields[19]! };
}

function namespaceOfProcesses(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
}

/** A machine's id is not for other eyes; a short digest of it is as good here. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
