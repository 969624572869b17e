import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { erf, erfc, erfcx, exp, expm1, expSquare, log, log1p, pow } from "../../src/math/special.ts";
import { relativeError, ulps } from "./accuracy.ts";

interface Table {
  readonly x: readonly string[];
  readonly y: readonly string[];
  readonly exponent?: readonly string[];
}

const fixture: Record<string, Table> = JSON.parse(
  readFileSync(new URL("../fixtures/math/special.json", import.meta.url), "utf8"),
);

describe("special functions against values of 80 digits", () => {
  test.each([
    ["exp", exp, 1],
    ["expm1", expm1, 2],
    ["log", log, 1],
    ["log1p", log1p, 1],
    ["pow", pow, 1],
    ["erf", erf, 2],
    ["erfc", erfc, 3],
    ["erfcx", erfcx, 4],
  ] as const)("%s is within its promised units in the last place, tails and subnormals included", (name, f, limit) => {
    const { x, y, exponent } = fixture[name]!;
    expect(x.length).toBeGreaterThan(400);
    const apart = x.map((argument, i) => ulps(f(Number(argument), Number(exponent?.[i])), Number(y[i])));
    expect(Math.max(...apart)).toBeLessThanOrEqual(limit);
  });
});

const extremes = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 1e300, -1e300, 1e-300, 5e-324, 1e20, -1e20, 9007199254740991];
const specials = [...extremes, Infinity, -Infinity, NaN];

describe("special arguments", () => {
  test("exp, expm1, log, log1p and pow treat zeros, infinities, NaN and extremes as ECMAScript does", () => {
    const wrong: string[] = [];
    const check = (call: string, got: number, want: number): void => {
      if (!Object.is(got, want) && (want === 0 || ulps(got, want) > 1)) wrong.push(`${call}: ${got}, not ${want}`);
    };
    for (const x of specials) {
      check(`exp(${x})`, exp(x), Math.exp(x));
      check(`expm1(${x})`, expm1(x), Math.expm1(x));
      check(`log(${x})`, log(x), Math.log(x));
      check(`log1p(${x})`, log1p(x), Math.log1p(x));
      for (const y of specials) check(`pow(${x}, ${y})`, pow(x, y), x ** y);
    }
    expect(wrong).toEqual([]);
  });

  test("the error functions have their limits, and NaN for NaN", () => {
    expect([erf(Infinity), erf(-Infinity), erfc(Infinity), erfc(-Infinity)]).toEqual([1, -1, 0, 2]);
    expect([erfcx(Infinity), erfcx(-Infinity), erfc(28), erfcx(-27)]).toEqual([0, Infinity, 0, Infinity]);
    expect([erf(NaN), erfc(NaN), erfcx(NaN)]).toEqual([NaN, NaN, NaN]);
    expect(erfcx(1e300)).toBeCloseTo(5.641895835477563e-301, 310);
  });
});

describe("properties", () => {
  test("exp undoes log, and log undoes exp", () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
        // exp turns the rounding of its argument, |x| 2⁻⁵³, into a relative error of the result.
        expect(relativeError(exp(log(exp(x))), exp(x))).toBeLessThan(1e-15 + 3e-16 * Math.abs(x));
        expect(Math.abs(log(exp(x)) - x)).toBeLessThan(1e-15 * Math.max(1, Math.abs(x)));
      }),
    );
  });

  test("exp, log and erfcx are monotone between neighbouring doubles far apart or close by", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -26, max: 700, noNaN: true }),
        fc.double({ min: 1e-9, max: 2, noNaN: true }),
        (x, gap) => {
          expect(exp(x + gap)).toBeGreaterThan(exp(x));
          expect(log(30 + x + gap)).toBeGreaterThan(log(30 + x));
          expect(erfcx(x + gap)).toBeLessThan(erfcx(x));
        },
      ),
    );
  });

  test("pow by small integers is the repeated product", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e50, max: 1e50, noNaN: true }), (x) => {
        expect(ulps(pow(x, 2), x * x)).toBeLessThanOrEqual(1);
        expect(ulps(pow(x, 1), x)).toBe(0);
      }),
    );
  });

  test("expSquare keeps the digits that rounding the square would lose", () => {
    const x = 26.3;
    expect(relativeError(expSquare(x, -1) * expSquare(x, 1), 1)).toBeLessThan(5e-16);
    expect(relativeError(expSquare(x, -0.5) * expSquare(x, -0.5), expSquare(x, -1))).toBeLessThan(5e-16);
    expect([expSquare(1e200, -1), expSquare(1e200, 1), expSquare(0, 1)]).toEqual([0, Infinity, 1]);
  });
});
