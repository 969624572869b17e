import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { StorageError } from "../../src/errors.ts";
import { type FileSystemProbe, networkFileSystem } from "../../src/storage/sql/network-file-system.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import { checkFile } from "../../src/storage/sql/sqlite-file.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-file-system-"));
afterAll(() => rmSync(folder, { recursive: true }));

const definition = { name: "s", direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;
let places = 0;
function newPlace(): string {
  const place = join(folder, String(places++));
  mkdirSync(place);
  return place;
}

function probe(magic: number | undefined, mounts = ""): FileSystemProbe {
  return { magic: () => magic, mounts: () => mounts };
}

describe("a network file system is known", () => {
  test.each([
    [0x6969, "NFS"],
    [0xff534d42, "CIFS"],
    [0xfe534d42, "SMB 2"],
    [0x01021997, "9p"],
    [0x00c36400, "Ceph"],
    [0x0bd00bd0, "Lustre"],
    [0xef53, undefined],
    [0x58465342, undefined],
    [0x01021994, undefined],
    [undefined, undefined],
  ])("by its magic number: %s is %s", (magic, name) => {
    expect(networkFileSystem("/data", probe(magic))).toBe(name);
  });

  const mounts = [
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
    "30 22 0:40 / /data rw,relatime - fuse.sshfs me@there:/ rw",
    "31 30 0:41 / /data/secret rw - fuse.gocryptfs /cipher rw",
    "32 22 0:42 / /with\\040space rw - fuse.rclone remote rw",
    "33 22 0:43 / /database rw - fuseblk /dev/sdb1 rw",
  ].join("\n");
  test.each([
    ["/data", "fuse.sshfs"],
    ["/data/studies/x", "fuse.sshfs"],
    ["/data/secret/x", undefined],
    ["/with space", "fuse.rclone"],
    ["/database", undefined],
    ["/elsewhere", undefined],
  ])("in user space by the type of its mount: %s is %s", (path, name) => {
    expect(networkFileSystem(path, probe(0x65735546, mounts))).toBe(name);
  });

  test.each([
    ["\\\\server\\share", "a network share"],
    ["\\\\?\\C:\\data", undefined],
    ["C:\\data", undefined],
  ])("by its path on Windows: %s is %s", (path, name) => {
    expect(networkFileSystem(path, probe(undefined))).toBe(name);
  });

  test("not where the tests run: the system is asked, and tells of a local one", () => {
    expect(networkFileSystem(folder)).toBeUndefined();
  });
});

describe("a SQLite file", () => {
  test("on a network file system is refused by default, with the reason and the ways out", () => {
    const file = join(newPlace(), "studies.db");
    const refused = () => checkFile(file, { allowNetworkFileSystem: false, probe: probe(0x6969) });
    expect(refused).toThrow(StorageError);
    expect(refused).toThrow(/its folder is on NFS, where locks and shared memory do not hold/);
    expect(refused).toThrow(/PostgreSQL.*`allowNetworkFileSystem: true` opens it anyway/);
    expect(() => checkFile(file, { allowNetworkFileSystem: true, probe: probe(0x6969) })).not.toThrow();
    expect(() => checkFile(file, { allowNetworkFileSystem: false, probe: probe(0xef53) })).not.toThrow();
  });

  test("is one file by all its symbolic links, and its log lies beside it", async () => {
    const [place, other] = [newPlace(), newPlace()];
    const file = join(place, "studies.db");
    symlinkSync(file, join(other, "link.db"));
    symlinkSync(place, join(other, "folder"));
    const paths = [join(other, "link.db"), file, join(other, "folder", "studies.db")];
    const storages = paths.map((path) => sqlite(path));
    const { id } = await storages[0]!.createStudy(definition);
    const draft = { state: "running", params: {}, note: null, attributes: {}, startedAt: 1, owner: "me" } as const;
    for (const [number, storage] of storages.entries()) await storage.createTrial(id, { ...draft, number });
    for (const storage of storages) expect((await storage.trialsSince(id, 0)).trials.length).toBe(3);
    expect(readdirSync(place)).toContain("studies.db-wal");
    expect(readdirSync(other).sort()).toEqual(["folder", "link.db"]);
    for (const storage of storages) await storage.close();
  });

  test("with a second hard link is refused until it has one name again, and left as it is", async () => {
    const place = newPlace();
    const [file, twin] = [join(place, "studies.db"), join(place, "twin.db")];
    const first = sqlite(file);
    await first.createStudy(definition);
    await first.close();
    linkSync(file, twin);
    for (const path of [file, twin]) {
      const storage = sqlite(path);
      await expect(storage.listStudies()).rejects.toThrow(
        /must have one name, but has 2 \(hard links\).*Remove the other/,
      );
      await storage.close();
    }
    expect(readdirSync(place).sort()).toEqual(["studies.db", "twin.db"]);
    unlinkSync(twin);
    const again = sqlite(file);
    expect((await again.listStudies()).length).toBe(1);
    await again.close();
  });
});
