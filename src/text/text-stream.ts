import type { Tokenizer } from "./tokenizer.js";

/**
 * Text of tokens that come one by one, after those of a prompt: a piece is given out once no later token can change it, as the rest of a
 * character's bytes would.
 * @example
 * const tokenizer = sg.trainTokenizer(["the cat sat."], { unit: "words" });
 * const stream = new sg.TextStream(tokenizer, tokenizer.encode("the"));
 * Array.from(tokenizer.encode("cat sat."), (token) => stream.push(token)); // = [" cat", " sat", "."]
 */
export class TextStream {
  /** The tokens since the last but one piece, whose text tells how the next one joins. */
  #context: number[];
  /** How many of these have been given out. */
  #given: number;

  constructor(
    readonly tokenizer: Tokenizer,
    prompt: ArrayLike<number> = [],
  ) {
    this.#context = Array.from(prompt).slice(-8);
    this.#given = this.#context.length;
  }

  /** What the token adds to the text; nothing while a character is not whole. */
  push(token: number): string {
    this.#context.push(token);
    const before = this.tokenizer.decode(this.#context.slice(0, this.#given));
    const text = this.tokenizer.decode(this.#context);
    if (text.endsWith("\uFFFD") || text.length <= before.length) return "";
    this.#context = this.#context.slice(this.#given);
    this.#given = this.#context.length;
    return text.slice(before.length);
  }
}
