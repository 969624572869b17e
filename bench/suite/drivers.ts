/** A driver by the name that `--samplers` or `--peers` gives it. */
import { peerCommand } from "../peers/environments.ts";
import type { Driver } from "./driver.ts";
import { ourDriver } from "./ours.ts";
import { processDriver } from "./protocol.ts";

/** What a run is made by. */
export type DriverName =
  | { readonly kind: "sampler"; readonly name: string }
  /** `command` is a shell's; the program is asked for the sampler `name`. */
  | { readonly kind: "peer"; readonly name: string; readonly command: string };

/** Of a word of `--peers`: the name of a peer in `bench/peers`, or `name=command`. @throws Error for another */
export function peerName(word: string): DriverName {
  const [, name, command] = /^([^=]+)=(.+)$/.exec(word) ?? [];
  return name === undefined || command === undefined
    ? { kind: "peer", name: word, command: peerCommand(word) }
    : { kind: "peer", name, command };
}

export function driverOf(driver: DriverName): Driver {
  if (driver.kind === "sampler") return ourDriver(driver.name);
  // `exec`, so that the program itself is the child, not a shell that outlives it.
  return processDriver(driver.name, driver.name, { command: "sh", args: ["-c", `exec ${driver.command}`] });
}
