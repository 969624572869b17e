import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { LogSync } from "../../src/storage/sql/log-sync.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("syncs of a log", () => {
  test("serve all who wrote before one begins, and none who writes after", async () => {
    const file = join(folder, "studies.db");
    writeFileSync(file, "");
    writeFileSync(`${file}-wal`, "x");
    symlinkSync(file, join(folder, "link.db"));
    const log = new LogSync(join(folder, "link.db"));
    const [first, second] = [log.sync(), log.sync()];
    expect(second).toBe(first);
    await Promise.resolve();
    const third = log.sync();
    expect(third).not.toBe(first);
    await Promise.all([first, third]);
    await log.close();
  });

  test("fail for ever after one failed, for the system forgets what it could not write", async () => {
    const file = join(folder, "late.db");
    writeFileSync(file, "");
    const log = new LogSync(file);
    await expect(log.sync()).rejects.toThrow("ENOENT");
    writeFileSync(`${file}-wal`, "x");
    await expect(log.sync()).rejects.toThrow("ENOENT");
    await log.close();
  });
});
