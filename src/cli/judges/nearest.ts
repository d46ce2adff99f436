import type { TextPair } from "../../tasks/translator.js";
import { mapInTurns } from "../../util/breath.js";
import { nth } from "../../util/nth.js";

/** Runs of three characters with how often each occurs, blanks at both ends. */
function trigramsOf(text: string): Map<string, number> {
  const characters = [...` ${text.toLowerCase().trim()} `];
  const counts = new Map<string, number>();
  for (let i = 0; i + 1 < characters.length; i++) {
    const run = characters.slice(i, i + 3).join("");
    counts.set(run, (counts.get(run) ?? 0) + 1);
  }
  return counts;
}

/**
 * To each source the target of the pair whose source is most like it: the cosine of runs of three characters, weighted by rarity; of
 * equals the first.
 */
export async function nearestTargets(train: readonly TextPair[], sources: readonly string[]): Promise<string[]> {
  const places = new Map<string, { pair: number; count: number }[]>();
  await mapInTurns(train, ({ source }, pair) => {
    for (const [run, count] of trigramsOf(source)) {
      const own = places.get(run) ?? [];
      own.push({ pair, count });
      places.set(run, own);
    }
  });
  const weightOf = (run: string) => Math.log(1 + train.length / (places.get(run)?.length ?? 1)) ** 2;
  const norms = new Float64Array(train.length);
  for (const [run, own] of places) for (const { pair, count } of own) norms[pair]! += weightOf(run) * count * count;
  return mapInTurns(sources, (source) => {
    const scores = new Float64Array(train.length);
    for (const [run, count] of trigramsOf(source))
      for (const { pair, count: other } of places.get(run) ?? []) scores[pair]! += weightOf(run) * count * other;
    let best = 0;
    for (let pair = 0; pair < train.length; pair++) {
      scores[pair]! /= Math.sqrt(nth(norms, pair));
      if (nth(scores, pair) > nth(scores, best)) best = pair;
    }
    return nth(train, best).target;
  });
}
