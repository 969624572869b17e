import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linearScale, parameterScale } from "../../src/chart/axis.ts";
import { formatFixed, formatLogTick, formatNumber } from "../../src/chart/number.ts";
import { fitText, textWidth } from "../../src/chart/text.ts";

describe("numbers", () => {
  test.each([
    [0.1 + 0.2, "0.3"],
    [0.812345, "0.8123"],
    [-0, "0"],
    [-2.5, "−2.5"],
    [4374, "4374"],
    [123456, "123456"],
    [1e6, "1e6"],
    [0.0000123456, "1.235e-5"],
    [1e-4, "0.0001"],
    [-1e300, "−1e300"],
    [Number.NaN, "–"],
    [null, "–"],
    [Number.POSITIVE_INFINITY, "∞"],
  ])("%s is written %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  test("of fixed decimals round as on paper", () => {
    expect(formatFixed(0.7825)).toBe("0.783");
    expect(formatFixed(0.84, 4)).toBe("0.8400");
    expect(formatFixed(-0.0001)).toBe("0.000");
    expect(formatFixed(null)).toBe("–");
  });

  test.each([
    [1e-4, "1e-4"],
    [0.001, "0.001"],
    [0.5, "0.5"],
    [20, "20"],
    [1000, "1000"],
    [1e4, "1e4"],
    [0.1 + 0.2, "0.3"],
  ])("%s on a logarithmic axis is %s", (value, text) => {
    expect(formatLogTick(value)).toBe(text);
  });
});

describe("ticks", () => {
  test("are distinct, short and read as the value they stand at, for any range", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e9, max: 1e9, noNaN: true }),
        fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
        (low, span) => {
          fc.pre(span > Math.abs(low) * 1e-5);
          const scale = linearScale([low, low + span], [0, 1000]);
          const labels = scale.ticks.map(({ label }) => label);
          expect(new Set(labels).size).toBe(labels.length);
          const step = scale.ticks.length > 1 ? scale.ticks[1]!.at - scale.ticks[0]!.at : 1;
          for (const { at, label } of scale.ticks) {
            expect(label.length).toBeLessThanOrEqual(14);
            expect(Math.abs(scale.at(Number(label.replace("−", "-"))) - at)).toBeLessThan(step * 0.02);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each([
    ["log", 1e-4, 1e-1, ["1e-4", "0.001", "0.01", "0.1"]],
    ["log", 1e-5, 1, ["1e-5", "0.001", "0.1"]],
    ["log", 0.02, 0.07, ["0.02", "0.05"]],
    ["log", 1e-4, 1e-3, ["1e-4", "2e-4", "5e-4", "0.001"]],
    ["log", 1, 1000, ["1", "10", "100", "1000"]],
    ["linear", 0, 0.5, ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]],
  ] as const)("of a %s parameter from %s to %s are round", (scale, low, high, wanted) => {
    const ticks = parameterScale({ name: "p", scale, low, high, from: 0, to: 1 }, [0, 600]).ticks;
    expect(ticks.map(({ label }) => label)).toEqual(wanted);
    expect(ticks.every(({ at }) => at >= -0.001 && at <= 600.001)).toBe(true);
  });
});

test("words are cut to fit, never to nothing", () => {
  expect(fitText("short", 100)).toBe("short");
  const cut = fitText("a very long name of a parameter", 60);
  expect(cut).toMatch(/^a very.*…$/);
  expect(textWidth(cut)).toBeLessThanOrEqual(60);
  expect(fitText("wide", 1)).toBe("w…");
});
