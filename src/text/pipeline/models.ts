import { isRecord } from "../../util/check.js";
import { longestPieces } from "../longest-pieces.js";
import { bpe } from "./bpe.js";
import { make, type Settings } from "./settings.js";
import { unigram } from "./unigram.js";
import { lacking, type Model, vocabularyOf } from "./vocabulary.js";

/** The model of tokenizer.json, whose type may be left out where the settings imply it. */
export function modelOf(part: unknown): Model {
  // Old files of BPE and WordPiece do not name their type.
  const named = isRecord(part) && part.type === undefined ? { ...part, type: "merges" in part ? "BPE" : "WordPiece" } : part;
  return make<Model>("model", named, { BPE: bpe, WordPiece: wordPiece, WordLevel: wordLevel, Unigram: unigram });
}

function wordLevel(settings: Settings): Model {
  const vocabulary = vocabularyOf(settings);
  const unknown = settings.text("unk_token");
  return {
    vocabulary,
    unknown,
    // biome-ignore lint/correctness/useYield: one piece of work
    *idsOf(piece) {
      const id = vocabulary.get(piece) ?? vocabulary.get(unknown);
      if (id === undefined) throw lacking(piece, unknown);
      return [id];
    },
  };
}

function wordPiece(settings: Settings): Model {
  const vocabulary = vocabularyOf(settings);
  const unknown = settings.text("unk_token");
  const prefix = settings.text("continuing_subword_prefix");
  const longest = settings.whole("max_input_chars_per_word");
  return {
    vocabulary,
    unknown,
    // biome-ignore lint/correctness/useYield: words are short
    *idsOf(piece) {
      const ids = longestPieces(piece, vocabulary, prefix, longest);
      if (ids) return ids;
      const id = vocabulary.get(unknown);
      if (id === undefined) throw lacking(piece, unknown);
      return [id];
    },
  };
}
