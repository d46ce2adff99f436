import { finish, inOrder, inTurns, type Pieces } from "../util/breath.js";
import { checkBoolean, checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { chunksOf } from "./chunks.js";
import { type HuggingFaceJson, hasOnly, isPlain, plainJson, vocabularyOf } from "./hugging-face.js";
import { longestPieces } from "./longest-pieces.js";
import { mergePairs, SPAN } from "./pair-merges.js";
import { bertNormalizer, bertWords } from "./pipeline/bert.js";
import { SubwordTokenizer } from "./subword-tokenizer.js";
import { checkSpecial, textsIn } from "./tokenizer.js";
import { compareCodePoints, tokensInOrder } from "./vocabulary.js";

export interface WordPieceOptions {
  /** Default true. */
  readonly lowercase?: boolean;
  /** Take letters without the marks above and below them: uncased BERT does. Default false, for Hindi's vowels are such marks. */
  readonly stripAccents?: boolean;
}

export interface WordPieceTraining extends WordPieceOptions {
  /** V. Default 8000. */
  readonly vocab?: number;
  /** Default `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]`, `[MASK]`. */
  readonly special?: readonly string[];
  /** Pairs that occur less often are not merged. Default 2. */
  readonly minCount?: number;
}

const bertTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
/** Longer words are unknown. */
const LONGEST = 100;

/**
 * A tokenizer of WordPiece, as BERT's. It is written as Hugging Face's tokenizer.json.
 *
 * Words and signs stand apart; a word is the longest pieces of the vocabulary from left to right, of which all but the first begin with
 * "##". Training merges pairs of pieces by their frequency, as Hugging Face's trainer does.
 * @see Devlin, Chang, Lee and Toutanova 2019, "BERT"
 * @example
 * const tokenizer = sg.text.WordPieceTokenizer.train(["unaffable unable affable", "able fable"], { vocab: 60, minCount: 1 });
 * tokenizer.decode(tokenizer.encode("Affable, unable")); // = "affable [UNK] unable"
 */
export class WordPieceTokenizer extends SubwordTokenizer {
  readonly options: Required<WordPieceOptions>;

  readonly #unknown: number;

  private constructor(tokens: readonly string[], special: readonly string[], options: Required<WordPieceOptions>) {
    super("WordPieceTokenizer", tokens, special);
    if (typeof options?.lowercase !== "boolean")
      throw new SeqgradError("state", "WordPieceTokenizer: make one by WordPieceTokenizer.train(texts).");
    this.options = options;
    const { unk } = this.special;
    if (unk === undefined)
      throw new SeqgradError("value", "WordPieceTokenizer: the unknown token is missing; put [UNK] among the special tokens.");
    this.#unknown = unk;
  }

  /**
   * Learns pieces from texts.
   *
   * @param texts the texts
   * @param options see WordPieceTraining
   * @returns the tokenizer
   * @throws SeqgradError `range` for a vocabulary too small for the characters and special tokens, `value` for no text
   */
  static train(texts: Iterable<string>, options: WordPieceTraining = {}): WordPieceTokenizer {
    return finish(WordPieceTokenizer.#training(texts, options));
  }

  /**
   * Learns pieces from texts in turns: timers, clicks and other work of a page run in between.
   *
   * @param texts the texts
   * @param options see WordPieceTraining
   * @returns the tokenizer
   * @throws SeqgradError `range` for a vocabulary too small for the characters and special tokens, `value` for no text
   * @example
   * const texts = ["unaffable unable affable", "able fable"];
   * const tokenizer = await sg.text.WordPieceTokenizer.trainAsync(texts, { vocab: 60, minCount: 1 });
   * tokenizer.decode(tokenizer.encode("unable")); // = "unable"
   */
  static trainAsync(texts: Iterable<string>, options: WordPieceTraining = {}): Promise<WordPieceTokenizer> {
    return inTurns(WordPieceTokenizer.#training(texts, options));
  }

  static *#training(texts: Iterable<string>, options: WordPieceTraining): Pieces<WordPieceTokenizer> {
    checkOptions("WordPieceTokenizer.train", options, ["lowercase", "stripAccents", "vocab", "special", "minCount"]);
    const { vocab = 8000, special = bertTokens, minCount = 2, lowercase = true, stripAccents = false } = options;
    checkInteger("WordPieceTokenizer.train", "minCount", minCount, 1);
    checkBoolean("WordPieceTokenizer.train", "lowercase", lowercase);
    checkBoolean("WordPieceTokenizer.train", "stripAccents", stripAccents);
    const counts = new Map<string, number>();
    checkSpecial("WordPieceTokenizer.train", special);
    for (const text of textsIn("WordPieceTokenizer.train", texts)) {
      for (const chunk of chunksOf(text)) {
        for (const word of wordsOf(chunk, { lowercase, stripAccents })) counts.set(word, (counts.get(word) ?? 0) + 1);
        yield;
      }
    }
    if (counts.size === 0)
      throw new SeqgradError("value", "WordPieceTokenizer.train: the texts hold no word; give some text to learn from.");
    const split: { parts: string[]; count: number }[] = [];
    const letters = new Set<string>();
    for (const [word, count] of counts) {
      const parts = Array.from(word, (c, i) => (i ? `##${c}` : c));
      split.push({ parts, count });
      for (const part of parts) letters.add(part);
      yield;
    }
    const alphabet = yield* inOrder([...letters], compareCodePoints);
    const tokens = [...special, ...alphabet];
    checkInteger("WordPieceTokenizer.train", "vocab", vocab, tokens.length, SPAN - 1);
    const ids = new Map(tokens.map((token, id) => [token, id]));
    const words: { symbols: number[]; count: number }[] = [];
    for (const { parts, count } of split) {
      words.push({ symbols: parts.flatMap((part) => ids.get(part) ?? []), count }); // each part is in the alphabet
      yield;
    }
    const isFull = () => tokens.length >= vocab;
    yield* mergePairs(words, isFull, minCount, (a, b) => {
      const joined = nth(tokens, a) + nth(tokens, b).slice(2);
      const id = ids.get(joined) ?? tokens.push(joined) - 1;
      ids.set(joined, id);
      return id;
    });
    return new WordPieceTokenizer(tokens, special, { lowercase, stripAccents });
  }

  /**
   * Returns true if a tokenizer.json is of BERT's kind, with no setting that would give other ids.
   *
   * @param file a parsed tokenizer.json
   * @returns true or false
   */
  static reads(file: HuggingFaceJson): boolean {
    const { model, normalizer, pre_tokenizer: pre, post_processor: post, decoder } = file ?? {};
    const unknown = model?.unk_token;
    const word = {
      continuing_subword_prefix: ["##"],
      max_input_chars_per_word: [LONGEST],
      unk_token: ["[UNK]", "<unk>"],
      vocab: undefined,
    };
    const flag = [true, false, null, undefined];
    const bert = { clean_text: [true], handle_chinese_chars: [true], strip_accents: flag, lowercase: [true, false] };
    return (
      hasOnly(model, "WordPiece", word) &&
      hasOnly(normalizer, "BertNormalizer", bert) &&
      hasOnly(pre, "BertPreTokenizer", {}) &&
      (!post || post.type === "BertProcessing") &&
      (!decoder || hasOnly(decoder, "WordPiece", { prefix: ["##"], cleanup: [true] })) &&
      typeof unknown === "string" &&
      isPlain(file, [unknown]) &&
      (file.added_tokens ?? []).some(({ content }) => content === unknown)
    );
  }

  /**
   * Reads a tokenizer.json of BERT's kind.
   *
   * @param json a parsed tokenizer.json
   * @returns the tokenizer
   * @throws SeqgradError `format` for one of another kind: tokenizerFromJSON() reads those too
   */
  static fromJSON(json: unknown): WordPieceTokenizer {
    const file = plainJson("WordPieceTokenizer.fromJSON", json);
    if (!WordPieceTokenizer.reads(file))
      throw new SeqgradError(
        "format",
        "WordPieceTokenizer.fromJSON: the file is not a tokenizer.json of BERT's WordPiece; read it by tokenizerFromJSON().",
      );
    const lowercase = file.normalizer?.lowercase !== false;
    const stripAccents = (file.normalizer?.strip_accents ?? lowercase) === true;
    const { vocabulary, special } = vocabularyOf("WordPieceTokenizer.fromJSON", file);
    return new WordPieceTokenizer(tokensInOrder("WordPieceTokenizer.fromJSON", vocabulary), special, { lowercase, stripAccents });
  }

  /** Pieces put together, words with blanks between them; which blanks were there is not known any more. */
  protected textOf(tokens: readonly string[]): string {
    let text = "";
    for (const token of tokens) {
      if (text !== "" && token.startsWith("##")) text += token.slice(2);
      else text += text === "" || /^[.,!?]$/.test(token) ? token : ` ${token}`;
    }
    return text;
  }

  /**
   * Returns Hugging Face's tokenizer.json.
   *
   * @returns the JSON
   */
  toJSON(): HuggingFaceJson {
    const { lowercase, stripAccents } = this.options;
    const { sos, eos } = this.special;
    const frame = (id: number) => [this.tokenOf(id), id];
    return this.file({
      normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: stripAccents, lowercase },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: sos === undefined || eos === undefined ? null : { type: "BertProcessing", sep: frame(eos), cls: frame(sos) },
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: this.tokenOf(this.#unknown),
        continuing_subword_prefix: "##",
        max_input_chars_per_word: LONGEST,
        vocab: Object.fromEntries(this.ids),
      },
    });
  }

  protected piecesOf(text: string): Iterable<string> {
    return wordsOf(text, this.options);
  }

  /** The longest pieces from left to right, or the unknown token where they do not make up the word. */
  // biome-ignore lint/correctness/useYield: words are short
  protected *idsOf(word: string): Pieces<readonly number[]> {
    return longestPieces(word, this.ids, "##", LONGEST) ?? [this.#unknown];
  }
}

/** BERT's words: cleaned of control characters, ideographs and signs standing alone. */
const wordsOf = (text: string, { lowercase, stripAccents }: Required<WordPieceOptions>): string[] =>
  bertWords(bertNormalizer({ cleanText: true, chineseCharacters: true, stripAccents, lowercase })(text));
