import { readFileSync } from "node:fs";

/** Whether a process runs. One that has ended stays in the table, as a zombie (Z), until its parent asks for its end. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    // Systems without /proc reap what has no parent.
    return (error as NodeJS.ErrnoException).code === "ENOENT" && process.platform !== "linux";
  }
}
