/**
 * The programs of this folder that run as processes, bundled. Started from its sources, which with those of its packages are some hundred
 * files, a worker takes a second of the processor before it does anything, and rows that kill hundreds of them do little else.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "rolldown";

export type Program = "worker" | "claimer" | "opener";

let bundled: Promise<string> | undefined;

/** The path of a program, which is there until this process ends. */
export async function program(name: Program): Promise<string> {
  bundled ??= bundle();
  return join(await bundled, `${name}.js`);
}

/** @returns the folder of the bundles */
async function bundle(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "assay-programs-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const here = import.meta.dirname;
  await build({
    input: {
      worker: join(here, "worker.ts"),
      claimer: join(here, "claimer.ts"),
      opener: join(here, "opener.ts"),
      // The thread that renews leases is looked for beside whoever starts it.
      "lease-thread": join(here, "../../src/storage/sql/lease-thread.ts"),
    },
    platform: "node",
    // pg looks whether it is there.
    external: ["pg-native"],
    output: { dir: folder, chunkFileNames: "[name].js" },
    logLevel: "warn",
  });
  return folder;
}
