import { SeqgradError } from "../util/errors.js";
import { checkOptions } from "../util/options.js";
import { BpeTokenizer } from "./bpe-tokenizer.js";
import { CharTokenizer } from "./char-tokenizer.js";
import { plainJson } from "./hugging-face.js";
import type { TokenHints, Tokenizer } from "./tokenizer.js";
import { WordTokenizer } from "./word-tokenizer.js";
import { WordPieceTokenizer } from "./wordpiece-tokenizer.js";

/**
 * Rebuilds a tokenizer from the result of any tokenizer's toJSON(), or from a tokenizer.json by others.
 *
 * It reads byte-level BPE, BERT's WordPiece, SentencePiece's kinds and any other pipeline of its parts, with the ids that Hugging Face's
 * tokenizers gives. An unknown setting is refused.
 *
 * @param json a parsed tokenizer.json or vocab.json
 * @param hints the other files of a folder by others, which name the start token and all end tokens; `special.ends` holds these
 * @returns the tokenizer
 * @throws SeqgradError `format` where it is neither
 * @example
 * const tokenizer = sg.text.BpeTokenizer.train(["low lower lowest"], { vocab: 260 });
 * const again = await sg.text.tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer)));
 * again.decode(again.encode("lowest")); // = "lowest"
 */
export async function tokenizerFromJSON(json: unknown, hints: TokenHints = {}): Promise<Tokenizer> {
  if (typeof json !== "object" || json === null)
    throw new SeqgradError(
      "format",
      `tokenizerFromJSON: expected a parsed tokenizer.json or vocab.json, got ${json === null ? "null" : typeof json}.`,
    );
  const file = plainJson("tokenizerFromJSON", json);
  checkOptions("tokenizerFromJSON", hints, ["config", "tokenizerConfig", "generationConfig"]);
  const { type, model }: { type?: unknown; model?: unknown } = json;
  if (type === "words") return WordTokenizer.fromJSON(json);
  if (typeof model !== "object" || model === null) return CharTokenizer.fromJSON(json);
  // Where the folder names other tokens, the names in tokenizer.json are not asked.
  const isNamed = [hints.tokenizerConfig, hints.generationConfig].some((file) => file !== undefined);
  const kind = isNamed ? undefined : [BpeTokenizer, WordPieceTokenizer].find(({ reads }) => reads(json));
  if (kind) return kind.fromJSON(json);
  const { PipelineTokenizer } = await import("./pipeline/pipeline-tokenizer.js");
  return PipelineTokenizer.open(file, hints);
}
