import { SeqgradError } from "../util/errors.js";

/**
 * A tokenizer whose tokens are single characters (Unicode code points), numbered in the order of their code points.
 *
 * @example
 * const tokenizer = sg.CharTokenizer.fromText("hello");
 * tokenizer.encode("hole"); // = [1, 3, 2, 0]
 * tokenizer.decode([1, 3, 2, 0]); // = "hole"
 */
export class CharTokenizer {
  readonly #characters: readonly string[];
  /** The id of a UTF-16 unit that is always a character by itself, or -1; as long as the last such character needs. */
  readonly #unitIds: Int32Array;
  /** The ids of the others: pairs of surrogates, and a surrogate alone. */
  readonly #otherIds = new Map<number, number>();

  private constructor(characters: readonly string[]) {
    this.#characters = characters;
    const codePoints = characters.map((character) => character.codePointAt(0)!);
    const units = codePoints.filter(isUnit);
    this.#unitIds = new Int32Array(1 + units.reduce((a, b) => Math.max(a, b), 0)).fill(-1);
    for (const [id, codePoint] of codePoints.entries()) {
      if (isUnit(codePoint)) this.#unitIds[codePoint] = id;
      else this.#otherIds.set(codePoint, id);
    }
  }

  /**
   * The tokenizer of the characters that occur in `text`.
   * @throws SeqgradError `value` for an empty text
   */
  static fromText(text: string): CharTokenizer {
    if (typeof text !== "string" || text === "")
      throw new SeqgradError("value", "CharTokenizer.fromText: wants a text of at least one character.");
    const codePoints = new Set<number>();
    for (let i = 0; i < text.length; i++) {
      const codePoint = text.codePointAt(i)!;
      codePoints.add(codePoint);
      if (codePoint > 0xffff) i++;
    }
    return new CharTokenizer([...codePoints].sort((a, b) => a - b).map((codePoint) => String.fromCodePoint(codePoint)));
  }

  /**
   * The tokenizer of a vocabulary: what `toJSON` gave and vocab.json holds.
   * @throws SeqgradError `format` unless its keys are single characters and its values the numbers from 0 up, each once
   */
  static fromJSON(vocabulary: Readonly<Record<string, number>>): CharTokenizer {
    const entries = Object.entries(vocabulary);
    const characters = new Array<string | undefined>(entries.length).fill(undefined);
    for (const [character, id] of entries) {
      const fail = (what: string) => new SeqgradError("format", `CharTokenizer.fromJSON: ${JSON.stringify(character)}: ${what}.`);
      if (character === "" || character.length !== (character.codePointAt(0)! > 0xffff ? 2 : 1)) throw fail("is not one character");
      if (!(Number.isInteger(id) && id >= 0 && id < entries.length)) throw fail(`its id ${id} is not one of 0 to ${entries.length - 1}`);
      if (characters[id] !== undefined) throw fail(`its id ${id} is that of ${JSON.stringify(characters[id])} too`);
      characters[id] = character;
    }
    if (entries.length === 0) throw new SeqgradError("format", "CharTokenizer.fromJSON: the vocabulary is empty.");
    return new CharTokenizer(characters as string[]);
  }

  /** The number of tokens. */
  get size(): number {
    return this.#characters.length;
  }

  /**
   * The id of every character of the text.
   * @throws SeqgradError `range` for a character that is not in the vocabulary
   */
  encode(text: string): Int32Array<ArrayBuffer> {
    const ids = new Int32Array(text.length);
    let count = 0;
    for (let i = 0; i < text.length; i++) {
      let id = this.#unitIds[text.charCodeAt(i)] ?? -1;
      if (id < 0) {
        const codePoint = text.codePointAt(i)!;
        id = this.#otherIds.get(codePoint) ?? this.#refuse(codePoint, i);
        if (codePoint > 0xffff) i++;
      }
      ids[count++] = id;
    }
    return count < text.length ? ids.slice(0, count) : ids;
  }

  /**
   * The text of the ids.
   * @throws SeqgradError `range` for an id that is not in the vocabulary
   */
  decode(ids: ArrayLike<number>): string {
    const characters = new Array<string>(ids.length);
    for (let i = 0; i < ids.length; i++) {
      const character = this.#characters[ids[i]!];
      if (character === undefined) {
        throw new SeqgradError("range", `CharTokenizer.decode: id ${ids[i]} at position ${i} is not one of 0 to ${this.size - 1}.`);
      }
      characters[i] = character;
    }
    return characters.join("");
  }

  /** The id of each character, as vocab.json holds it. */
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

const isUnit = (codePoint: number): boolean => codePoint < 0xd800 || (codePoint > 0xdfff && codePoint < 0x10000);
