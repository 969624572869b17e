/**
 * A driver in another process, which speaks JSON lines: one request, one answer.
 *
 *   {"op":"start","space":[…],"seed":7,"trials":100,"sampler":"tpe","direction":"minimize"} → {"ok":true,"version":"…"}
 *   {"op":"ask"} → {"params":{…},"ms":1.2}, or {"params":null} when the space has been tried whole
 *   {"op":"tell","params":{…},"loss":0.3} → {"ms":0.1}; a loss of null is a failed trial
 *   {"op":"recommend"} → {"params":{…}}
 *   {"op":"stop"} → {"ok":true}; another start may follow
 *
 * `space` is what `space.toJSON()` gives, params are by full name and have the active parameters alone, `ms` is CPU time; whatever
 * goes wrong is answered by {"error":"…"}. `bench/serve.ts` answers the same for our samplers.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { FlatParams, SpaceJson } from "assay";
import type { Driver } from "./driver.ts";

export type Request =
  | {
      readonly op: "start";
      readonly space: SpaceJson;
      readonly seed: number;
      readonly trials: number;
      readonly sampler: string;
      readonly direction: "minimize" | "maximize";
    }
  | { readonly op: "ask" | "recommend" | "stop" }
  | { readonly op: "tell"; readonly params: FlatParams; readonly loss: number | null };

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A driver that a command starts when it is first needed.
 *
 * @param name    for the results
 * @param sampler what the program calls it
 */
export function processDriver(name: string, sampler: string, command: Command): Driver {
  let peer: Answering | undefined;
  return {
    name,
    async close() {
      peer?.close();
    },
    async start({ space, seed, trials }) {
      peer ??= new Answering(name, command);
      const ask = peer.ask.bind(peer);
      const started = await ask({ op: "start", space: space.toJSON(), seed, trials, sampler, direction: "minimize" });
      return {
        version: String(started.version ?? "unknown"),
        async ask() {
          const { params, ms } = await ask({ op: "ask" });
          return params === null ? null : { params: params as FlatParams, ms: Number(ms) };
        },
        async tell(params, loss) {
          return Number((await ask({ op: "tell", params, loss })).ms ?? 0);
        },
        async recommend() {
          return (await ask({ op: "recommend" })).params as FlatParams;
        },
        async stop() {
          await ask({ op: "stop" });
        },
      };
    },
  };
}

/** A program that answers each line of JSON with one. */
class Answering {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #complaints = "";

  constructor(name: string, { command, args, env }: Command) {
    this.#name = name;
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-2000);
    });
    // One that has ended closes its end; what it said is thrown by `ask`.
    this.#child.stdin!.on("error", () => {});
    this.#child.on("error", (error) => {
      this.#complaints += error.message;
    });
    this.#answers = createInterface(this.#child.stdout!)[Symbol.asyncIterator]();
  }

  /** @throws Error with the program's message, or its last words when it ends without an answer */
  async ask(request: Request): Promise<Readonly<Record<string, unknown>>> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    for (;;) {
      const { value, done } = await this.#answers.next();
      if (done) throw new Error(`${this.#name} ended before it answered ${request.op}:\n${this.#complaints}`);
      // Some packages print to the same stream.
      if (!value.startsWith("{")) continue;
      const answer = JSON.parse(value) as Record<string, unknown>;
      if ("error" in answer) throw new Error(`${this.#name} refused ${request.op}: ${answer.error}`);
      return answer;
    }
  }

  close(): void {
    this.#child.stdin!.end();
  }
}
