import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isDeadProcess, newProcessOwner } from "../../src/storage/sql/process-owner.ts";

/** The owner's name with some of its parts replaced. */
function altered(changes: Record<number, string>): string {
  const parts = newProcessOwner().split("/");
  return parts.map((part, i) => changes[i] ?? part).join("/");
}

const [HOST, BOOT, NAMESPACE, PID, STARTED] = [0, 1, 2, 3, 4];
const linux = existsSync("/proc/self/stat");

describe("an owner", () => {
  test("of this process lives", () => {
    expect(isDeadProcess(newProcessOwner())).toBe(false);
  });

  test("of another living process lives, also one that may not be signalled", () => {
    const start = linux ? startOf(process.ppid) : "";
    expect(isDeadProcess(altered({ [PID]: String(process.ppid), [STARTED]: start }))).toBe(false);
    expect(isDeadProcess(altered({ [PID]: "1", [STARTED]: linux ? startOf(1) : "" }))).toBe(false);
  });

  test("whose process has ended is dead", async () => {
    const child = spawn(process.execPath, ["-e", "0"]);
    await once(child, "exit");
    expect(isDeadProcess(altered({ [PID]: String(child.pid) }))).toBe(true);
  });

  test.runIf(linux)("whose process id another process has now is dead", () => {
    expect(isDeadProcess(altered({ [STARTED]: "1" }))).toBe(true);
  });

  test.runIf(linux)("whose process was killed and not yet buried by its parent is dead", async () => {
    // The shell starts a child, which ends, and becomes a program that never asks for it.
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 30"]);
    const [line] = await once(parent.stdout, "data");
    const pid = String(line).trim();
    const deadline = performance.now() + 10_000;
    while (stateOf(pid) !== "Z" && performance.now() < deadline) await new Promise(setImmediate);
    expect(stateOf(pid)).toBe("Z");
    expect(isDeadProcess(altered({ [PID]: pid, [STARTED]: startOf(pid) }))).toBe(true);
    parent.kill();
  });

  test("of another machine or container is never taken for dead", () => {
    expect(isDeadProcess(altered({ [HOST]: "another", [PID]: "999999999" }))).toBe(false);
    expect(isDeadProcess(altered({ [HOST]: "another", [BOOT]: "another" }))).toBe(false);
    expect(isDeadProcess(altered({ [NAMESPACE]: "pid:[1]", [PID]: "999999999" }))).toBe(false);
  });

  test.runIf(linux && newProcessOwner().split("/")[HOST!]!.includes("+"))(
    "from before the machine was started anew is dead",
    () => {
      expect(isDeadProcess(altered({ [BOOT]: "an-earlier-one" }))).toBe(true);
      expect(isDeadProcess(altered({ [BOOT]: "" }))).toBe(false);
    },
  );

  test.each(["", "me", "a/b/c/d/e/f", "////", "/////////", altered({ [PID]: "-1" }), altered({ [PID]: "0" })])(
    "with a name of unknown form (%j) is never taken for dead",
    (owner) => {
      expect(isDeadProcess(owner)).toBe(false);
    },
  );
});

function fieldsOf(pid: number | string): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function stateOf(pid: string): string {
  return fieldsOf(pid)[0]!;
}

function startOf(pid: number | string): string {
  return fieldsOf(pid)[19]!;
}
