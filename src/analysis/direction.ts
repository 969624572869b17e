/** Which values of a study are good. The words of `createStudy`, for data that is shown in the user's own unit. */
export type Direction = "minimize" | "maximize";

/** Whether value `a` is strictly better than `b`. */
export function isBetter(a: number, b: number, direction: Direction): boolean {
  return direction === "minimize" ? a < b : a > b;
}
