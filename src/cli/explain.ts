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
  process.stderr.write(`assay: ${printable(error.message)}\n`);
  return [ValidationError, NotFoundError, DuplicateError].some((kind) => error instanceof kind) ? 2 : 1;
}
