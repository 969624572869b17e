/**
 * The same seed gives the same suggestions on every engine: compares, byte for byte, what the gp sampler suggests on Node 22, 24
 * and 26 and in Chromium, with the WebAssembly kernels and with the TypeScript ones. The engines are compared with each other, not
 * with a record, so a change of the sampler needs none.
 *
 *   npm run test:engines [-- --quick]      --quick suggests fewer trials
 *
 * The Nodes are npm's package `node`, installed in the user's cache; Chromium is the machine's, or Debian's, which is installed where
 * that can be done. An engine that cannot be had is said to be missing, and fails.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join, normalize } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const RECORD = "test/fixtures/sampler/engine-record.ts";
const COUNT = process.argv.includes("--quick") ? 32 : 100;
const VERSIONS = ["22", "24", "26"];

const records = new Map<string, string>();
const missing: string[] = [];
for (const version of VERSIONS) await take(`Node ${version}`, () => onNode(version));
await take("Chromium", inChromium);

let failed = missing.length;
const [reference] = records.values();
for (const [engine, text] of records) {
  const { wasm, typescript } = JSON.parse(text) as Record<string, unknown>;
  const isSame = text === reference && wasm !== undefined && JSON.stringify(wasm) === JSON.stringify(typescript);
  if (!isSame) failed++;
  console.log(
    `${isSame ? "same  " : "DIFFER"} ${engine}: ${COUNT} suggestions on two problems, both kinds of kernels, ${text.length} bytes`,
  );
}
for (const engine of missing) console.log(`MISSING ${engine}`);
console.log(`${records.size + missing.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function take(engine: string, run: () => string | Promise<string>): Promise<void> {
  try {
    records.set(engine, await run());
  } catch (error) {
    missing.push(`${engine}: ${error instanceof Error ? error.message : error}`);
  }
}

function onNode(version: string): string {
  const folder = join(cacheFolder(), `node-${version}`);
  const node = join(folder, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (!existsSync(node)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, allowScripts: { node: true } }));
    run("npm", ["install", "--no-audit", "--no-fund", "--prefix", folder, `node@${version}`]);
  }
  const found = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  if (!found.startsWith(`v${version}.`)) throw new Error(`${node} is ${found}.`);
  const program = `import { record } from ${JSON.stringify(`./${RECORD}`)}; process.stdout.write(record(${COUNT}));`;
  return execFileSync(
    node,
    [
      "--no-warnings",
      "--experimental-strip-types",
      "--conditions=assay-source",
      "--input-type=module",
      "--eval",
      program,
    ],
    { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 26 },
  );
}

/** A page that imports the sources, whose types are taken off as they are served, and sends back what it made of them. */
async function inChromium(): Promise<string> {
  const chromium = findChromium();
  const profile = mkdtempSync(join(tmpdir(), "assay-chromium-"));
  const page = `<!doctype html><script type="importmap">{"imports":{"assay":"/src/index.ts"}}</script><script type="module">
    const send = (path, body) => fetch(path, { method: "POST", body });
    window.onerror = (message) => send("/error", String(message));
    try { send("/record", (await import("/${RECORD}")).record(${COUNT})); } catch (error) { send("/error", String(error)); }
  </script>`;
  let settle: { resolve: (text: string) => void; reject: (error: Error) => void };
  const answer = new Promise<string>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url!, "http://localhost").pathname);
    if (request.method === "POST") {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const text = Buffer.concat(parts).toString("utf8");
      response.end();
      if (path === "/record") settle.resolve(text);
      else settle.reject(new Error(text));
    } else if (path === "/") {
      response.setHeader("content-type", "text/html").end(page);
    } else if (/^\/(src|test\/fixtures)\/.*\.ts$/.test(path) && existsSync(join(ROOT, path))) {
      const source = stripTypeScriptTypes(readFileSync(join(ROOT, path), "utf8"));
      response.setHeader("content-type", "text/javascript").end(source);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const browser = spawn(
    chromium,
    [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
      ...["--disable-background-networking", "--disable-component-update", `--user-data-dir=${profile}`],
      `http://127.0.0.1:${port}/`,
    ],
    { stdio: "ignore" },
  );
  browser.on("error", (error) => settle.reject(error));
  const closed = new Promise((resolve) => browser.on("close", resolve));
  const timer = setTimeout(() => settle.reject(new Error("the page sent nothing within two minutes")), 120_000);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
    browser.kill();
    await closed;
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function findChromium(): string {
  const names = [
    process.env.CHROMIUM ?? "",
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ];
  const found = () => names.find((name) => name !== "" && existsSync(name));
  if (found() === undefined && existsSync("/usr/bin/apt-get")) {
    run("apt-get", ["update", "--quiet=2"]);
    run("apt-get", ["install", "--yes", "--quiet=2", "--no-install-recommends", "chromium"]);
  }
  const chromium = found();
  if (chromium === undefined) throw new Error("there is none; name its program in CHROMIUM.");
  return chromium;
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8", shell: process.platform === "win32" });
  if (status !== 0) throw new Error(`\`${command} ${args.join(" ")}\` failed: ${error?.message ?? stderr.slice(-500)}`);
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "assay");
}
