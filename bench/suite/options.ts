/** The value of an option that counts something. @throws Error for what is no integer of at least `least` */
export function countOf(option: string, text: string, least = 1): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Error(`--${option} must be an integer of at least ${least}, but got ${text}.`);
  }
  return value;
}
