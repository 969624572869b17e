/**
 * Compiles the AssemblyScript kernels and embeds each as base64 in a TypeScript module, so that the package loads them
 * without a file, a fetch or a wait. With `--check` it writes nothing and fails where a module is not what its source gives.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

interface Kernel {
  /** AssemblyScript entry file and the module that embeds it, from the root of the repository. */
  readonly source: string;
  readonly module: string;
  /** Name of the exported string. */
  readonly constant: string;
  /** What the optimiser is asked for: `-O3s` weighs size, `-O3` only speed. */
  readonly optimize: "-O3s" | "-O3";
}

const KERNELS: readonly Kernel[] = [
  {
    source: "src/nn/assembly/trainer.ts",
    module: "src/nn/engine/trainer.wasm.ts",
    constant: "TRAINER_WASM",
    optimize: "-O3s",
  },
  {
    source: "src/math/kernels/assembly/kernels.ts",
    module: "src/math/kernels/kernels.wasm.ts",
    constant: "KERNELS_WASM",
    optimize: "-O3",
  },
];

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const FLAGS = ["--noAssert", "--converge", "--runtime", "stub", "--enable", "simd", "--initialMemory", "1"];
/** Pointers are 32 bits wide here, and no function with a vector leaves the module. */
const SILENT = ["--disableWarning", "201", "--disableWarning", "112"];

function compile(kernel: Kernel): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "kernel-"));
  try {
    const target = join(folder, "kernel.wasm");
    const compiler = join(ROOT, "node_modules", "assemblyscript", "bin", "asc.js");
    execFileSync(
      process.execPath,
      [compiler, kernel.source, "--outFile", target, kernel.optimize, ...FLAGS, ...SILENT],
      {
        cwd: ROOT,
        stdio: ["ignore", "inherit", "pipe"],
      },
    );
    return readFileSync(target);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function moduleText(kernel: Kernel, bytes: Buffer): string {
  return [
    `/** Compiled from ${kernel.source} by scripts/build-kernels.ts: a WebAssembly module of ${bytes.length} bytes, base64. */`,
    `export const ${kernel.constant}: string =`,
    `  "${bytes.toString("base64")}";`,
    "",
  ].join("\n");
}

const isCheck = process.argv.includes("--check");
for (const kernel of KERNELS) {
  const bytes = compile(kernel);
  const path = join(ROOT, kernel.module);
  const text = moduleText(kernel, bytes);
  if (!isCheck) {
    writeFileSync(path, text);
    console.log(`${kernel.module}: ${bytes.length} bytes`);
  } else if (readFileSync(path, "utf8") !== text) {
    console.error(`${kernel.module} is not what ${kernel.source} compiles to. Run node scripts/build-kernels.ts.`);
    process.exitCode = 1;
  }
}
