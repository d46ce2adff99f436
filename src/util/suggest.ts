import { nth } from "./nth.js";

/**
 * The known name that a person most likely meant: `weight_decay` for `weightDecay`, `bidirectionel` for `bidirectional`.
 * Returns undefined where nothing is near.
 * @example
 * nearest("weight_decay", ["lr", "weightDecay"]); // = "weightDecay"
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.replace(/[_\-\s]/g, "").toLowerCase();
  const word = plain(name);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word, plain(candidate), least);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** The number of letters to insert, delete, replace or swap with their neighbor; at least `limit` where it reaches that. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? nth(before, j - 2) + 1 : limit;
      row[j] = Math.min(nth(last, j) + 1, nth(row, j - 1) + 1, nth(last, j - 1) + (same ? 0 : 1), swapped);
    }
    [before, last] = [last, row];
  }
  return nth(last, b.length);
}
