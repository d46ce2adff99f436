import { checkFinite, checkInteger, checkText } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { normOf } from "../util/numbers.js";

/** A word and how near it is: the cosine of its vector with the one asked about. */
export interface Neighbour {
  readonly word: string;
  readonly similarity: number;
}

/**
 * A vector for each word, the same in every sentence: what word2vec and GloVe learn.
 * @example
 * const vectors = new sg.WordVectors(["king", "queen", "apple"], 2, Float32Array.of(1, 1, 1, 0.8, -1, 0.2));
 * vectors.nearest("king", 1)[0].word; // = "queen"
 */
export class WordVectors {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #norms: Float64Array;

  /**
   * @param data `[words, dimension]`, row-major
   * @throws SeqgradError `shape` where the numbers do not fit, `value` for a word that occurs twice or none at all, `not-finite`
   */
  constructor(
    readonly words: readonly string[],
    readonly dimension: number,
    readonly data: Float32Array<ArrayBuffer>,
  ) {
    checkInteger("WordVectors", "dimension", dimension, 1);
    if (!(data instanceof Float32Array)) throw new SeqgradError("value", "WordVectors: the numbers are no Float32Array; make one of them.");
    if (words.length === 0) throw new SeqgradError("value", "WordVectors: there is no word.");
    if (data.length !== words.length * dimension) {
      const wanted = `${words.length} words of dimension ${dimension} want ${words.length * dimension}`;
      throw new SeqgradError("shape", `WordVectors: ${data.length} numbers; ${wanted}.`);
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
   * Reads word2vec's text format, whose first line tells words and dimension, or GloVe's, which has no such line. A word may hold blanks:
   * the last `dimension` columns are its vector.
   *
   * @param dimension where the first line does not tell it. Default: one less than the columns of the first line
   * @param name the file's name, for messages
   * @throws SeqgradError `format` that names the file, the line and the column
   */
  static fromText(text: string, { dimension, name = "the file" }: { dimension?: number; name?: string } = {}): WordVectors {
    const lines = checkText("WordVectors.fromText", text)
      .replace(/^\ufeff/, "")
      .split("\n");
    const first = lines.find((line) => line.trim() !== "");
    if (first === undefined) throw new SeqgradError("format", `${name} holds no word.`);
    if (dimension !== undefined) checkInteger("WordVectors.fromText", "dimension", dimension, 1);
    const header = /^(\d+) (\d+)\s*$/.exec(lines[0]!);
    const size = dimension ?? (header ? Number(header[2]) : first.trimEnd().split(" ").length - 1);
    if (size === 0)
      throw new SeqgradError(
        "format",
        `${name}, line ${1 + lines.indexOf(first)}, column 2: wants a word and its numbers, with blanks between.`,
      );
    const words: string[] = [];
    const numbers: number[] = [];
    const lineOf = new Map<string, number>();
    for (const [i, line] of lines.entries()) {
      if ((i === 0 && header) || line.trim() === "") continue;
      const cells = line.trimEnd().split(" ");
      const fail = (column: number, what: string) => new SeqgradError("format", `${name}, line ${i + 1}, column ${column}: ${what}.`);
      if (cells.length <= size) throw fail(cells.length + 1, `the line has ${cells.length - 1} numbers; wants ${size}`);
      const word = cells.slice(0, -size).join(" ");
      if (lineOf.has(word)) throw fail(1, `${JSON.stringify(word)} is on line ${lineOf.get(word)} already`);
      lineOf.set(word, i + 1);
      words.push(word);
      for (const [k, cell] of cells.slice(-size).entries()) {
        const value = Math.fround(Number(cell)); // as it is kept
        if (cell === "" || !Number.isFinite(value)) throw fail(cells.length - size + k + 1, `${JSON.stringify(cell)} is not a number`);
        numbers.push(value);
      }
    }
    if (header && Number(header[1]) !== words.length)
      throw new SeqgradError("format", `${name}: ${words.length} words; the first line tells of ${header[1]}. Is the file cut off?`);
    return new WordVectors(words, size, Float32Array.from(numbers));
  }

  /** @param header whether the first line tells words and dimension, as word2vec's does. Default true */
  toText({ header = true }: { header?: boolean } = {}): string {
    const lines = this.words.map((word, id) => `${word} ${Array.from(this.#row(id), (v) => Number(v.toPrecision(7))).join(" ")}`);
    return `${[...(header ? [`${this.words.length} ${this.dimension}`] : []), ...lines].join("\n")}\n`;
  }

  has(word: string): boolean {
    return this.#ids.has(word);
  }

  /** A copy of a word's vector. @throws SeqgradError `range` for a word that is not there */
  vectorOf(word: string): Float32Array<ArrayBuffer> {
    return this.#row(this.#idOf("vectorOf", word)).slice();
  }

  /**
   * The cosine of two words' vectors, from -1 to 1.
   * @throws SeqgradError `range` for a word that is not there
   */
  similarity(a: string, b: string): number {
    const [i, j] = [this.#idOf("similarity", a), this.#idOf("similarity", b)];
    return cosine(this.#row(i), this.#norms[i]!, this.#row(j), this.#norms[j]!);
  }

  /**
   * The words nearest to one, or to a vector, by cosine; the word itself is left out.
   * @throws SeqgradError `range` for a word that is not there, `shape` for a vector of another dimension
   */
  nearest(to: string | ArrayLike<number>, count = 10, except: readonly string[] = []): Neighbour[] {
    checkInteger("WordVectors.nearest", "count", count, 1);
    if (typeof to === "string") return this.nearest(this.#row(this.#idOf("nearest", to)), count, [to, ...except]);
    if (to?.length !== this.dimension)
      throw new SeqgradError("shape", `WordVectors.nearest: the vector has ${to?.length ?? "no"} numbers; wants ${this.dimension}.`);
    const norm = normOf(to);
    checkFinite("WordVectors.nearest", "the vector's length", norm);
    const left = new Set(except);
    return this.words
      .map((word, id) => ({ word, similarity: cosine(to, norm, this.#row(id), this.#norms[id]!) }))
      .filter(({ word }) => !left.has(word))
      .sort((a, b) => b.similarity - a.similarity)
      .slice(0, count);
  }

  /**
   * What is to `c` as `b` is to `a`: the words nearest to b - a + c, of vectors of length 1 (Mikolov et al. 2013): man, king, woman: queen.
   * @throws SeqgradError `range` for a word that is not there
   */
  analogy(a: string, b: string, c: string, count = 5): Neighbour[] {
    const [u, v, w] = [a, b, c].map((word) => {
      const id = this.#idOf("analogy", word);
      return this.#row(id).map((value) => value / (this.#norms[id]! || 1));
    }) as [Float32Array, Float32Array, Float32Array];
    return this.nearest(
      v.map((value, k) => value - u[k]! + w[k]!),
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
    throw new SeqgradError("range", `WordVectors.${method}: ${JSON.stringify(word)} is not one of the ${this.words.length} words.`);
  }
}

/**
 * The cosine of the angle between two vectors; 0 where one is zero.
 * @throws SeqgradError `shape` for vectors of different dimensions
 * @example
 * sg.cosineSimilarity([1, 0], [1, 1]); // = Math.SQRT1_2
 */
export function cosineSimilarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new SeqgradError("shape", `cosineSimilarity: the vectors have ${a.length} and ${b.length} numbers.`);
  return cosine(a, normOf(a), b, normOf(b));
}

function cosine(a: ArrayLike<number>, normA: number, b: ArrayLike<number>, normB: number): number {
  let dot = 0;
  for (let k = 0; k < a.length; k++) dot += a[k]! * b[k]!;
  return dot / (normA * normB || 1);
}
