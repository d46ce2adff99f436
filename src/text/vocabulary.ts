import { finish, inOrder, inPieces, inTurns, type Pieces } from "../util/breath.js";
import { checkInteger, checkIterable, checkText, isWhole, kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions } from "../util/options.js";
import { checkMade, checkSpecial, type SpecialIds, sequenceTokens, specialIds, tokenAt } from "./tokenizer.js";

export interface VocabularyOptions {
  /** Tokens that come first, whether they occur or not. Default `<pad>`, `<sos>`, `<eos>`, `<unk>`. */
  readonly special?: readonly string[];
  /** Leaves out tokens that occur less often. Default 1. */
  readonly minCount?: number;
  /** The most tokens to keep, by frequency, special ones included. Default: all. */
  readonly vocab?: number;
}

/** The names of the options, for who takes more than these. */
export const vocabularyOptions = ["special", "minCount", "vocab"] as const;

/**
 * Numbered tokens with their frequencies: special tokens first, then from the most frequent to the rarest, of equals in the order of
 * their code points.
 * @example
 * const vocabulary = sg.text.Vocabulary.fromTokens(["the", "cat", "the", "dog"], { special: ["<unk>"] });
 * vocabulary.idOf("the"); // = 1
 * vocabulary.tokenOf(2); // = "cat"
 */
export class Vocabulary {
  readonly special: SpecialIds;
  readonly #tokens: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #counts: ReadonlyMap<string, number>;

  private constructor(tokens: readonly string[], ids: ReadonlyMap<string, number>, counts: ReadonlyMap<string, number>) {
    const isWhole = ids instanceof Map && counts instanceof Map;
    checkMade("Vocabulary", isWhole && tokens, "Vocabulary.fromTokens(tokens)");
    this.#tokens = tokens;
    this.#ids = ids;
    this.#counts = counts;
    this.special = specialIds((token) => this.#ids.get(token));
  }

  /**
   * Makes a vocabulary of the tokens of a text.
   *
   * @param tokens the tokens, repeated as often as they occur
   * @param options see VocabularyOptions
   * @returns the vocabulary
   * @throws SeqgradError `range` for an option outside its interval, `value` for a vocabulary without a token
   */
  static fromTokens(tokens: Iterable<string>, options: VocabularyOptions = {}): Vocabulary {
    return finish(Vocabulary.ofTokens(tokens, options));
  }

  /**
   * Makes a vocabulary in turns: timers, clicks and other work of a page run in between.
   *
   * @param tokens the tokens, repeated as often as they occur
   * @param options see VocabularyOptions
   * @returns the vocabulary
   * @throws SeqgradError `range` for an option outside its interval, `value` for a vocabulary without a token
   * @example
   * const vocabulary = await sg.text.Vocabulary.fromTokensAsync(["the", "cat", "the", "dog"], { special: ["<unk>"] });
   * vocabulary.idOf("the"); // = 1
   */
  static fromTokensAsync(tokens: Iterable<string>, options: VocabularyOptions = {}): Promise<Vocabulary> {
    return inTurns(Vocabulary.ofTokens(tokens, options));
  }

  /**
   * Makes a vocabulary from the frequency of each token.
   *
   * @param counts the frequencies
   * @param options see VocabularyOptions
   * @returns the vocabulary
   * @throws SeqgradError `range` for an option outside its interval, `value` for a vocabulary without a token
   */
  static fromCounts(counts: ReadonlyMap<string, number>, options: VocabularyOptions = {}): Vocabulary {
    return finish(Vocabulary.ofCounts(counts, options));
  }

  /** @internal */
  static *ofTokens(tokens: Iterable<string>, options: VocabularyOptions = {}): Pieces<Vocabulary> {
    checkIterable("Vocabulary.fromTokens", "the tokens", tokens, "a list of texts");
    const counts = new Map<string, number>();
    yield* inPieces(tokens, (token) => counts.set(checkText("Vocabulary.fromTokens", token), (counts.get(token) ?? 0) + 1));
    return yield* Vocabulary.ofCounts(counts, options);
  }

  /** @internal */
  static *ofCounts(counts: ReadonlyMap<string, number>, options: VocabularyOptions = {}): Pieces<Vocabulary> {
    checkOptions("Vocabulary", options, vocabularyOptions);
    if (!(counts instanceof Map)) throw new SeqgradError("value", `Vocabulary: the counts are ${kindOf(counts)}; expected a Map.`);
    yield* inPieces(counts, ([token, count]) => {
      checkText("Vocabulary", token, "a token");
      checkInteger("Vocabulary", "a count", count);
    });
    const { special = sequenceTokens, minCount = 1, vocab = 2 ** 31 - 1 } = options;
    checkSpecial("Vocabulary", special);
    checkInteger("Vocabulary", "minCount", minCount, 1);
    checkInteger("Vocabulary", "vocab", vocab, Math.max(1, special.length));
    const first = new Set(special);
    const others: (readonly [string, number])[] = [];
    yield* inPieces(counts, (entry) => {
      if (entry[1] >= minCount && !first.has(entry[0])) others.push(entry);
    });
    const ordered = yield* inOrder(others, ([a, m], [b, n]) => n - m || compareCodePoints(a, b));
    const tokens = [...special, ...ordered.slice(0, vocab - special.length).map(([token]) => token)];
    if (tokens.length === 0)
      throw new SeqgradError("value", "Vocabulary: no token is left; give more text, a smaller minCount, or special tokens.");
    const [ids, kept] = [new Map<string, number>(), new Map<string, number>()];
    yield* inPieces(tokens, (token, id) => {
      ids.set(token, id);
      kept.set(token, counts.get(token) ?? 0);
    });
    return new Vocabulary(tokens, ids, kept);
  }

  /**
   * Makes a vocabulary of a map from token to id, as vocab.json has it, without frequencies.
   *
   * @param json the id of each token
   * @returns the vocabulary
   * @throws SeqgradError `format` unless the ids are the numbers from 0 up, each once
   */
  static fromJSON(json: unknown): Vocabulary {
    const tokens = tokensInOrder("Vocabulary.fromJSON", json);
    return new Vocabulary(tokens, new Map(tokens.map((token, id) => [token, id])), new Map());
  }

  /** The number of tokens. */
  get size(): number {
    return this.#tokens.length;
  }

  /**
   * Returns the id of a token.
   *
   * @param token the token
   * @returns the id; undefined if it is not in the vocabulary
   */
  idOf(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /**
   * Returns the token of an id.
   *
   * @param id the id
   * @returns the token
   * @throws SeqgradError `range` for an id that is not in the vocabulary
   */
  tokenOf(id: number): string {
    return tokenAt("Vocabulary.tokenOf", this.#tokens, id, 0);
  }

  /**
   * Returns the frequency of a token in the text that the vocabulary was made from.
   *
   * @param token the token
   * @returns the number of times that it occurred
   */
  countOf(token: string): number {
    return this.#counts.get(token) ?? 0;
  }

  /**
   * Returns all tokens in the order of their ids.
   *
   * @returns the tokens
   */
  tokens(): readonly string[] {
    return this.#tokens;
  }

  /**
   * Returns the id of each token, as vocab.json has it.
   *
   * @returns the ids by token
   */
  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#ids);
  }
}

/** The tokens of a map from token to id, by their ids. */
export function tokensInOrder(op: string, json: unknown): string[] {
  if (typeof json !== "object" || json === null)
    throw new SeqgradError("format", `${op}: expected an object from tokens to ids, got ${json === null ? "null" : typeof json}.`);
  const entries: [string, unknown][] = Object.entries(json);
  const tokens = new Array<string | undefined>(entries.length).fill(undefined);
  for (const [token, id] of entries) {
    const fail = (what: string) => new SeqgradError("format", `${op}: ${JSON.stringify(token)}: ${what}.`);
    if (!(isWhole(id) && id >= 0 && id < entries.length)) throw fail(`its id ${shown(id)} is not one of 0 to ${entries.length - 1}`);
    if (tokens[id] !== undefined) throw fail(`its id ${id} belongs to ${JSON.stringify(tokens[id])} too`);
    tokens[id] = token;
  }
  if (entries.length === 0) throw new SeqgradError("format", `${op}: the vocabulary is empty.`);
  return tokens.filter((token) => token !== undefined); // which are all: as many ids as tokens, each once
}

/** The order of code points, in which UTF-16's surrogates come after the rest. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a.codePointAt(i) ?? 0) - (b.codePointAt(i) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
