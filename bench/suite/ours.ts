/** Our samplers as drivers, through the public package as its users have it: a study that is asked and told. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assay from "assay";
import { createStudy, type Sampler, type Trial } from "assay";
import { cpuMsSince } from "../cpu.ts";
import type { Driver } from "./driver.ts";

/** Those that a benchmark may run; one that the package does not export is refused by name. */
const SAMPLERS = ["random", "sobol", "halton", "gp", "tpe", "cmaEs", "auto"] as const;

/** The sampler of a text such as `gp` or `gp{"explore":false}`. @throws Error for a name that is none, or options that are no JSON */
export function samplerOf(text: string): Sampler {
  const [, name = "", options] = /^(\w+)(\{.*\})?$/.exec(text) ?? [];
  const factory = (assay as Readonly<Record<string, unknown>>)[name];
  if (!SAMPLERS.some((it) => it === name) || typeof factory !== "function") {
    const there = SAMPLERS.filter((it) => it in assay).join(", ");
    throw new Error(
      `A sampler must be one of ${there}, with options as JSON after it, but got ${JSON.stringify(text)}.`,
    );
  }
  return options === undefined ? factory() : factory(JSON.parse(options));
}

/** @param text what `samplerOf` takes */
export function ourDriver(text: string): Driver {
  const sampler = samplerOf(text);
  return {
    name: text,
    close: () => Promise.resolve(),
    async start({ space, seed }) {
      const study = await createStudy({ space, seed, sampler });
      let asked: Trial | undefined;
      return {
        version: ourVersion(),
        async ask() {
          const started = process.cpuUsage();
          try {
            asked = await study.ask();
          } catch (error) {
            if (error instanceof assay.SpaceExhaustedError) return null;
            throw error;
          }
          return { params: asked.flatParams, ms: cpuMsSince(started) };
        },
        async tell(_, loss) {
          const started = process.cpuUsage();
          await study.tell(asked!, loss ?? { failed: "The evaluation failed." });
          return cpuMsSince(started);
        },
        async recommend() {
          const best = await study.best();
          if (best === null) throw new Error("There is nothing to recommend: no trial has completed.");
          // Under noise the lowest value is a lucky one; what the model holds for the best is what a user should take.
          return space.flatten((best.expected ?? best).params);
        },
        stop: () => Promise.resolve(),
      };
    },
  };
}

let version: string | undefined;

/** The package's version and the last commit to its sources, "+" behind it where they differ from that. */
export function ourVersion(): string {
  if (version !== undefined) return version;
  const root = join(import.meta.dirname, "../..");
  const { version: number } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const git = (...args: string[]) => spawnSync("git", args, { cwd: root, encoding: "utf8" }).stdout?.trim() ?? "";
  const commit = git("log", "-1", "--format=%h", "--", "src");
  const changed = git("status", "--porcelain", "--", "src") === "" ? "" : "+";
  version = commit === "" ? number : `${number} ${commit}${changed}`;
  return version;
}
