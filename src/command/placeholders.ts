/**
 * Placeholders: `{lr}` in an argument or a file's text stands for the value of a parameter by its full name, `{trial}` for the
 * trial's number, `{params}` for all parameters as nested JSON, `{config}` for the path of the trial's config file. `{{x}}` is a
 * literal `{x}`. Braces with a quote in them, or a space after the first, are no placeholder, so JSON can be an argument.
 */
import { show, ValidationError } from "../errors.ts";
import type { ParamValue } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";

/** What stands for itself, whatever the space. */
const OWN = ["trial", "params", "config"];

const PLACEHOLDER = /\{(\{[^{}"]*\})\}|\{([^{}"\s][^{}"\r\n]*)\}/g;

/** What the placeholders of one trial stand for; an inactive parameter is not in it. */
export type Values = ReadonlyMap<string, ParamValue>;

/**
 * The names of the placeholders in these texts.
 *
 * @throws ValidationError for one that is neither a parameter nor one of our own, and for a parameter named like one of ours
 */
export function checkPlaceholders(texts: readonly string[], space: Space, subject: string): ReadonlySet<string> {
  const names = new Set(texts.flatMap((text) => [...text.matchAll(PLACEHOLDER)].flatMap(([, , name]) => name ?? [])));
  for (const name of names) {
    const isParameter = space.get(name) !== undefined;
    if (isParameter && OWN.includes(name)) {
      throw new ValidationError(
        `A parameter of a command cannot be named ${show(name)}, for {${name}} has a meaning of its own. Choose another name.`,
      );
    }
    if (!isParameter && !OWN.includes(name)) {
      const known = [...space.dimensions.map((dimension) => dimension.name), ...OWN].map((it) => `{${it}}`);
      throw new ValidationError(
        `A placeholder must be a parameter of the space, but ${subject} has {${name}}. There are: ${known.join(", ")}. Write {{${name}}} for the text itself.`,
      );
    }
  }
  return names;
}

/**
 * The arguments of one trial. One with a placeholder of an inactive parameter is left out, and so is the option before it when the
 * placeholder is the whole argument: `--momentum {momentum}` disappears together.
 */
export function fillArguments(args: readonly string[], values: Values): string[] {
  const filled: string[] = [];
  for (const [i, arg] of args.entries()) {
    const names = [...arg.matchAll(PLACEHOLDER)].flatMap(([, , name]) => name ?? []);
    if (names.every((name) => values.has(name))) filled.push(fillText(arg, values));
    else if (arg === `{${names[0]}}` && args[i - 1]?.startsWith("-") && filled.at(-1) === args[i - 1]) filled.pop();
  }
  return filled;
}

/** A text with its placeholders filled in as they are printed; all must be there. */
export function fillText(text: string, values: Values): string {
  return text.replaceAll(
    PLACEHOLDER,
    (_, literal: string | undefined, name: string) => literal ?? String(values.get(name)),
  );
}

/**
 * A config file's text. A placeholder that is a whole value, with quotes around it or none, becomes that value as JSON, which YAML
 * and TOML read too; one inside a longer text becomes its text. An inactive parameter is `null`; where `hasNull` is false (TOML)
 * its line is left out.
 */
export function fillConfig(text: string, values: Values, hasNull: boolean): string {
  const lines = text.split("\n");
  const kept = hasNull
    ? lines
    : lines.filter((line) =>
        [...line.matchAll(PLACEHOLDER)].every(([, , name]) => name === undefined || values.has(name)),
      );
  return kept.map((line) => fillLine(line, values)).join("\n");
}

/** A placeholder in quotes of its own; or what stands before it, it, and what stands after. */
const IN_CONFIG = /"\{([^{}"\s][^{}"\r\n]*)\}"|\{(\{[^{}"]*\})\}|\{([^{}"\s][^{}"\r\n]*)\}/g;

function fillLine(line: string, values: Values): string {
  return line.replaceAll(
    IN_CONFIG,
    (match: string, quoted: string | undefined, literal: string | undefined, name: string | undefined, at: number) => {
      if (literal !== undefined) return literal;
      const value = values.get(quoted ?? name!) ?? null;
      if (quoted === "params" || name === "params") return String(value);
      const isWhole = quoted !== undefined || isValue(line.slice(0, at), line.slice(at + match.length));
      return isWhole ? JSON.stringify(value) : JSON.stringify(String(value)).slice(1, -1);
    },
  );
}

/** Whether what stands between these parts of a line is a value, and not a part of a longer text. */
function isValue(before: string, after: string): boolean {
  const isInString = (before.match(/(?<!\\)"/g)?.length ?? 0) % 2 === 1;
  const begins = /(?:^\s*(?:-\s+)*|"\s*:\s*|:\s+|[=,[({]\s*)$/.test(before);
  const ends = /^(?:\s*(?:[,\])}]|$)|\s+#)/.test(after);
  return begins && ends && !isInString;
}
