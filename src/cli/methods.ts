/** Samplers and pruners by their names on the command line. */
import { halving } from "../pruner/halving.ts";
import { median } from "../pruner/median.ts";
import type { Pruner } from "../pruner/pruner.ts";
import { auto } from "../sampler/auto.ts";
import { cmaEs } from "../sampler/cma-es/cma-es.ts";
import { gp } from "../sampler/gp/gp.ts";
import { grid } from "../sampler/grid.ts";
import { halton } from "../sampler/halton.ts";
import { random } from "../sampler/random.ts";
import type { Sampler } from "../sampler/sampler.ts";
import { sobol } from "../sampler/sobol.ts";
import { tpe } from "../sampler/tpe/tpe.ts";

export type SamplerName = "auto" | "gp" | "tpe" | "cma-es" | "random" | "sobol" | "halton" | "grid";
export type PrunerName = "median" | "halving";

/** How a study chooses and stops its trials. */
export interface Methods {
  readonly sampler: SamplerName;
  readonly pruner?: PrunerName;
  readonly minSteps?: number;
}

const SAMPLERS: Readonly<Record<SamplerName, () => Sampler>> = {
  auto: () => auto(),
  gp: () => gp(),
  tpe: () => tpe(),
  "cma-es": () => cmaEs(),
  random: () => random(),
  sobol: () => sobol(),
  halton: () => halton(),
  grid: () => grid({ points: 5 }),
};

const PRUNERS: Readonly<Record<PrunerName, (minSteps: number | undefined) => Pruner>> = {
  median: (warmupSteps = 0) => median({ warmupSteps }),
  halving: (minResource = 1) => halving({ minResource }),
};

/** For `createStudy`. */
export function makeMethods({ sampler, pruner, minSteps }: Methods): { sampler: Sampler; pruner?: Pruner } {
  return { sampler: SAMPLERS[sampler](), ...(pruner === undefined ? {} : { pruner: PRUNERS[pruner](minSteps) }) };
}

/** A seed that looks like a number is one. */
export function seedOf(text: string): number | string {
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}
