import { defineConfig } from "vitest/config";

// Tests import the rooms from `src`; the private condition makes `assay/…` mean the sources too, in the test files and in
// the threads and processes that they start.
export default defineConfig({
  resolve: { conditions: ["assay-source"] },
  ssr: { resolve: { conditions: ["assay-source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/storage/postgres/setup.ts"],
    setupFiles: ["test/setup.ts"],
    execArgv: ["--conditions=assay-source"],
    // What hangs is found; what a busy machine makes slow is no failure.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Of two cores both: most tests compute, and those that wait do not mind.
    maxWorkers: "100%",
  },
});
