/**
 * Hard constraints between parameters: rules on whole configurations that no declaration of one parameter can say, such as
 * `min <= max`. A rule is code of the user's, of which a study can keep no more than its name and its text.
 */
import { show, ValidationError } from "../errors.ts";

/** A rule that configurations with nested params `P` must keep. */
export interface Constraint<out P = unknown> {
  /** Its own name where it was given one; otherwise its text. */
  readonly name: string;
  /** The source of the function on one line. */
  readonly text: string;
  holds(params: P): boolean;
}

export interface ConstrainOptions {
  /**
   * What errors call the rule, and what a resumed study knows it by. Default: the function's text, so that a rule without a name
   * may not change by a letter between runs.
   */
  readonly name?: string;
}

/** Characters of a rule's text that are kept. */
const TEXT_MOST = 500;

/** @throws ValidationError when `holds` is no function or `name` no text of one line */
export function createConstraint<P>(holds: (params: P) => boolean, options: ConstrainOptions = {}): Constraint<P> {
  if (typeof holds !== "function") {
    throw new ValidationError(
      `A constraint must be a function of params such as \`(p) => p.min <= p.max\`, but got ${show(holds)}.`,
    );
  }
  const text = holds.toString().replaceAll(/\s+/g, " ").slice(0, TEXT_MOST);
  const { name = text } = options;
  if (typeof name !== "string" || name === "" || name.length > TEXT_MOST || /\p{Cc}/u.test(name)) {
    throw new ValidationError(
      `A constraint's name must be a string of 1 to ${TEXT_MOST} characters without control characters, but got ${show(name)}.`,
    );
  }
  return { name, text, holds };
}

/** A rule that a stored study has and this program does not: whoever needs it gets an error, whoever only reads trials does not. */
export function missingConstraint(name: string, text: string): Constraint {
  return {
    name,
    text,
    holds(): never {
      throw new ValidationError(
        `The study has the constraint ${show(name)}, which is code and not stored. Give \`createStudy\` the space with its constraints again.`,
      );
    },
  };
}

/** Whether params keep a rule. @throws ValidationError when the rule throws, or answers with something else than true or false */
export function keeps<P>({ name, holds }: Constraint<P>, params: P): boolean {
  let answer: unknown;
  try {
    answer = holds(params);
  } catch (cause) {
    if (cause instanceof ValidationError) throw cause;
    throw new ValidationError(
      `A constraint must answer for every configuration, but ${show(name)} threw for ${show(params)}: ${String(cause)}.`,
      { cause },
    );
  }
  if (typeof answer !== "boolean") {
    throw new ValidationError(
      `A constraint must return true or false, but ${show(name)} returned ${show(answer)} for ${show(params)}.`,
    );
  }
  return answer;
}

/** What a rule reads of nested params: the keys on the way, and whether all that lies below was read with it. */
export interface Read {
  readonly path: readonly string[];
  readonly whole: boolean;
}

/** What a rule reads before it says that params break it; all of them, where that cannot be watched. */
export function readsOf<P>({ holds }: Constraint<P>, params: P): readonly Read[] {
  const reads: Read[] = [];
  try {
    if (holds(watched(params, [], reads)) === false) return reads;
  } catch {
    // Some functions take no proxy, `structuredClone` for one.
  }
  return [{ path: [], whole: true }];
}

function watched<T>(value: T, path: readonly string[], reads: Read[]): T {
  if (typeof value !== "object" || value === null) return value;
  const note = (key: string | symbol): readonly string[] => {
    const own = [...path, String(key)];
    reads.push({ path: own, whole: false });
    return own;
  };
  return new Proxy(value, {
    get(target, key, receiver) {
      const found: unknown = Reflect.get(target, key, receiver);
      return typeof found === "function" ? found : watched(found, note(key), reads);
    },
    has(target, key) {
      note(key);
      return Reflect.has(target, key);
    },
    getOwnPropertyDescriptor(target, key) {
      note(key);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
    ownKeys(target) {
      reads.push({ path, whole: true });
      return Reflect.ownKeys(target);
    },
  });
}
