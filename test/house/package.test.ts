import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// The package as a user gets it: built, packed, installed into an empty folder that knows nothing of this repository.
const root = resolve(import.meta.dirname, "../..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const subpaths = Object.keys(manifest.exports).filter((it) => it !== "./package.json");
const imports = subpaths.map((it) => it.replace(".", "assay"));

let tarball: string;
/** The user's data, of which the README's programs say no more than their names. */
const TABLE = "interface Table { x: number[][]; y: number[] }\n";
/** Where the package is installed. */
let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "assay-package-"));
  run(root, "node", "scripts/build.ts");
  tarball = join(
    home,
    JSON.parse(run(root, "npm", "pack", "--json", "--ignore-scripts", "--pack-destination", home))[0].filename,
  );
  write("package.json", JSON.stringify({ name: "a-user", private: true, type: "module" }));
  run(home, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", tarball);
}, 180_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe("the package", () => {
  test("has every file that its exports and its source maps name, and nothing that is not for users", () => {
    const installed = join(home, "node_modules/assay");
    const targets = Object.values<Record<string, string> | string>(manifest.exports).flatMap((it) => Object.values(it));
    for (const target of targets.filter((it) => it.startsWith(".")))
      expect(existsSync(join(installed, target)), target).toBe(true);
    for (const map of globSync("dist/**/*.map", { cwd: installed })) {
      const { sources } = JSON.parse(readFileSync(join(installed, map), "utf8"));
      for (const source of sources)
        expect(existsSync(join(installed, dirname(map), source)), `${map}: ${source}`).toBe(true);
    }
    expect(readdirSync(installed).sort()).toEqual([...manifest.files, "package.json"].sort());
  });

  test("is clean to publint", () => {
    expect(run(root, "publint", tarball, "--strict")).toContain("All good");
  });

  test("resolves, with its types, for every kind of ESM importer", () => {
    const { analysis } = JSON.parse(run(root, "attw", tarball, "--profile", "esm-only", "--format", "json"));
    const entrypoints: Record<string, { resolutions: Record<string, unknown> }> = analysis.entrypoints;
    expect(Object.keys(entrypoints).sort()).toEqual(Object.keys(manifest.exports).sort());
    for (const [subpath, { resolutions }] of Object.entries(entrypoints)) {
      for (const importer of ["node16-esm", "bundler"])
        expect(resolutions[importer], `${subpath} for ${importer}`).toHaveProperty("resolution.fileName");
    }
    const ignored = ["node10", "node16-cjs"];
    const problems: { resolutionKind?: string }[] = analysis.problems;
    expect(problems.filter(({ resolutionKind }) => !ignored.includes(resolutionKind ?? ""))).toEqual([]);
  });

  test("type-checks, as do the README's programs, in a user's strict project that checks libraries too, with Node's types or without", () => {
    const programs = readmePrograms().map((program, i) => {
      write(`readme-${i}.ts`, `${program}\ndeclare const train: Table, validation: Table;\n${TABLE}`);
      return `readme-${i}.ts`;
    });
    expect(programs.length).toBeGreaterThan(1);
    write("all.ts", imports.map((it, i) => `import * as room${i} from "${it}";\nexport { room${i} };\n`).join(""));
    // The compiler is the repository's; the types of Node, for a project that has them, are too.
    const base = {
      strict: true,
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
      module: "nodenext",
      target: "es2024",
    };
    const projects = {
      "tsconfig.web.json": { ...base, noEmit: true, types: [] },
      "tsconfig.node.json": {
        ...base,
        noEmit: true,
        lib: ["es2024"],
        types: ["node"],
        typeRoots: [join(root, "node_modules/@types")],
      },
    };
    for (const [file, compilerOptions] of Object.entries(projects)) {
      write(file, JSON.stringify({ compilerOptions, files: [...programs, "all.ts"] }));
      expect(run(home, "tsc", "-p", file)).toBe("");
    }
  });

  test("refuses a parameter that the README's study does not have, by its types", () => {
    write("wrong.ts", readmeStudy().replaceAll("optimizer.momentum", "optimizer.momentun"));
    const compilerOptions = { strict: true, noEmit: true, module: "nodenext", target: "es2024", types: [] };
    write("tsconfig.wrong.json", JSON.stringify({ compilerOptions, files: ["wrong.ts"] }));
    expect(() => run(home, "tsc", "-p", "tsconfig.wrong.json")).toThrow("Property 'momentun' does not exist");
  });

  test("says what to install where a PostgreSQL storage has no driver", () => {
    write(
      "postgres.mjs",
      `import { postgres } from "assay/storage/postgres";
       await postgres("postgres://127.0.0.1/studies").listStudies().catch((error) => console.log(error.code, error.message));`,
    );
    expect(run(home, "node", "postgres.mjs")).toBe(
      "STORAGE The PostgreSQL storage needs the package pg, which is not installed: npm install pg\n",
    );
  });

  test("runs a function of the user's module in worker threads and processes, in JavaScript and in TypeScript", () => {
    for (const extension of ["mjs", "ts"]) {
      write(
        `square.${extension}`,
        "export const square = (x) => x * x;\n".replace("(x)", extension === "ts" ? "(x: number)" : "(x)"),
      );
      write(
        `pool.${extension}`,
        `import { createWorkerPool, fromModule } from "assay/worker";
         const square = fromModule(new URL("./square.${extension}", import.meta.url), "square");
         for (const kind of ["thread", "process"]${extension === "ts" ? " as const" : ""}) {
           const pool = createWorkerPool({ workers: 2, kind });
           console.log(await Promise.all([1, 2, 3].map((x) => pool.run(square, x))));
           await pool.close();
         }`,
      );
      expect(run(home, "node", `pool.${extension}`)).toBe("[ 1, 4, 9 ]\n[ 1, 4, 9 ]\n");
    }
  });

  test("runs the example of a search under cross-validation, in worker threads, as it stands", () => {
    cpSync(join(root, "examples/cross-validation"), join(home, "cross-validation"), { recursive: true });
    const printed = run(home, "node", "cross-validation/main.ts");
    expect(printed).toMatch(/^GridSearchCV: mean AUC 0\.9/m);
    expect(printed).toMatch(/^BayesSearchCV: mean AUC 0\.9/m);
  });

  test("tunes a program from the command line", () => {
    write("space.json", JSON.stringify({ x: { type: "float", low: 0, high: 1 } }));
    write("program.mjs", "console.log(JSON.stringify({ loss: (Number(process.argv[2]) - 0.3) ** 2 }));");
    const options = ["--space", "space.json", "--minimize", "loss", "--trials", "3", "--seed", "1"];
    const printed = run(
      home,
      join("node_modules", ".bin", "assay"),
      "run",
      ...options,
      "--",
      "node",
      "program.mjs",
      "{x}",
    );
    expect(JSON.parse(printed)).toEqual({ x: expect.any(Number) });
  });

  test("keeps a study in SQLite", () => {
    write(
      "durable.mjs",
      `import { createStudy, float, random } from "assay";
       import { sqlite } from "assay/storage/sqlite";
       const study = await createStudy({ storage: sqlite("study.db"), space: { x: float(0, 1) }, sampler: random(), seed: 1 });
       const before = (await study.trials()).length;
       await study.optimize(({ params }) => params.x, { trials: before + 2 });
       console.log(before, (await study.trials()).length);`,
    );
    expect(run(home, "node", "durable.mjs")).toBe("0 2\n");
    expect(run(home, "node", "durable.mjs")).toBe("2 4\n");
  });

  // Last, for it takes away the packages that charts and SQL storages need.
  test("runs the README's study in plain JavaScript with no other package there", () => {
    for (const entry of readdirSync(join(home, "node_modules")).filter((it) => it !== "assay"))
      rmSync(join(home, "node_modules", entry), { recursive: true });
    write("ten-lines.mjs", readmeStudy());
    const printed = run(home, "node", "ten-lines.mjs");
    expect(printed).toContain("state: 'completed'");
    expect(Number(/value: ([\d.e-]+)/.exec(printed)?.[1])).toBeLessThan(0.1);

    const core = imports.filter((it) => it !== "assay/chart" && !it.startsWith("assay/storage/"));
    write("core.mjs", core.map((it) => `await import("${it}");\n`).join(""));
    expect(run(home, "node", "core.mjs")).toBe("");
  });
});

/** The programs in the README, which is what a newcomer copies. */
function readmePrograms(): string[] {
  return [...readFileSync(join(root, "README.md"), "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(
    ([, code = ""]) => code,
  );
}

function readmeStudy(): string {
  return readmePrograms()[0] ?? "";
}

/** What a command prints. Throws with all of it when the command fails. */
function run(cwd: string, command: string, ...args: string[]): string {
  // The condition that makes `assay` mean the sources must not reach these processes.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const PATH = `${join(root, "node_modules/.bin")}:${env.PATH}`;
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", env: { ...env, PATH } });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
}
