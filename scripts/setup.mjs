// Makes `npm run demo` and `npm test` work on a fresh clone: runs `npm ci` when what is installed differs from the
// lockfile, and otherwise returns at once. It runs before anything is installed, so it is plain JavaScript without
// dependencies, and it keeps to what Node 20.17 has. The scripts after it run on the Node pinned in devDependencies.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const OLDEST = [20, 17];

const reason = whyInstall();
if (reason !== undefined) install(reason);

/** What is wrong with the installed packages, or `undefined` when they are those of the lockfile. */
function whyInstall() {
  const wanted = packagesOf("package-lock.json");
  if (wanted === undefined)
    fail("package-lock.json is missing or unreadable; restore it with `git checkout package-lock.json`.");
  // npm writes this file last, so an interrupted install leaves none.
  const installed = packagesOf("node_modules/.package-lock.json");
  if (installed === undefined) return "node_modules is missing or incomplete";
  for (const [path, { version, integrity, optional, devOptional }] of Object.entries(wanted)) {
    if (path === "" || ((optional || devOptional) && !(path in installed))) continue; // for other platforms
    const found = installed[path];
    if (found === undefined || found.version !== version || found.integrity !== integrity) {
      return `${path.replace(/^.*node_modules\//, "")} is not what package-lock.json says`;
    }
  }
  const extra = Object.keys(installed).find((path) => !(path in wanted));
  if (extra !== undefined) return `${extra} is not in package-lock.json`;
  return hasPinnedNode() ? undefined : "the pinned Node is missing";
}

function install(why) {
  if (isOlder(process.versions.node, OLDEST)) {
    fail(
      `Node >= ${OLDEST.join(".")} is needed to install the dependencies, but this is Node ${process.versions.node}.`,
    );
  }
  console.log(`Installing dependencies with \`npm ci\` (about 20 s): ${why}.`);
  const { status } = npm("ci", "--loglevel=error", "--no-audit", "--no-fund");
  if (status !== 0)
    fail("`npm ci` failed, see above. Check the network and the free space, then run the command again.");
  if (!hasPinnedNode()) {
    fail(
      "npm did not install the pinned Node, because install scripts are off. Run `npm rebuild node --ignore-scripts=false`.",
    );
  }
}

// `npm ci` deletes node_modules, the Node in it included, so npm must run on the machine's own: the one that started this
// npm, or else the one found on PATH without the folder that `npm run` put in front.
function npm(...args) {
  const { npm_execpath: cli, npm_node_execpath: node } = process.env;
  const path = process.env.PATH?.split(delimiter).filter((dir) => !dir.startsWith(join(root, "node_modules")));
  const options = { cwd: root, stdio: "inherit", env: { ...process.env, PATH: path?.join(delimiter) } };
  return cli !== undefined && node !== undefined && basename(cli) === "npm-cli.js"
    ? spawnSync(node, [cli, ...args], options)
    : spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8")).packages;
  } catch {
    return undefined;
  }
}

function hasPinnedNode() {
  return ["node", "node.exe"].some((name) => existsSync(join(root, "node_modules/node/bin", name)));
}

function isOlder(version, [major, minor]) {
  const [haveMajor, haveMinor] = version.split(".").map(Number);
  return haveMajor < major || (haveMajor === major && haveMinor < minor);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
