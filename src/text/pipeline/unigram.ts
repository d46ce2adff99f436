import type { Pieces } from "../../util/breath.js";
import { nth } from "../../util/nth.js";
import { type Settings, unreadable } from "./settings.js";
import { byteIds, lacking, type Model } from "./vocabulary.js";

/** A character that no token covers costs this much more than the rarest token. */
const PENALTY = 10;

/** Units that are looked at in a piece of work. */
const PIECE = 1024;

/** The longest way that has been found to the end of a part of the piece. */
interface Way {
  readonly from: number;
  readonly score: number;
  readonly isUnknown: boolean;
}

/** The tokens in the order of their ids, their log-probabilities, the lowest of those, and the length of the longest token. */
function scoredTokens(settings: Settings) {
  const entries = settings.list("vocab");
  const scores = new Float64Array(entries.length);
  const vocabulary = new Map<string, number>();
  let lowest = Number.POSITIVE_INFINITY;
  let longest = 0;
  for (const [id, entry] of entries.entries()) {
    const [token, score] = Array.isArray(entry) ? entry : [];
    const where = `${settings.where}.vocab[${id}]`;
    if (typeof token !== "string" || typeof score !== "number" || !Number.isFinite(score))
      throw unreadable(where, `got ${JSON.stringify(entry)}, expected a token and its log-probability`);
    if (vocabulary.has(token)) throw unreadable(where, `${JSON.stringify(token)} is there twice`);
    vocabulary.set(token, id);
    scores[id] = score;
    lowest = Math.min(lowest, score);
    longest = Math.max(longest, token.length);
  }
  if (entries.length === 0) throw unreadable(`${settings.where}.vocab`, "the vocabulary is empty");
  return { vocabulary, scores, lowest, longest };
}

/** The parts of a piece along the best way to its end; unknown characters side by side are one part. */
function partsOf(piece: string, ways: readonly (Way | undefined)[]): string[] {
  const parts: { text: string; isUnknown: boolean }[] = [];
  for (let end = piece.length; end > 0; ) {
    const { from, isUnknown } = nth(ways, end);
    const last = parts.at(-1);
    if (isUnknown && last?.isUnknown) last.text = piece.slice(from, end) + last.text;
    else parts.push({ text: piece.slice(from, end), isUnknown });
    end = from;
  }
  return parts.reverse().map(({ text }) => text);
}

/** SentencePiece's Unigram (Kudo 2018): a piece as the tokens whose log-probabilities have the largest sum, by Viterbi's algorithm. */
export function unigram(settings: Settings): Model {
  const { vocabulary, scores, lowest, longest } = scoredTokens(settings);
  const unknown = settings.has("unk_id") ? settings.whole("unk_id") : undefined;
  settings.raw("unk_id");
  if (unknown !== undefined && unknown >= scores.length)
    throw unreadable(settings.where, `unk_id is ${unknown}, expected a whole number from 0 to ${scores.length - 1}`);
  const fallsBack = settings.flag("byte_fallback", false);
  const refuse = (piece: string): never => {
    throw lacking(piece, undefined);
  };

  /** The best way to each end; prefixes that no token continues end the search for longer ones. */
  function* waysOf(piece: string): Pieces<(Way | undefined)[]> {
    const ways: (Way | undefined)[] = [{ from: 0, score: 0, isUnknown: false }];
    for (let at = 0; at < piece.length; ) {
      if (at % PIECE < 2) yield; // a pair of surrogates may pass over the first
      const { score } = ways[at]!;
      const width = (piece.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
      const reach = (end: number, total: number, isUnknown: boolean) => {
        const known = ways[end];
        if (!known || total > known.score) ways[end] = { from: at, score: total, isUnknown };
      };
      let hasSingle = false;
      for (let end = at + width; end <= Math.min(piece.length, at + longest); end++) {
        const id = vocabulary.get(piece.slice(at, end));
        if (id === undefined) continue;
        hasSingle ||= end === at + width;
        reach(end, score + scores[id]!, id === unknown);
      }
      if (!hasSingle) {
        const known = ways[at + width];
        if (unknown === undefined && !(known && known.score >= score + lowest - PENALTY)) refuse(piece.slice(at, at + width));
        reach(at + width, score + lowest - PENALTY, true);
      }
      at += width;
    }
    return ways;
  }

  return {
    vocabulary,
    unknown: unknown === undefined ? undefined : [...vocabulary.keys()][unknown],
    *idsOf(piece) {
      const ways = yield* waysOf(piece);
      return partsOf(piece, ways).flatMap((text) => {
        const id = vocabulary.get(text);
        if (id !== undefined) return [id];
        return (fallsBack ? byteIds(text, vocabulary) : undefined) ?? [unknown ?? refuse(text)];
      });
    },
  };
}
