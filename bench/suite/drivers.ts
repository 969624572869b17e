/** A driver by the name that `--samplers` or `--peers` gives it. */
import type { Driver } from "./driver.ts";
import { ourDriver } from "./ours.ts";

/** What a run is made by: ours by the sampler's text, a peer by its name. */
export interface DriverName {
  readonly kind: "sampler" | "peer";
  readonly name: string;
}

export function driverOf({ name }: DriverName): Driver {
  return ourDriver(name);
}
