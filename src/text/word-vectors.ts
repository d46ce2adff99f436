import { checkArray, checkBoolean, checkChoice, checkFinite, checkInteger, checkList, checkText, kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { normOf } from "../util/numbers.js";
import { checkOptions } from "../util/options.js";
import { BinaryReader, binaryRows, type Chunks, encoded, readAll, TextReader, textLines, type VectorTable } from "./word-vector-files.js";

const formats = ["text", "binary"] as const;

/** A word and how near it is: the cosine of its vector with the one asked about. */
export interface Neighbor {
  readonly word: string;
  readonly similarity: number;
}

/**
 * A vector for each word, the same in every sentence, as word2vec and GloVe learn them.
 *
 * @param words the words, each once
 * @param dimension D, the size of a vector
 * @example
 * const vectors = new sg.text.WordVectors(["king", "queen", "apple"], 2, Float32Array.of(1, 1, 1, 0.8, -1, 0.2));
 * vectors.nearest("king", 1)[0].word; // = "queen"
 */
export class WordVectors {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #norms: Float64Array;

  /**
   * @param data `[words, dimension]`, row-major
   * @param warnings what a person should know of the vectors: words that a file held twice, a text too small to learn from
   * @throws SeqgradError `shape` where the numbers do not fit, `value` for a word that occurs twice or none at all, `not-finite`
   */
  constructor(
    readonly words: readonly string[],
    readonly dimension: number,
    readonly data: Float32Array<ArrayBuffer>,
    readonly warnings: readonly string[] = [],
  ) {
    checkArray("WordVectors", "words", words, "a list of strings");
    const strange = words.findIndex((word) => typeof word !== "string");
    if (strange >= 0)
      throw new SeqgradError("value", `WordVectors: words[${strange}] is ${shown(words[strange])}; expected a list of strings.`);
    checkInteger("WordVectors", "dimension", dimension, 1);
    checkArray("WordVectors", "warnings", warnings, "a list of strings");
    if (!(data instanceof Float32Array))
      throw new SeqgradError("value", `WordVectors: the numbers are ${kindOf(data)}; expected a Float32Array.`);
    if (words.length === 0) throw new SeqgradError("value", "WordVectors: the list of words is empty; give at least one.");
    if (data.length !== words.length * dimension) {
      const expected = `${words.length * dimension}, for ${words.length} words of dimension ${dimension}`;
      throw new SeqgradError("shape", `WordVectors: got ${data.length} numbers; expected ${expected}.`);
    }
    this.#ids = new Map(words.map((word, id) => [word, id]));
    if (this.#ids.size < words.length) {
      const twice = words.find((word, id) => this.#ids.get(word) !== id);
      throw new SeqgradError("value", `WordVectors: ${JSON.stringify(twice)} occurs twice.`);
    }
    this.#norms = Float64Array.from(words, (_, id) => normOf(this.#row(id)));
    const bad = this.#norms.findIndex((norm) => !Number.isFinite(norm));
    if (bad >= 0)
      throw new SeqgradError("not-finite", `WordVectors: the vector of ${JSON.stringify(words[bad])} is not finite; was its training?`);
  }

  /**
   * Reads word2vec's text format, whose first line says how many words there are and their dimension, or GloVe's, which has no such line.
   * A word may hold blanks, and a tab may follow it: the last `dimension` columns are its vector. Of a word that is there twice the first
   * counts, and `warnings` say so.
   *
   * @param text the text of the file
   * @param options `dimension`, if the first line does not give it. Default: one less than the columns of the first line; `name` of the
   *   file, for messages
   * @returns the vectors
   * @throws SeqgradError `format` that names the file, the line and the column
   */
  static fromText(text: string, options: { dimension?: number; name?: string } = {}): WordVectors {
    const op = "WordVectors.fromText";
    checkText(op, text);
    checkOptions(op, options, ["dimension", "name"]);
    const { dimension, name = "the file" } = options;
    checkText(op, name, "name");
    if (dimension !== undefined) checkInteger(op, "dimension", dimension, 1);
    return WordVectors.#of(new TextReader(name, dimension ?? 0).read(text));
  }

  /**
   * Reads a file of vectors as it comes, of any size: word2vec's text or binary format, or GloVe's text.
   *
   * @param source all bytes, or piece by piece: Node's file streams, `(await fetch(url)).body`, any iterable of Uint8Arrays
   * @param options `format`, default `text`; `dimension` and `name` as fromText()
   * @returns the vectors
   * @throws SeqgradError `format` for a file that is not whole or of another format, `value` for another kind of source
   * @example
   * const vectors = new sg.text.WordVectors(["king", "queen"], 2, Float32Array.of(1, 2, 3, 4));
   * const again = await sg.text.WordVectors.read(vectors.chunks({ format: "binary" }), { format: "binary" });
   * again.vectorOf("queen"); // = [3, 4]
   */
  static async read(source: Chunks, options: { format?: "text" | "binary"; dimension?: number; name?: string } = {}): Promise<WordVectors> {
    const op = "WordVectors.read";
    checkOptions(op, options, ["format", "dimension", "name"]);
    const { format = "text", dimension, name = "the file" } = options;
    checkText(op, name, "name");
    checkChoice(op, "format", format, formats);
    if (dimension !== undefined) checkInteger(op, "dimension", dimension, 1);
    return WordVectors.#of(await readAll(op, source, format === "binary" ? new BinaryReader(name) : new TextReader(name, dimension ?? 0)));
  }

  static #of({ words, dimension, data, warnings }: VectorTable): WordVectors {
    return new WordVectors(words, dimension, data, warnings);
  }

  /**
   * Writes word2vec's text format, or GloVe's.
   *
   * @param options `header`: true if the first line gives words and dimension, as word2vec's does. Default true
   * @returns the text
   * @throws SeqgradError `value` for a word with a line break; chunks() writes what is too large for one string
   */
  toText(options: { header?: boolean } = {}): string {
    checkOptions("WordVectors.toText", options, ["header"]);
    const { header = true } = options;
    checkBoolean("WordVectors.toText", "header", header);
    return Array.from(textLines(this.words, (id) => this.#row(id), header)).join("");
  }

  /**
   * Writes a file of the vectors, piece by piece: word2vec's text or binary format, or GloVe's text.
   *
   * @param options `format`, default `text`; `header` as toText()
   * @returns the pieces
   * @throws SeqgradError `value` for a word with a line break, or with a blank in the binary format
   * @example
   * const vectors = new sg.text.WordVectors(["king"], 2, Float32Array.of(1, 2));
   * new TextDecoder().decode([...vectors.chunks()][0]); // = "1 2\nking 1 2\n"
   */
  chunks(options: { format?: "text" | "binary"; header?: boolean } = {}): Iterable<Uint8Array> {
    checkOptions("WordVectors.chunks", options, ["format", "header"]);
    const { format = "text", header = true } = options;
    checkChoice("WordVectors.chunks", "format", format, formats);
    checkBoolean("WordVectors.chunks", "header", header);
    const rowOf = (id: number) => this.#row(id);
    return format === "binary" ? binaryRows(this.words, rowOf) : encoded(textLines(this.words, rowOf, header));
  }

  /**
   * Returns true if there is a vector of the word.
   *
   * @param word the word
   * @returns true or false
   */
  has(word: string): boolean {
    return this.#ids.has(word);
  }

  /**
   * Copies the vector of a word.
   *
   * @param word the word
   * @returns `[D]`
   * @throws SeqgradError `range` for a word that is not there
   */
  vectorOf(word: string): Float32Array<ArrayBuffer> {
    return this.#row(this.#idOf("vectorOf", word)).slice();
  }

  /**
   * Returns the cosine of two words' vectors.
   *
   * @param a a word
   * @param b a word
   * @returns a number from -1 to 1
   * @throws SeqgradError `range` for a word that is not there
   */
  similarity(a: string, b: string): number {
    const [i, j] = [this.#idOf("similarity", a), this.#idOf("similarity", b)];
    return cosine(this.#row(i), nth(this.#norms, i), this.#row(j), nth(this.#norms, j));
  }

  /**
   * Finds the words nearest to one, or to a vector, by cosine; the word itself is left out.
   *
   * @param to a word, or a vector `[D]`
   * @param count the most words; default 10
   * @param except words to leave out; default none
   * @returns the words and their cosines, the nearest first
   * @throws SeqgradError `range` for a word that is not there, `shape` for a vector of another dimension
   */
  nearest(to: string | ArrayLike<number>, count = 10, except: readonly string[] = []): Neighbor[] {
    checkInteger("WordVectors.nearest", "count", count, 1);
    checkArray("WordVectors.nearest", "except", except, "a list of words");
    for (const word of except) checkText("WordVectors.nearest", word, "a word of except");
    if (typeof to === "string") return this.nearest(this.#row(this.#idOf("nearest", to)), count, [to, ...except]);
    if (to?.length !== this.dimension)
      throw new SeqgradError("shape", `WordVectors.nearest: the vector has ${to?.length ?? "no"} numbers; expected ${this.dimension}.`);
    checkNumbers("WordVectors.nearest", "the vector", to);
    const norm = normOf(to);
    checkFinite("WordVectors.nearest", "the vector's length", norm);
    const left = new Set(except);
    return this.words
      .map((word, id) => ({ word, similarity: cosine(to, norm, this.#row(id), nth(this.#norms, id)) }))
      .filter(({ word }) => !left.has(word))
      .sort((a, b) => b.similarity - a.similarity)
      .slice(0, count);
  }

  /**
   * Solves an analogy, `a` to `b` as `c` to the result: the words nearest to b - a + c, of vectors of length 1, as man, king, woman: queen.
   *
   * @param a a word
   * @param b a word
   * @param c a word
   * @param count the most words; default 5
   * @returns the words and their cosines, the nearest first
   * @throws SeqgradError `range` for a word that is not there
   * @see Mikolov, Yih and Zweig 2013, "Linguistic Regularities in Continuous Space Word Representations"
   */
  analogy(a: string, b: string, c: string, count = 5): Neighbor[] {
    const unitOf = (word: string) => {
      const id = this.#idOf("analogy", word);
      return this.#row(id).map((value) => value / (nth(this.#norms, id) || 1));
    };
    const [u, v, w] = [unitOf(a), unitOf(b), unitOf(c)];
    return this.nearest(
      v.map((value, k) => value - nth(u, k) + nth(w, k)),
      count,
      [a, b, c],
    );
  }

  #row(id: number): Float32Array<ArrayBuffer> {
    return this.data.subarray(id * this.dimension, (id + 1) * this.dimension);
  }

  #idOf(method: string, word: string): number {
    const id = this.#ids.get(word);
    if (id !== undefined) return id;
    throw new SeqgradError("range", `WordVectors.${method}: ${shown(word)} is not one of the ${this.words.length} words.`);
  }
}

/**
 * Returns the cosine of the angle between two vectors; 0 if one is zero.
 *
 * @param a `[D]`
 * @param b `[D]`
 * @returns a number from -1 to 1
 * @throws SeqgradError `shape` for vectors of different dimensions
 * @example
 * sg.text.cosineOf([1, 0], [1, 1]); // = Math.SQRT1_2
 */
export function cosineOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkNumbers("cosineOf", "a", a);
  checkNumbers("cosineOf", "b", b);
  if (a.length !== b.length) throw new SeqgradError("shape", `cosineOf: the vectors have ${a.length} and ${b.length} numbers.`);
  return cosine(a, normOf(a), b, normOf(b));
}

/** Throws unless the list holds numbers, be they infinite or NaN. */
function checkNumbers(op: string, name: string, list: ArrayLike<number>): void {
  checkList(op, name, list, "a list of numbers");
  for (let k = 0; k < list.length; k++)
    if (typeof list[k] !== "number") throw new SeqgradError("value", `${op}: ${name}[${k}] is ${shown(list[k])}; give a list of numbers.`);
}

function cosine(a: ArrayLike<number>, normA: number, b: ArrayLike<number>, normB: number): number {
  let dot = 0;
  for (let k = 0; k < a.length; k++) dot += a[k]! * b[k]!;
  return dot / (normA * normB || 1);
}
