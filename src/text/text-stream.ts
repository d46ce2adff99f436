import { checkInteger, kindOf } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkIds, type Tokenizer } from "./tokenizer.js";

/** An unfinished character is at most three bytes, each of which may come as one U+FFFD. */
const UNFINISHED = 3;
/** Tokens that are held back at most: more are bytes that never become a character. */
const MOST = 16;

/**
 * Makes text of tokens that come one by one, after the tokens of a prompt.
 *
 * A piece is returned once no later token can change it, as the rest of a character's bytes would. `flush()` returns the rest at the end.
 *
 * @param tokenizer the tokenizer
 * @param prompt the tokens before
 * @example
 * const tokenizer = sg.text.trainTokenizer(["the cat sat."], { unit: "words" });
 * const stream = new sg.text.TextStream(tokenizer, tokenizer.encode("the"));
 * Array.from(tokenizer.encode("cat sat."), (token) => stream.push(token)); // = [" cat", " sat", "."]
 */
export class TextStream {
  /** The tokens since the last but one piece, whose text decides how the next one joins. */
  #context: number[];
  /** How many of these have been given out. */
  #written: number;
  /** How many characters of the text of the others have been given out. */
  #shown = 0;

  constructor(
    readonly tokenizer: Tokenizer,
    prompt: ArrayLike<number> = [],
  ) {
    if (typeof tokenizer?.decode !== "function" || typeof tokenizer.tokenOf !== "function")
      throw new SeqgradError("value", `TextStream: the tokenizer is ${kindOf(tokenizer)}; give one, as trainTokenizer() makes.`);
    checkIds("TextStream", prompt);
    this.#context = Array.from(prompt).slice(-8);
    this.#written = this.#context.length;
  }

  /**
   * Takes a token and returns the text that it adds.
   *
   * @param token the token
   * @returns the text; empty while a character is not whole
   */
  push(token: number): string {
    checkInteger("TextStream.push", "token", token, 0);
    const isWhole = this.tokenizer.tokenOf(token).includes("\uFFFD"); // the character itself, not a sign for missing bytes
    this.#context.push(token);
    const [fresh, continues] = this.#fresh();
    const [unfinished] = (isWhole ? undefined : /\uFFFD*$/.exec(fresh)) ?? [""];
    if (unfinished === "" || this.#context.length - this.#written > MOST) return this.#give(fresh);
    // The text before it may change too, where bytes are read in runs.
    const end = continues ? fresh.length - Math.min(UNFINISHED, unfinished.length) : 0;
    const piece = fresh.slice(this.#shown, end);
    this.#shown = Math.max(this.#shown, end);
    return piece;
  }

  /**
   * Returns the rest of the text, when no more tokens come: bytes that are not a whole character come as U+FFFD.
   *
   * @returns the text
   */
  flush(): string {
    return this.#give(this.#fresh()[0]);
  }

  /** The text since the last piece, and whether the text before it is as it was. */
  #fresh(): [text: string, continues: boolean] {
    const before = this.tokenizer.decode(this.#context.slice(0, this.#written));
    const text = this.tokenizer.decode(this.#context);
    return [text.slice(before.length), text.startsWith(before)];
  }

  #give(fresh: string): string {
    const piece = fresh.slice(this.#shown);
    this.#shown = 0;
    if (piece === "" && fresh === "") return "";
    this.#context = this.#context.slice(this.#written);
    this.#written = this.#context.length;
    return piece;
  }
}
