// Builds the package into an empty `dist`, so that nothing of an earlier build is published.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
rmSync(join(root, "dist"), { recursive: true, force: true });
const options = { cwd: root, stdio: "inherit", shell: process.platform === "win32" } as const;
process.exitCode = spawnSync("tsc", ["-p", "tsconfig.build.json"], options).status ?? 1;
