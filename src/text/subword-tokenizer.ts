import { finish, inTurns, type Pieces } from "../util/breath.js";
import { checkText } from "../util/check.js";
import { remembering } from "../util/remember.js";
import { chunksOf, LONG } from "./chunks.js";
import { addedTokens, type HuggingFaceJson, specialPattern } from "./hugging-face.js";
import {
  checkIds,
  checkMade,
  checkSpecial,
  type EncodeOptions,
  framed,
  type SpecialIds,
  specialIds,
  type Tokenizer,
  tokenAt,
} from "./tokenizer.js";

/** Ids that are found in a piece of work. */
const PIECE = 512;

/** The common part of tokenizers of parts of words: numbered tokens, of which special ones are never cut, and tokenizer.json's head. */
export abstract class SubwordTokenizer implements Tokenizer {
  readonly special: SpecialIds;
  protected readonly ids: ReadonlyMap<string, number>;
  readonly #pattern: RegExp | undefined;
  /** Ids that decoding leaves out. */
  readonly #silent: ReadonlySet<unknown>;
  readonly #idsOf = remembering((piece: string) => finish(this.idsOf(piece)));

  /** `name`: the class, for messages. */
  protected constructor(
    private readonly name: string,
    protected readonly tokens: readonly string[],
    protected readonly specialTokens: readonly string[],
  ) {
    checkMade(name, tokens, `${name}.train(texts) or ${name}.fromJSON(json)`);
    checkSpecial(name, specialTokens);
    this.ids = new Map(tokens.map((token, id) => [token, id]));
    this.#pattern = specialPattern(specialTokens);
    this.special = specialIds((token) => (specialTokens.includes(token) ? this.ids.get(token) : undefined));
    this.#silent = new Set(specialTokens.map((token) => this.ids.get(token)).filter((id) => id !== this.special.unk));
  }

  get size(): number {
    return this.tokens.length;
  }

  encode(text: string, options: EncodeOptions = {}): Int32Array<ArrayBuffer> {
    return finish(this.#encoding(text, options));
  }

  /**
   * Converts a text to token ids in turns: timers, clicks and other work of a page run in between.
   *
   * @param text the text
   * @param options `sos` and `eos`: see EncodeOptions
   * @returns the ids, each in 0..V-1
   * @throws SeqgradError `range` for a token that is not in the vocabulary if there is no unknown token, `state` for an option without its
   *   token
   */
  encodeAsync(text: string, options: EncodeOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return inTurns(this.#encoding(text, options));
  }

  *#encoding(text: string, options: EncodeOptions): Pieces<Int32Array<ArrayBuffer>> {
    checkText(`${this.name}.encode`, text);
    const ids: number[] = [];
    // Split at special tokens: those stand at odd places.
    for (const [i, part] of (this.#pattern ? text.split(this.#pattern) : [text]).entries()) {
      if (i % 2) ids.push(this.#specialId(part));
      else
        for (const chunk of chunksOf(part)) {
          yield;
          let count = 0;
          for (const piece of this.piecesOf(chunk)) {
            for (const id of piece.length > LONG ? yield* this.idsOf(piece) : this.#idsOf(piece)) {
              ids.push(id);
              if (++count % PIECE === 0) yield;
            }
          }
        }
    }
    return framed(`${this.name}.encode`, new Int32Array(ids), this.special, options);
  }

  decode(ids: ArrayLike<number>): string {
    checkIds(`${this.name}.decode`, ids);
    const tokens: string[] = [];
    for (let i = 0; i < ids.length; i++) {
      const token = tokenAt(`${this.name}.decode`, this.tokens, ids[i], i);
      if (!this.#silent.has(ids[i])) tokens.push(token);
    }
    return this.textOf(tokens);
  }

  idOf(token: string): number | undefined {
    return this.ids.get(token);
  }

  tokenOf(id: number): string {
    return tokenAt(`${this.name}.tokenOf`, this.tokens, id, 0);
  }

  /** Hugging Face's tokenizer.json. */
  abstract toJSON(): HuggingFaceJson;

  /** tokenizer.json with what is of the kind. */
  protected file(parts: HuggingFaceJson): HuggingFaceJson {
    const added = addedTokens(this.specialTokens, (token) => this.#specialId(token));
    return { version: "1.0", truncation: null, padding: null, added_tokens: added, ...parts };
  }

  #specialId(token: string): number {
    const id = this.ids.get(token);
    if (id === undefined) throw new RangeError(`the special token ${JSON.stringify(token)} has no id`);
    return id;
  }

  /** The text of tokens, of which none is special but the unknown one. */
  protected abstract textOf(tokens: readonly string[]): string;
  /** A text without special tokens in the pieces that are encoded each by itself. */
  protected abstract piecesOf(text: string): Iterable<string>;
  protected abstract idsOf(piece: string): Pieces<readonly number[]>;
}
