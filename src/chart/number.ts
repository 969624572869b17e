/**
 * Numbers as people read them: four significant digits in tables, and tick labels with as many decimals as their step needs,
 * so that 0.1 + 0.2 is 0.3 and a logarithmic axis says 1e-4.
 */

/** Four significant digits, or as many as asked for; whole numbers below a million in full; "–" for what is none. */
export function formatNumber(value: number | null | undefined, digits: number = 4): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return minus(String(value + 0));
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e6) return minus(String(Number(value.toPrecision(digits))));
  return minus(shortExponent(value.toExponential(digits - 1)));
}

/**
 * So many decimals, trailing zeros kept, for columns of like figures; "–" for what is none. Halves go up as on paper: 0.7825
 * is 0.783 with three, although its double lies just below the half.
 */
export function formatFixed(value: number | null | undefined, decimals: number = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const shifted = Number((Math.abs(value) * 10 ** decimals).toPrecision(14));
  const rounded = Math.round(shifted) / 10 ** decimals;
  return minus((value < 0 && rounded > 0 ? -rounded : rounded).toFixed(decimals));
}

/** "1 trial", "2 trials": regular nouns only. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A parameter's value in a table. */
export function showParam(value: string | number | boolean | null): string {
  return typeof value === "number" ? formatNumber(value) : String(value);
}

/** Labels for ticks at multiples of `step`: all with the decimals that the step has. */
export function formatTicks(ticks: readonly number[], step: number): string[] {
  const largest = Math.max(...ticks.map(Math.abs), 0);
  if (largest >= 1e6 || (largest > 0 && largest < 1e-3)) {
    const digits = Math.max(0, Math.min(15, exponentOf(largest) - exponentOf(step)));
    return ticks.map((tick) => (Math.abs(tick) < step / 2 ? "0" : minus(shortExponent(tick.toExponential(digits)))));
  }
  const decimals = Math.max(0, Math.min(12, -exponentOf(step)));
  return ticks.map((tick) => minus((Math.abs(tick) < step / 2 ? 0 : tick).toFixed(decimals)));
}

/** A label on a logarithmic axis: 1e-4, 0.001, 0.5, 1, 20, 1e4. */
export function formatLogTick(value: number): string {
  const exponent = exponentOf(value);
  if (exponent >= -3 && exponent <= 3) return String(Number(value.toPrecision(12)));
  return shortExponent(Number(value.toPrecision(12)).toExponential());
}

/** floor(log10 |v|), safe against the rounding of log10 at powers of ten. */
function exponentOf(value: number): number {
  return Number(Math.abs(value).toExponential(6).split("e")[1]);
}

/** "1.500e-5" → "1.5e-5", "2e+6" → "2e6". */
function shortExponent(text: string): string {
  return text.replace(/\.?0*e\+?/, "e");
}

/** With the minus sign of typography, as wide as a plus. */
function minus(text: string): string {
  return text.replace(/^-/, "−");
}
