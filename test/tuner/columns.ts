import { expect } from "vitest";

/** Columns of numbers agree to 1e-12, with null for NaN and for a masked value. */
export function expectSame(actual: readonly unknown[], expected: readonly unknown[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) {
    if (value === null) expect(actual[i] === undefined || Number.isNaN(actual[i])).toBe(true);
    else if (typeof value === "number") {
      expect(Math.abs((actual[i] as number) - value)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(value)));
    } else expect(actual[i]).toEqual(value);
  }
}
