/** The value of an option that counts something. @throws Error for what is no integer of at least 1 */
export function countOf(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(`--${option} must be an integer of at least 1, but got ${text}.`);
  }
  return value;
}
