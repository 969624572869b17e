/**
 * The scales on which the surrogate sees the numbers of a space, where the data may choose others than those declared: kept in the note of every trial that
 * is suggested with them, and chosen anew whenever there are a quarter more observations.
 */
import { fit } from "../../gp/fit.ts";
import { chooseInputWarps, type InputWarps, stretch, unstretch } from "../../gp/input-warp.ts";
import { type Warp, warp } from "../../gp/warp.ts";
import type { History } from "../../trial/history.ts";
import type { Json } from "../../trial/trial.ts";
import type { SpaceDomain } from "./domain.ts";
import { gather } from "./evidence.ts";
import { select } from "./select.ts";
import { RECALLED, WIDTH_NOTED } from "./surrogate.ts";

export interface Scales {
  /** Observations at the choice. */
  readonly chosenAt: number;
  readonly warps: InputWarps;
}

/** Fewer observations say nothing of a scale, and with more the last choice stands: it costs some thirty short fits. */
const OBSERVED_LEAST = 12;
const OBSERVED_MOST = 120;
/** Observations, in parts of those of the last choice, at which the next is made. */
const GROWTH = 1.25;
/** Coordinates that may be warped, those of the shortest length-scales: the others hardly matter. */
const WARPED_MOST = 8;
/** A parameter of fewer levels is not warped: its length-scale says as much. */
const LEVELS_LEAST = 5;

/** The scales for an ask after these trials: those of the latest note, or chosen by the data under an output warp. */
export function scalesOf(domain: SpaceDomain, trials: History, kind: Warp): Scales | undefined {
  const { losses } = gather(domain, trials);
  const n = losses.length;
  // Without a note, every ask would have to choose.
  if (n < OBSERVED_LEAST || domain.width > WIDTH_NOTED) return undefined;
  const known = recallScales(trials);
  if (n > OBSERVED_MOST || (known !== undefined && n < GROWTH * known.chosenAt)) return known;
  const { y, slope } = warp(losses, kind);
  const observe = (warps: InputWarps) => {
    const own = rescale(domain, warps);
    return select(gather(own, trials), { y, slope }, own, OBSERVED_MOST);
  };
  const { parameters } = fit(observe(new Map()));
  const { lengthScales } = parameters;
  const coordinates = domain.coordinates
    .flatMap(({ nominal, levels }, j) => (nominal || levels < LEVELS_LEAST ? [] : [j]))
    .sort((i, j) => lengthScales[i]! - lengthScales[j]! || i - j);
  return { chosenAt: n, warps: chooseInputWarps(coordinates.slice(0, WARPED_MOST), parameters, observe) };
}

function recallScales(trials: History): Scales | undefined {
  for (const { note } of trials.slice(-RECALLED).reverse()) {
    const text = ((note ?? {}) as { readonly [key: string]: Json }).scales;
    if (typeof text === "string") return fromText(text);
  }
  return undefined;
}

/** For a note: the number of observations, then `coordinate:a:b` for each that is warped. */
export function scalesToText({ chosenAt, warps }: Scales): string {
  return [chosenAt, ...Array.from(warps, ([j, { a, b }]) => `${j}:${a}:${b}`)].join(" ");
}

function fromText(text: string): Scales {
  const [chosenAt, ...words] = text.split(" ");
  const warps = words.map((word) => word.split(":").map(Number) as [number, number, number]);
  return { chosenAt: Number(chosenAt), warps: new Map(warps.map(([j, a, b]) => [j, { a, b }])) };
}

/** The same domain with some of its coordinates on other scales: in all that an ask does, the unit cube is another one. */
export function rescale(domain: SpaceDomain, warps: InputWarps): SpaceDomain {
  if (warps.size === 0) return domain;
  const each = (x: Float64Array, map: typeof stretch): Float64Array =>
    x.map((value, j) => (warps.has(j) ? map(value, warps.get(j)!) : value));
  const { isFeasible } = domain;
  return {
    ...domain,
    coordinates: domain.coordinates.map((coordinate, j) => {
      const own = warps.get(j);
      if (own === undefined) return coordinate;
      return {
        ...coordinate,
        snap: (u) => stretch(coordinate.snap(unstretch(Math.min(1, Math.max(0, u)), own)), own),
        position: (index) => stretch(coordinate.position(index), own),
      };
    }),
    activity: (x, active) => domain.activity(each(x, unstretch), active),
    ...(isFeasible === undefined ? {} : { isFeasible: (x: Float64Array) => isFeasible(each(x, unstretch)) }),
    encode(params) {
      const { x, active } = domain.encode(params);
      return { x: each(x, stretch), active };
    },
    decode: (x) => domain.decode(each(x, unstretch)),
  };
}
