/**
 * The Python environment of the peers that a benchmark runs beside ours, and their output. It is made when it is first needed,
 * by venv and pip, in a folder outside the repository; where there is no Python, a benchmark runs without its peers.
 */
import { spawn, spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What the peers are, by the versions that the recorded figures are of. */
const PACKAGES = [
  "keras-tuner==1.4.8",
  "keras==3.15.1",
  process.platform === "linux" && process.arch === "x64" ? "tensorflow-cpu==2.21.0" : "tensorflow==2.21.0",
  "scikit-learn==1.9.1",
  // KerasTuner imports it in every trial without asking for it.
  "tensorboard==2.21.0",
  "onnxruntime==1.32.0",
] as const;

const PROBE = `from importlib.metadata import version
import sys
sys.exit([version(name) for name in ("keras-tuner", "keras", "tensorboard", "onnxruntime")]
  != ["1.4.8", "3.15.1", "2.21.0", "1.32.0"])`;

/** For the help of a benchmark. */
export const PEERS_HELP =
  "--peers FOLDER (or ASSAY_PEERS) is the Python environment of the peers, made there if need be (about 1 GB); --peers none leaves them out.";

/**
 * The interpreter of the peers' environment.
 *
 * @param folder of the environment; by default the one that ASSAY_PEERS names, or one in the user's cache
 * @returns null, having said why, where there is none and none can be made
 */
export function peerPython(folder: string = process.env.ASSAY_PEERS ?? cacheFolder()): string | null {
  if (folder === "none") return null;
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  if (succeeds(python, ["-c", PROBE])) return python;
  const system = process.platform === "win32" ? "python" : "python3";
  if (!succeeds(system, ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 10))"])) {
    return refuse(`\`${system}\` is missing, or older than 3.10`);
  }
  console.error(`Making the Python environment of the peers in ${folder}: ${PACKAGES.join(", ")}`);
  const made =
    succeeds(system, ["-m", "venv", folder]) &&
    spawnSync(python, ["-m", "pip", "install", "--quiet", ...PACKAGES], { stdio: ["ignore", 2, 2] }).status === 0;
  return made ? python : refuse(`its packages cannot be installed in ${folder}`);
}

/** Runs a script of this folder on one thread and gives its lines, each JSON. @throws Error with its last words when it fails */
export async function* runPeer<T>(python: string, script: string, args: readonly string[]): AsyncGenerator<T> {
  const { child, ended } = start(python, script, args);
  child.stdin.end();
  try {
    for await (const line of createInterface(child.stdout)) if (line.startsWith("{")) yield JSON.parse(line) as T;
  } finally {
    child.kill();
  }
  await ended();
}

/** A script of this folder that runs on one thread and answers each line of JSON with one. */
export class AnsweringPeer {
  readonly #peer: ReturnType<typeof start>;
  readonly #answers: AsyncIterator<string>;

  constructor(python: string, script: string, args: readonly string[]) {
    this.#peer = start(python, script, args);
    this.#answers = createInterface(this.#peer.child.stdout)[Symbol.asyncIterator]();
  }

  /** One question at a time. @throws Error with the script's last words when it ends without an answer */
  async ask<T>(question: object): Promise<T> {
    this.#peer.child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#answers.next();
    if (!done) return JSON.parse(value) as T;
    await this.#peer.ended();
    throw new Error("The peer ended before it answered.");
  }

  /** Lets the script end. */
  async close(): Promise<void> {
    this.#peer.child.stdin.end();
    await this.#peer.ended();
  }
}

function start(python: string, script: string, args: readonly string[]) {
  const child = spawn(python, [join(import.meta.dirname, script), ...args], {
    stdio: ["pipe", "pipe", "pipe"],
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
  // A script that has failed closes its end; what it said is thrown by `ended`.
  child.stdin.on("error", () => {});
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  const ended = async () => {
    if ((await code) !== 0) throw new Error(`${script} ended with ${await code}:\n${complaints}`);
  };
  return { child, ended };
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "assay", "peers");
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function refuse(why: string): null {
  console.error(`Running without the peers: ${why}. ${PEERS_HELP}`);
  return null;
}
