/**
 * Lines of JSON that each carry a checksum of all lines so far, itself included: what was cut off, left out, moved or changed by
 * accident is found at its line. It is no signature: whoever means to deceive can compute it too.
 */
import { show, ValidationError } from "../../errors.ts";
import { readJson, writeJson } from "../exact-json.ts";

/** In characters. A longer line is refused before anything is made of it. */
const MAX_LINE = 16_000_000;
const FRAME = /^\{"crc32":"([0-9a-f]{8})",(.+)\}$/s;

/** Writes records as lines, each with its newline. */
export function lineWriter(): (record: Readonly<Record<string, unknown>>, subject: string) => string {
  let sum = 0;
  return (record, subject) => {
    const body = writeJson(record, subject).slice(1, -1);
    sum = crc32(body, sum);
    return `{"crc32":"${hex(sum)}",${body}}\n`;
  };
}

/**
 * Reads what `lineWriter` wrote, line by line, with or without their newlines. A line must be written exactly as the writer would, so
 * that nothing is read otherwise than it looks: of two equal keys JSON would take the last, of 1e400 infinity.
 *
 * @throws ValidationError naming the line and its fault
 */
export function lineReader(): (line: unknown, at: number) => Readonly<Record<string, unknown>> {
  let sum = 0;
  return (line, at) => {
    if (typeof line !== "string") throw fault(at, `must be text, but got ${show(line)}`);
    if (line.length > MAX_LINE) throw fault(at, `must have at most ${MAX_LINE} characters, but has ${line.length}`);
    if (line.startsWith("\uFEFF")) throw fault(at, "must not begin with a byte order mark. Save the file without one");
    const [, stated, body = ""] = FRAME.exec(line.replace(/\r?\n$/, "")) ?? [];
    if (stated === undefined) {
      throw fault(at, `must have the form {"crc32":"…",…}, but is ${show(line)}. It may have been cut off`);
    }
    sum = crc32(body, sum);
    if (hex(sum) !== stated) {
      throw fault(
        at,
        `has checksum ${stated}, but ${hex(sum)} was found: it or a line before it was changed, moved or lost`,
      );
    }
    return canonical(`{${body}}`, at);
  };
}

/** The fault of a line, for all who find one. */
export function fault(at: number, what: string): ValidationError {
  return new ValidationError(`Line ${at} of an exported study ${what}.`);
}

function canonical(text: string, at: number): Readonly<Record<string, unknown>> {
  let record: unknown;
  let again: string;
  try {
    record = readJson(text);
    again = writeJson(record, "it");
  } catch (error) {
    throw fault(at, `must be JSON of at most 100 levels, but is not (${(error as Error).message})`);
  }
  if (again !== text) {
    const i = [...text].findIndex((_, i) => text[i] !== again[i]);
    throw fault(
      at,
      `must be written as it was exported, but differs at ${show(text.slice(Math.max(0, i - 20), i + 20))}: ` +
        "keys stand twice, or numbers and spaces are not as they would be written",
    );
  }
  return record as Readonly<Record<string, unknown>>;
}

function hex(sum: number): string {
  return sum.toString(16).padStart(8, "0");
}

/** CRC-32 (ISO-HDLC, as in gzip and PNG) of the UTF-8 bytes of `text`, going on from that of what came before. */
function crc32(text: string, before: number): number {
  let crc = ~before;
  for (const byte of ENCODER.encode(text)) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

const ENCODER = new TextEncoder();
const TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});
