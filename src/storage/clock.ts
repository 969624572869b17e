/** Milliseconds since 1970, UTC. */
export type Clock = () => number;

/** The one place that reads the system's time; everything else is handed a clock. */
export const systemClock: Clock = () => Date.now();
