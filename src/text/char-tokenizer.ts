import { finish, inTurns, type Pieces } from "../util/breath.js";
import { checkText } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions } from "../util/options.js";
import {
  checkIds,
  checkMade,
  checkSpecial,
  type EncodeOptions,
  framed,
  isSpecialName as isSpecial,
  type SpecialIds,
  silentIds,
  specialIds,
  type Tokenizer,
  tokenAt,
} from "./tokenizer.js";
import { tokensInOrder } from "./vocabulary.js";

/** Characters that are looked at in a piece of work. */
const PIECE = 2 ** 14;

/**
 * A tokenizer whose tokens are single characters (Unicode code points), numbered in the order of their code points, after special tokens
 * if there are any.
 *
 * @example
 * const tokenizer = sg.text.CharTokenizer.fromText("hello");
 * tokenizer.encode("hole"); // = [1, 3, 2, 0]
 * tokenizer.decode([1, 3, 2, 0]); // = "hole"
 */
export class CharTokenizer implements Tokenizer {
  readonly special: SpecialIds;
  readonly #characters: readonly string[];
  /** Ids that decoding leaves out. */
  readonly #silent: ReadonlySet<unknown>;
  /** The id of a UTF-16 unit that is always a character by itself, or -1; as long as the last such character needs. */
  readonly #unitIds: Int32Array;
  /** The ids of the others: pairs of surrogates, and a surrogate alone. */
  readonly #otherIds = new Map<number, number>();

  private constructor(characters: readonly string[]) {
    checkMade("CharTokenizer", characters, "CharTokenizer.fromText(text)");
    this.#characters = characters;
    this.special = specialIds((token) => (token.length > 1 ? idIn(characters, token) : undefined));
    this.#silent = silentIds(characters, this.special);
    // The code point of a special token is not a character.
    const codePoints = characters.map(codePointOf);
    const units = codePoints.filter((codePoint) => codePoint >= 0 && isUnit(codePoint));
    this.#unitIds = new Int32Array(1 + units.reduce((a, b) => Math.max(a, b), 0)).fill(-1);
    for (const [id, codePoint] of codePoints.entries()) {
      if (codePoint < 0) continue;
      if (isUnit(codePoint)) this.#unitIds[codePoint] = id;
      else this.#otherIds.set(codePoint, id);
    }
  }

  /**
   * Makes a tokenizer of the characters that occur in a text.
   *
   * @param text the text
   * @param options `special`: tokens before the characters, such as `sequenceTokens`; with `<unk>` among them unknown characters become it;
   *   default none
   * @returns the tokenizer
   * @throws SeqgradError `value` for an empty text or a special token that is not in angle or square brackets
   */
  static fromText(text: string, options: { special?: readonly string[] } = {}): CharTokenizer {
    return finish(CharTokenizer.training(text, options));
  }

  /**
   * Makes a tokenizer of the characters that occur in a text, in turns: timers, clicks and other work of a page run in between.
   *
   * @param text the text
   * @param options `special`: tokens before the characters, such as `sequenceTokens`; default none
   * @returns the tokenizer
   * @throws SeqgradError `value` for an empty text or a special token that is not in angle or square brackets
   * @example
   * const tokenizer = await sg.text.CharTokenizer.fromTextAsync("hello");
   * tokenizer.encode("hole"); // = [1, 3, 2, 0]
   */
  static fromTextAsync(text: string, options: { special?: readonly string[] } = {}): Promise<CharTokenizer> {
    return inTurns(CharTokenizer.training(text, options));
  }

  /** @internal */
  static *training(text: string, options: { special?: readonly string[] } = {}): Pieces<CharTokenizer> {
    checkOptions("CharTokenizer.fromText", options, ["special"]);
    const { special = [] } = options;
    if (typeof text !== "string" || text === "")
      throw new SeqgradError("value", "CharTokenizer.fromText: expected a text of at least one character.");
    const codePoints = new Set<number>();
    for (let i = 0; i < text.length; i++) {
      const codePoint = text.codePointAt(i)!;
      codePoints.add(codePoint);
      if (i % PIECE < 2) yield; // a pair of surrogates may pass over the first
      if (codePoint > 0xffff) i++;
    }
    checkSpecial("CharTokenizer.fromText", special);
    const bad = special.find((token) => !isSpecial(token));
    if (bad !== undefined)
      throw new SeqgradError("value", `CharTokenizer.fromText: the special token ${JSON.stringify(bad)} is not like <pad> or [PAD].`);
    return new CharTokenizer([...special, ...[...codePoints].sort((a, b) => a - b).map((codePoint) => String.fromCodePoint(codePoint))]);
  }

  /**
   * Rebuilds a tokenizer of a vocabulary, as toJSON() returns it and vocab.json has it.
   *
   * @param vocabulary the id of each character
   * @returns the tokenizer
   * @throws SeqgradError `format` unless its keys are single characters or special tokens, and its values the numbers from 0 up, each once
   */
  static fromJSON(vocabulary: unknown): CharTokenizer {
    const tokens = tokensInOrder("CharTokenizer.fromJSON", vocabulary);
    const bad = tokens.find((token) => codePointOf(token) < 0 && !isSpecial(token));
    if (bad !== undefined) throw new SeqgradError("format", `CharTokenizer.fromJSON: ${JSON.stringify(bad)}: is not one character.`);
    return new CharTokenizer(tokens);
  }

  /** The number of tokens. */
  get size(): number {
    return this.#characters.length;
  }

  /**
   * Converts a text to the ids of its characters.
   *
   * @param text the text
   * @param options `sos` and `eos`: see EncodeOptions
   * @returns the ids, each in 0..V-1
   * @throws SeqgradError `range` for a character that is not in the vocabulary if that has no `<unk>`, `state` for an option without its
   *   special token
   */
  encode(text: string, options: EncodeOptions = {}): Int32Array<ArrayBuffer> {
    return finish(this.#encoding(text, options));
  }

  /**
   * Converts a text to the ids of its characters in turns: timers, clicks and other work of a page run in between.
   *
   * @param text the text
   * @param options `sos` and `eos`: see EncodeOptions
   * @returns the ids, each in 0..V-1
   * @throws SeqgradError `range` for a character that is not in the vocabulary if that has no `<unk>`, `state` for an option without its
   *   special token
   * @example
   * const ids = await sg.text.CharTokenizer.fromText("hello").encodeAsync("hole");
   * Array.from(ids); // = [1, 3, 2, 0]
   */
  encodeAsync(text: string, options: EncodeOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return inTurns(this.#encoding(text, options));
  }

  *#encoding(text: string, options: EncodeOptions): Pieces<Int32Array<ArrayBuffer>> {
    checkText("CharTokenizer.encode", text);
    const { unk } = this.special;
    const ids = new Int32Array(text.length);
    let count = 0;
    for (let i = 0; i < text.length; i++) {
      if (i % PIECE < 2) yield;
      let id = this.#unitIds[text.charCodeAt(i)] ?? -1;
      if (id < 0) {
        const codePoint = text.codePointAt(i)!;
        id = this.#otherIds.get(codePoint) ?? unk ?? this.#refuse(codePoint, i);
        if (codePoint > 0xffff) i++;
      }
      ids[count++] = id;
    }
    return framed("CharTokenizer.encode", count < text.length ? ids.slice(0, count) : ids, this.special, options);
  }

  /**
   * Converts ids to their text, without special tokens except the unknown one.
   *
   * @param ids the ids
   * @returns the text
   * @throws SeqgradError `range` for an id that is not in the vocabulary
   */
  decode(ids: ArrayLike<number>): string {
    checkIds("CharTokenizer.decode", ids);
    const characters = new Array<string>(ids.length);
    for (let i = 0; i < ids.length; i++) {
      const character = tokenAt("CharTokenizer.decode", this.#characters, ids[i], i);
      characters[i] = this.#silent.has(ids[i]) ? "" : character;
    }
    return characters.join("");
  }

  idOf(token: string): number | undefined {
    return idIn(this.#characters, token);
  }

  tokenOf(id: number): string {
    return tokenAt("CharTokenizer.tokenOf", this.#characters, id, 0);
  }

  /**
   * Returns the id of each character, as vocab.json has it.
   *
   * @returns the ids by character
   */
  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#characters.map((character, id) => [character, id]));
  }

  #refuse(codePoint: number, position: number): never {
    const code = codePoint.toString(16).toUpperCase().padStart(4, "0");
    throw new SeqgradError(
      "range",
      `CharTokenizer.encode: ${JSON.stringify(String.fromCodePoint(codePoint))} (U+${code}) at position ${position} is not one of the ${this.size} ` +
        "characters of the vocabulary; leave it out, or make the vocabulary from a text that has it.",
    );
  }
}

function idIn(tokens: readonly string[], token: string): number | undefined {
  const id = tokens.indexOf(token);
  return id < 0 ? undefined : id;
}

/** The code point of a token that is one character; -1 for any other token. */
function codePointOf(token: string): number {
  const codePoint = token.codePointAt(0) ?? -1;
  return token.length === (codePoint > 0xffff ? 2 : 1) ? codePoint : -1;
}

const isUnit = (codePoint: number): boolean => codePoint < 0xd800 || (codePoint > 0xdfff && codePoint < 0x10000);
