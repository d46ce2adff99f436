/** A stretch of the text in which the same cells fire. */
export interface Match {
  readonly start: number;
  readonly end: number;
  /** The cells in common, by all cells that fire in either. */
  readonly score: number;
}

/** The cells that are above the threshold at every letter of a stretch. `states` are letters by cells. */
export function cellsOf(states: Float32Array, cells: number, start: number, end: number, threshold: number): number[] {
  return Array.from({ length: cells }, (_, cell) => cell).filter((cell) => {
    for (let t = start; t < end; t++) if (Math.abs(states[t * cells + cell] ?? 0) < threshold) return false;
    return end > start;
  });
}

/**
 * The stretches where most of the cells of a phrase fire together, as LSTMVis finds them: the longest runs of letters at which all of them are
 * above the threshold with the sign that they have in the phrase; else those at which most are.
 *
 * Source: Strobelt et al. 2018, "LSTMVis".
 */
export function matches(
  states: Float32Array,
  cells: number,
  phrase: { readonly start: number; readonly end: number },
  threshold: number,
  count: number,
): Match[] {
  const chosen = cellsOf(states, cells, phrase.start, phrase.end, threshold);
  if (chosen.length === 0) return [];
  const T = states.length / cells;
  const signs = chosen.map((cell) => Math.sign(states[phrase.start * cells + cell] ?? 0));
  const length = phrase.end - phrase.start;
  const fires = Float64Array.from({ length: T }, (_, t) => {
    const alike = chosen.filter((cell, i) => (states[t * cells + cell] ?? 0) * (signs[i] ?? 0) >= threshold);
    return alike.length / chosen.length;
  });
  const scored = Array.from({ length: Math.max(0, T - length + 1) }, (_, start): Match => {
    let sum = 0;
    for (let t = start; t < start + length; t++) sum += fires[t] ?? 0;
    return { start, end: start + length, score: sum / length };
  });
  const found: Match[] = [];
  const overlaps = (a: { start: number; end: number }, b: { start: number; end: number }) => a.start < b.end && b.start < a.end;
  for (const match of scored.sort((a, b) => b.score - a.score || a.start - b.start)) {
    if (found.length === count) break;
    if (!overlaps(match, phrase) && found.every((other) => !overlaps(match, other))) found.push(match);
  }
  return found;
}
