import { checkText } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { BpeTokenizer } from "./bpe-tokenizer.js";
import { CharTokenizer } from "./char-tokenizer.js";
import type { HuggingFaceJson } from "./hugging-face.js";
import { checkIds, type EncodeOptions, framed, type SpecialIds, specialIds, type Tokenizer, unknownId } from "./tokenizer.js";
import { WordTokenizer } from "./word-tokenizer.js";
import { WordPieceTokenizer } from "./wordpiece-tokenizer.js";

/**
 * The tokenizer of what any tokenizer's toJSON() gave, or of a tokenizer.json by others: byte-level BPE and BERT's WordPiece are read by
 * seqgrad itself, all else that @huggingface/tokenizers knows (SentencePiece's kinds, other normalisers) through that package.
 *
 * @param json a parsed tokenizer.json or vocab.json
 * @throws SeqgradError `format` where it is neither
 * @example
 * const tokenizer = sg.BpeTokenizer.train(["low lower lowest"], { vocabularySize: 260 });
 * const again = await sg.tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer)));
 * again.decode(again.encode("lowest")); // = "lowest"
 */
export async function tokenizerFromJSON(json: unknown): Promise<Tokenizer> {
  if (typeof json !== "object" || json === null)
    throw new SeqgradError(
      "format",
      `tokenizerFromJSON: wants a parsed tokenizer.json or vocab.json, got ${json === null ? "null" : typeof json}.`,
    );
  const { type, model } = json as { type?: unknown; model?: unknown };
  if (type === "words") return WordTokenizer.fromJSON(json);
  if (typeof model !== "object" || model === null) return CharTokenizer.fromJSON(json as Record<string, number>);
  const kind = [BpeTokenizer, WordPieceTokenizer].find(({ reads }) => reads(json));
  if (kind) return kind.fromJSON(json);
  return HuggingFaceTokenizer.open(json as HuggingFaceJson);
}

/** What the package has of a tokenizer. */
interface Foreign {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  decode(ids: number[], options: { skip_special_tokens: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  get_vocab(): Map<string, number>;
}

/** Any tokenizer.json, by the package @huggingface/tokenizers. */
class HuggingFaceTokenizer implements Tokenizer {
  readonly size: number;
  readonly special: SpecialIds;

  private constructor(
    readonly json: HuggingFaceJson,
    readonly foreign: Foreign,
  ) {
    this.size = foreign.get_vocab().size;
    this.special = specialIds((token) => foreign.token_to_id(token));
  }

  static async open(json: HuggingFaceJson): Promise<HuggingFaceTokenizer> {
    const { Tokenizer: Foreign } = await import("@huggingface/tokenizers");
    try {
      return new HuggingFaceTokenizer(json, new Foreign(json, {}) as unknown as Foreign);
    } catch (cause) {
      throw new SeqgradError("format", `tokenizerFromJSON: the tokenizer cannot be made: ${(cause as Error).message}.`, { cause });
    }
  }

  encode(text: string, options: EncodeOptions = {}): Int32Array<ArrayBuffer> {
    const { ids } = this.foreign.encode(checkText("Tokenizer.encode", text), { add_special_tokens: false });
    return framed("Tokenizer.encode", Int32Array.from(ids), this.special, options);
  }

  decode(ids: ArrayLike<number>): string {
    checkIds("Tokenizer.decode", ids);
    const list = Array.from(ids);
    const bad = list.findIndex((id) => !(id >= 0 && id < this.size));
    if (bad >= 0) throw unknownId("Tokenizer.decode", list[bad], bad, this.size);
    return list.length === 0 ? "" : this.foreign.decode(list, { skip_special_tokens: true });
  }

  idOf(token: string): number | undefined {
    return this.foreign.token_to_id(token);
  }

  tokenOf(id: number): string {
    const token = this.foreign.id_to_token(id);
    if (token === undefined) throw unknownId("Tokenizer.tokenOf", id, 0, this.size);
    return token;
  }

  toJSON(): HuggingFaceJson {
    return this.json;
  }
}
