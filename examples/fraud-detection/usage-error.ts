/** A mistake that the user can mend: printed as one line, exit code 2, nothing written. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** `", did you mean x?"` when one of the known words is close to what was typed, else an empty string. */
export function suggestion(typed: string, known: readonly string[]): string {
  const ranked = known.map((word) => ({ word, distance: editDistance(typed.toLowerCase(), word.toLowerCase()) }));
  const [closest] = ranked.sort((a, b) => a.distance - b.distance);
  if (closest === undefined || closest.distance > Math.max(2, Math.floor(typed.length / 3))) return "";
  return ` Did you mean ${JSON.stringify(closest.word)}?`;
}

/** Insertions, deletions and replacements that turn `a` into `b` (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
