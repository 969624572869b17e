/** What the values of options must be: see `argParser` of commander. */
import { InvalidArgumentError } from "commander";

export function integer(least: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(number) || number < least)
      throw new InvalidArgumentError(`It must be an integer >= ${least}.`);
    return number;
  };
}

export function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError("It must be a number > 0.");
  return number;
}

/** Seconds that a timer can wait for. */
export function seconds(text: string): number {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  if (!(number >= 0 && number <= 2_000_000)) throw new InvalidArgumentError("It must be seconds from 0 to 2000000.");
  return number;
}
