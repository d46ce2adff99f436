import { finish, inTurns, type Pieces } from "../util/breath.js";
import { checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { byteCharacters, fromByteCharacters } from "./byte-alphabet.js";
import { type HuggingFaceJson, hasOnly, isPlain, pairOf, plainJson, vocabularyOf } from "./hugging-face.js";
import { MergeTable, mergeByRank } from "./merge-by-rank.js";
import { mergePairs, SPAN } from "./pair-merges.js";
import { gpt2Pieces } from "./pieces.js";
import { SubwordTokenizer } from "./subword-tokenizer.js";
import { checkSpecial, textsIn, unknownTokens } from "./tokenizer.js";
import { tokensInOrder } from "./vocabulary.js";

const encoder = new TextEncoder();

export interface BpeOptions {
  /** V: 256 bytes, the special tokens, and as many merges as still fit. Default 8000. */
  readonly vocab?: number;
  /** Tokens that come first and are never cut. Default `<|endoftext|>`. */
  readonly special?: readonly string[];
  /** Pairs that occur less often are not merged. Default 2. */
  readonly minCount?: number;
}

/**
 * A tokenizer of byte-level byte-pair encoding, as GPT-2's: any text can be encoded and comes back as it was; frequent words are one
 * token. It is written as Hugging Face's tokenizer.json.
 *
 * @example
 * const tokenizer = sg.text.BpeTokenizer.train(["low lower lowest", "new newer newest"], { vocab: 270 });
 * tokenizer.decode(tokenizer.encode("the lowest 😀")); // = "the lowest 😀"
 */
export class BpeTokenizer extends SubwordTokenizer {
  readonly #pairs: readonly (readonly [string, string])[];
  readonly #merges = new MergeTable();
  /** The id of each byte. */
  readonly #byteIds: readonly (number | undefined)[];

  private constructor(tokens: readonly string[], merges: readonly (readonly [string, string])[], special: readonly string[]) {
    super("BpeTokenizer", tokens, special);
    if (!Array.isArray(merges) || merges.findIndex((merge) => !Array.isArray(merge)) >= 0)
      throw new SeqgradError("state", "BpeTokenizer: make one by BpeTokenizer.train(texts) or BpeTokenizer.fromJSON(json).");
    this.#pairs = merges;
    for (const [rank, [a, b]] of merges.entries()) {
      const [first, second, id] = [a, b, a + b].map((token) => this.ids.get(token));
      if (first === undefined || second === undefined || id === undefined)
        throw new SeqgradError(
          "format",
          `BpeTokenizer: the merge ${rank} of ${JSON.stringify([a, b])} is not of tokens of the vocabulary.`,
        );
      this.#merges.set(first, second, { rank, id });
    }
    this.#byteIds = byteCharacters.map((character) => this.ids.get(character) ?? this.special.unk);
  }

  /**
   * Learns merges from texts.
   *
   * @param texts the texts
   * @param options see BpeOptions
   * @returns the tokenizer
   * @throws SeqgradError `range` for a vocabulary too small for the bytes and special tokens, `value` for no text
   */
  static train(texts: Iterable<string>, options: BpeOptions = {}): BpeTokenizer {
    return finish(BpeTokenizer.training(texts, options));
  }

  /**
   * Learns merges from texts in turns: timers, clicks and other work of a page run in between.
   *
   * @param texts the texts
   * @param options see BpeOptions
   * @returns the tokenizer
   * @throws SeqgradError `range` for a vocabulary too small for the bytes and special tokens, `value` for no text
   * @example
   * const tokenizer = await sg.text.BpeTokenizer.trainAsync(["low lower lowest", "new newer newest"], { vocab: 270 });
   * tokenizer.decode(tokenizer.encode("the lowest")); // = "the lowest"
   */
  static trainAsync(texts: Iterable<string>, options: BpeOptions = {}): Promise<BpeTokenizer> {
    return inTurns(BpeTokenizer.training(texts, options));
  }

  /** @internal */
  static *training(texts: Iterable<string>, options: BpeOptions = {}): Pieces<BpeTokenizer> {
    checkOptions("BpeTokenizer.train", options, ["vocab", "special", "minCount"]);
    const { vocab = 8000, special = ["<|endoftext|>"], minCount = 2 } = options;
    checkSpecial("BpeTokenizer.train", special);
    checkInteger("BpeTokenizer.train", "vocab", vocab, special.length + byteCharacters.length, SPAN - 1);
    checkInteger("BpeTokenizer.train", "minCount", minCount, 1);
    const tokens = [...special, ...byteCharacters.toSorted()];
    const ids = new Map(tokens.map((token, id) => [token, id]));
    const counts = new Map<string, number>();
    for (const text of textsIn("BpeTokenizer.train", texts))
      for (const [piece] of text.matchAll(gpt2Pieces)) {
        counts.set(piece, (counts.get(piece) ?? 0) + 1);
        yield;
      }
    if (counts.size === 0) throw new SeqgradError("value", "BpeTokenizer.train: the texts are empty; give some text to learn from.");
    const byteIds = byteCharacters.map((character) => tokens.lastIndexOf(character));
    const words: { symbols: Int32Array; count: number }[] = [];
    for (const [piece, count] of counts) {
      words.push({ symbols: Int32Array.from(encoder.encode(piece), (byte) => nth(byteIds, byte)), count });
      yield;
    }
    const merges: [string, string][] = [];
    const isFull = () => tokens.length >= vocab;
    yield* mergePairs(words, isFull, minCount, (a, b) => {
      const pair: [string, string] = [nth(tokens, a), nth(tokens, b)];
      const joined = pair.join("");
      // There may be two ways to one token.
      const id = ids.get(joined) ?? tokens.push(joined) - 1;
      ids.set(joined, id);
      merges.push(pair);
      return id;
    });
    return new BpeTokenizer(tokens, merges, special);
  }

  /**
   * Returns true if a tokenizer.json is of plain byte-level BPE, of its own or GPT-2's kind, with no setting that would give other ids.
   *
   * @param file a parsed tokenizer.json
   * @returns true or false
   */
  static reads(file: HuggingFaceJson): boolean {
    const { model, pre_tokenizer: pre, normalizer, post_processor: post, decoder } = file ?? {};
    const offsets = { trim_offsets: [true, false], use_regex: [true, undefined] };
    const off = [null, undefined, false];
    const none = [null, undefined, ""];
    const settings = {
      ...{ dropout: [0, ...off], unk_token: [null, undefined], continuing_subword_prefix: none, end_of_word_suffix: none },
      ...{ fuse_unk: off, byte_fallback: off, ignore_merges: off, vocab: undefined, merges: undefined },
    };
    return (
      hasOnly(model, "BPE", settings) &&
      hasOnly(pre, "ByteLevel", { add_prefix_space: [false], ...offsets }) &&
      (!post || hasOnly(post, "ByteLevel", { add_prefix_space: [true, false], ...offsets, use_regex: [true, false, undefined] })) &&
      (!decoder || decoder.type === "ByteLevel") &&
      !normalizer &&
      (isPlain(file, byteCharacters) ||
        (isPlain(file, []) && !(file.added_tokens ?? []).some(({ content, special }) => special && unknownTokens.includes(content))))
    );
  }

  /**
   * Reads a tokenizer.json of byte-level BPE, of its own or GPT-2's kind.
   *
   * @param json a parsed tokenizer.json
   * @returns the tokenizer
   * @throws SeqgradError `format` for one of another kind: tokenizerFromJSON() reads those too
   */
  static fromJSON(json: unknown): BpeTokenizer {
    const file = plainJson("BpeTokenizer.fromJSON", json);
    if (!BpeTokenizer.reads(file))
      throw new SeqgradError(
        "format",
        "BpeTokenizer.fromJSON: the file is not a tokenizer.json of plain byte-level BPE; read it by tokenizerFromJSON().",
      );
    const { vocabulary, special } = vocabularyOf("BpeTokenizer.fromJSON", file);
    return new BpeTokenizer(tokensInOrder("BpeTokenizer.fromJSON", vocabulary), mergesOf(file.model?.merges), special);
  }

  /** Bytes that are not UTF-8 come as U+FFFD. */
  protected textOf(tokens: readonly string[]): string {
    return fromByteCharacters(tokens);
  }

  /**
   * Returns Hugging Face's tokenizer.json.
   *
   * @returns the JSON
   */
  toJSON(): HuggingFaceJson {
    const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
    return this.file({
      normalizer: null,
      pre_tokenizer: byteLevel,
      post_processor: null,
      decoder: byteLevel,
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries(this.ids),
        merges: this.#pairs,
      },
    });
  }

  protected piecesOf(text: string): Iterable<string> {
    return text.match(gpt2Pieces) ?? [];
  }

  /** The ids of a piece: of its bytes, with the pair of lowest rank merged, the leftmost first, until none is left. */
  protected *idsOf(piece: string): Pieces<readonly number[]> {
    const bytes = encoder.encode(piece);
    const ids = new Int32Array(bytes.length);
    let i = 0;
    for (const byte of bytes) {
      if (i % 2 ** 14 === 2 ** 14 - 1) yield;
      const id = this.#byteIds[byte];
      if (id === undefined) {
        const shown = `0x${byte.toString(16).padStart(2, "0")}`;
        throw new SeqgradError(
          "range",
          `BpeTokenizer.encode: the vocabulary has no token for byte ${shown}, and none for what is unknown.`,
        );
      }
      ids[i++] = id;
    }
    return yield* mergeByRank(ids, this.#merges);
  }
}

/** The pairs of tokenizer.json, each as a list or as one text with a blank between. */
function mergesOf(merges: NonNullable<HuggingFaceJson["model"]>["merges"]): (readonly [string, string])[] {
  if (!Array.isArray(merges))
    throw new SeqgradError("format", "BpeTokenizer.fromJSON: the model has no list of merges. Is the file whole?");
  return merges.map((merge, i) => {
    const pair = pairOf(merge);
    if (pair) return pair;
    throw new SeqgradError("format", `BpeTokenizer.fromJSON: merge ${i} is ${JSON.stringify(merge)}; expected two tokens.`);
  });
}
