import { fnv1a } from "./fnv1a.js";

/**
 * What runs, as SEQGRAD_TESTS says: `quick` (the default), `full` (everything), or `k/n`, the k-th of n parts of what the full suite has
 * and the quick one has not.
 */
export type Part = "quick" | "full" | `${number}/${number}`;

export function partOf(text = "quick"): Part {
  const [, k, n] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (text !== "quick" && text !== "full" && !(Number(k) < Number(n))) {
    throw new Error(`SEQGRAD_TESTS is "${text}"; expected quick, full or k/n with k from 0 to n - 1`);
  }
  return text as Part;
}

/** True if a file or a test of the full suite belongs to a part, by its name. */
export function inPart(name: string, part: Part): boolean {
  const [k, n] = part.split("/").map(Number);
  return n === undefined ? part === "full" : fnv1a(new TextEncoder().encode(name)) % n === k;
}
