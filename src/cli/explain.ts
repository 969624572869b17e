/** What the command says when it ends on an error: our own errors are their message, anything else is a fault with its stack. */
import { AssayError, DuplicateError, NotFoundError, ValidationError } from "../errors.ts";
import { printable } from "./printable.ts";

/** Prints the error and returns the exit code. */
export function explain(error: unknown): number {
  if (!(error instanceof AssayError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`assay: ${printable(text)}\n`);
    return 1;
  }
  process.stderr.write(`assay: ${printable(inCommandWords(error.message))}\n`);
  return [ValidationError, NotFoundError, DuplicateError].some((kind) => error instanceof kind) ? 2 : 1;
}

/** What the library's remedies are called on the command line. */
const COMMAND_WORDS = [
  [
    'Choose another name, `ifExists: "overwrite"`, or, where parameters are only added, `spaceChange: "extend"`.',
    "Give what is stored, or begin another study: --study <name>.",
  ],
  [
    "Mend the objective or the space, or raise `maxConsecutiveFailures`; the next `optimize` goes on from here.",
    "Mend the program or the space; the same command goes on from here.",
  ],
  ["`envPrefix`", "--env-prefix"],
] as const;

function inCommandWords(message: string): string {
  return COMMAND_WORDS.reduce((text, [library, command]) => text.replaceAll(library, command), message);
}
