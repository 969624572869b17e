/**
 * The Python environments of the peers that a benchmark runs beside ours, and their output. One is made when it is first needed,
 * by venv and pip, in a folder outside the repository; where there is no Python, a benchmark runs without its peers.
 */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  ENVIRONMENTS,
  type Environment,
  type EnvironmentName,
  environmentsFolder,
  interpreter,
} from "./environments.ts";

/** For the help of a benchmark. */
export const PEERS_HELP =
  "--peers FOLDER (or ASSAY_PEERS) holds the Python environments of the peers, made there if need be (about 1 GB for KerasTuner's); --peers none leaves them out.";

/**
 * The interpreter of KerasTuner's environment.
 *
 * @param folder of the environments; by default the one that ASSAY_PEERS names, or one in the user's cache
 * @returns null, having said why, where there is none and none can be made
 */
export function peerPython(folder?: string): string | null {
  return environmentPython("keras-tuner", folder);
}

/** The interpreter of an environment, which is made if need be. @returns null, having said why, where it cannot be made */
export function environmentPython(name: EnvironmentName, folder: string = environmentsFolder()): string | null {
  if (folder === "none") return null;
  const environment: Environment = ENVIRONMENTS[name];
  const python = interpreter(name, folder);
  if (hasEnvironment(name, folder)) return python;
  const system = process.platform === "win32" ? "python" : "python3";
  if (!succeeds(system, ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 10))"])) {
    return refuse(`\`${system}\` is missing, or older than 3.10`);
  }
  const place = join(folder, name);
  console.error(`Making the Python environment ${name} of the peers in ${place}: ${environment.packages.join(", ")}`);
  const install = (...args: readonly string[]) =>
    spawnSync(python, ["-m", "pip", "install", "--quiet", ...args], { stdio: ["ignore", 2, 2] }).status === 0;
  const made =
    succeeds(system, ["-m", "venv", place]) &&
    install(...environment.packages) &&
    (environment.bare === undefined || install("--no-deps", ...environment.bare));
  return made ? python : refuse(`its packages cannot be installed in ${place}`);
}

/** Whether an environment is there with all that it needs. */
export function hasEnvironment(name: EnvironmentName, folder: string = environmentsFolder()): boolean {
  const { packages, bare = [] }: Environment = ENVIRONMENTS[name];
  return succeeds(interpreter(name, folder), ["-c", PROBE, ...packages, ...bare]);
}

/** Exits with 0 where all requirements of its arguments are installed, in the version of those that have one pinned. */
const PROBE = `import re, sys
from importlib.metadata import version
for requirement in sys.argv[1:]:
    name, pinned = re.fullmatch("([A-Za-z0-9._-]+)(?:==(.+)|[<>].*)?", requirement).groups()
    if pinned not in (None, version(name)):
        sys.exit(1)`;

/** Runs a script of this folder on one thread and gives its lines, each JSON. @throws Error with its last words when it fails */
export async function* runPeer<T>(python: string, script: string, args: readonly string[]): AsyncGenerator<T> {
  const child = spawn(python, [join(import.meta.dirname, script), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      OMP_NUM_THREADS: "1",
      OPENBLAS_NUM_THREADS: "1",
      TF_CPP_MIN_LOG_LEVEL: "3",
      PYTHONHASHSEED: "0",
      PYTHONDONTWRITEBYTECODE: "1",
    },
  });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints = (complaints + text).slice(-2000);
  });
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  try {
    for await (const line of createInterface(child.stdout)) if (line.startsWith("{")) yield JSON.parse(line) as T;
  } finally {
    child.kill();
  }
  if ((await code) !== 0) throw new Error(`${script} ended with ${await code}:\n${complaints}`);
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function refuse(why: string): null {
  console.error(`Running without the peers: ${why}. ${PEERS_HELP}`);
  return null;
}
