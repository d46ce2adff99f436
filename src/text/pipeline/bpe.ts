import { pairOf } from "../hugging-face.js";
import { MergeTable, mergeByRank } from "../merge-by-rank.js";
import { type Settings, unreadable } from "./settings.js";
import { byteIds, lacking, type Model, vocabularyOf } from "./vocabulary.js";

/** The treatment of a character that the vocabulary lacks, in byte-pair encoding. */
interface Fallback {
  readonly bytes: boolean;
  readonly unknown: number | undefined;
  readonly fuses: boolean;
}

/** Byte-pair encoding: the characters of a piece, merged by rank. */
export function bpe(settings: Settings): Model {
  const vocabulary = vocabularyOf(settings);
  const dropout = settings.raw("dropout") ?? 0;
  if (dropout !== 0)
    throw unreadable(settings.where, `dropout is ${JSON.stringify(dropout)}, which draws other ids for a text each time; set it to null`);
  const unknown = settings.has("unk_token") ? settings.text("unk_token") : undefined;
  settings.raw("unk_token");
  const unknownId = unknown === undefined ? undefined : vocabulary.get(unknown);
  const prefix = settings.text("continuing_subword_prefix", "");
  const suffix = settings.text("end_of_word_suffix", "");
  const fallback = { fuses: settings.flag("fuse_unk", false), bytes: settings.flag("byte_fallback", false), unknown: unknownId };
  const ignoresMerges = settings.flag("ignore_merges", false);
  const merges = mergesOf(settings, vocabulary, prefix);
  const refuse = (piece: string) => {
    throw lacking(piece, unknown);
  };
  return {
    vocabulary,
    unknown,
    *idsOf(piece) {
      const whole = ignoresMerges ? vocabulary.get(piece) : undefined;
      if (whole !== undefined) return [whole];
      const characters = Array.from(piece);
      const last = characters.length - 1;
      const parts = characters.map((c, i) => (i > 0 ? prefix : "") + c + (i === last ? suffix : ""));
      const ids = characterIds(parts, vocabulary, fallback, unknown === undefined ? undefined : refuse);
      return yield* mergeByRank(ids, merges);
    },
  };
}

/** The ids of characters: their own, else the ids of their bytes, else the unknown one, or none where there is no unknown token. */
function characterIds(
  parts: readonly string[],
  vocabulary: ReadonlyMap<string, number>,
  { bytes, unknown, fuses }: Fallback,
  refuse: ((part: string) => never) | undefined,
): number[] {
  const ids: number[] = [];
  // The unknown token is written when the next known character comes, after the bytes of those between.
  let pending: number | undefined;
  const write = () => {
    if (pending !== undefined) ids.push(pending);
  };
  for (const part of parts) {
    const id = vocabulary.get(part);
    if (id !== undefined) {
      write();
      pending = undefined;
      ids.push(id);
      continue;
    }
    const own = bytes ? byteIds(part, vocabulary) : undefined;
    if (own) {
      for (const byte of own) ids.push(byte);
      continue;
    }
    if (!refuse) continue;
    const next = unknown ?? refuse(part);
    if (!fuses) write();
    pending = next;
  }
  write();
  return ids;
}

function mergesOf(settings: Settings, vocabulary: ReadonlyMap<string, number>, prefix: string): MergeTable {
  const merges = new MergeTable();
  for (const [rank, merge] of settings.list("merges").entries()) {
    const pair = pairOf(merge);
    const where = `${settings.where}.merges[${rank}]`;
    if (!pair) throw unreadable(where, `got ${JSON.stringify(merge)}, expected two tokens`);
    const [a, b] = pair;
    const [first, second, id] = [a, b, a + b.slice(prefix.length)].map((token) => vocabulary.get(token));
    if (first === undefined || second === undefined || id === undefined)
      throw unreadable(where, `the merge of ${JSON.stringify(pair)} is not of tokens of the vocabulary`);
    merges.set(first, second, { rank, id });
  }
  return merges;
}
