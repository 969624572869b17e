/**
 * SVG as text: elements with rounded numbers and escaped words. No DOM, no ids, nothing that a page's content policy would
 * have to allow beyond inline styles.
 */

/** Attributes that are undefined or null are left out; numbers are written with at most two decimals. */
export type Attributes = Readonly<Record<string, string | number | null | undefined>>;

/** An element; `children` are markup, so text goes through `escape` first. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? coordinate(value) : escapeText(String(value))}"`)
    .join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}

/** Words as they may stand in text and in quoted attributes of XML and HTML. */
export function escapeText(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Words with a sign of replacement for what cannot be shown. */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, "\uFFFD");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** What XML does not allow, and the marks that would turn the reading direction of what follows. */
const UNPRINTABLE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]/g;

/** A number as it stands in an attribute: at most two decimals, never an exponent or a trailing zero. */
export function coordinate(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`A coordinate must be finite, but got ${value}.`);
  return String(Number(value.toFixed(2)) + 0);
}
