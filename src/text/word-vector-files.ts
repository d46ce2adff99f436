import { breathe } from "../util/breath.js";
import { kindOf } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";

// The files of word vectors: word2vec's text and binary formats and GloVe's text, read and written piece by piece.

/** The content of a file of vectors. */
export interface VectorTable {
  readonly words: readonly string[];
  readonly dimension: number;
  /** `[words, dimension]` */
  readonly data: Float32Array<ArrayBuffer>;
  /** The parts that were left out. */
  readonly warnings: readonly string[];
}

/** A source of bytes or text: one piece after the other, as a file's stream gives them, or all at once. */
export type Chunks = Uint8Array | Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string> | { getReader(): ChunkReader };

/** The result of ReadableStream's getReader(). */
interface ChunkReader {
  read(): Promise<{ done: false; value: Uint8Array | string } | { done: true; value?: unknown }>;
  cancel?(): Promise<unknown>;
}

/** Takes the bytes of a file as they come, then answers what they held. */
export interface VectorReader {
  push(bytes: Uint8Array): void;
  end(): VectorTable;
}

/** Longer words are none, and longer lines no rows: the file is of another format. */
const LONGEST_WORD = 2 ** 16;
const LONGEST_LINE = 2 ** 26;
/** A row of more numbers than these is none either. */
const MOST_NUMBERS = 2 ** 20;
/** Duplicates that are reported one by one. */
const REPORTED = 5;

/** Words and their numbers as they come; memory grows with what is there, whatever a header says. */
class Rows {
  readonly words: string[] = [];
  readonly #placeOf = new Map<string, string>();
  readonly #warnings: string[] = [];
  #duplicates = 0;
  #data = new Float32Array(1024);
  dimension = 0;
  /** Rows that came, duplicates too. */
  count = 0;

  constructor(readonly name: string) {}

  /** The destination of a word's numbers; undefined for a word that was there before, which counts. `place`: its position, for messages. */
  add(word: string, place: string): Float32Array | undefined {
    this.count++;
    const before = this.#placeOf.get(word);
    if (before !== undefined) {
      if (this.#duplicates++ < REPORTED)
        this.#warnings.push(`${this.name}, ${place}: ${JSON.stringify(word)} is on ${before} already; the first one counts.`);
      return undefined;
    }
    this.#placeOf.set(word, place);
    const begin = this.words.push(word) * this.dimension - this.dimension;
    if (begin + this.dimension > this.#data.length) this.#resize(Math.max(2 * this.#data.length, begin + this.dimension));
    return this.#data.subarray(begin, begin + this.dimension);
  }

  table(): VectorTable {
    if (this.words.length === 0) throw new SeqgradError("format", `${this.name} holds no word.`);
    this.#resize(this.words.length * this.dimension);
    const more = this.#duplicates - REPORTED;
    if (more > 0) this.#warnings.push(`${this.name}: ${more} more words are there twice; the first one counts.`);
    return { words: this.words, dimension: this.dimension, data: this.#data, warnings: this.#warnings };
  }

  #resize(size: number): void {
    try {
      const larger = new Float32Array(size);
      larger.set(this.#data.subarray(0, Math.min(size, this.#data.length)));
      this.#data = larger;
    } catch (cause) {
      const read = `${this.words.length} words of dimension ${this.dimension}`;
      throw new SeqgradError("memory", `${this.name}: the memory does not suffice for ${read}; give a file of fewer words.`, { cause });
    }
  }
}

/** Text: a line `words dimension` or none, then a word, a blank or a tab, and its numbers on each line. */
export class TextReader implements VectorReader {
  readonly #rows: Rows;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #line = 0;
  /** How many rows the first line says there are. */
  #announced: number | undefined;

  /** `dimension`: 0 if the first line gives it */
  constructor(name: string, dimension: number) {
    this.#rows = new Rows(name);
    this.#rows.dimension = dimension;
  }

  push(bytes: Uint8Array): void {
    this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  /** A whole text. */
  read(text: string): VectorTable {
    this.#take(text.startsWith("\ufeff") ? text.slice(1) : text);
    return this.end();
  }

  end(): VectorTable {
    this.#take(this.#decoder.decode());
    if (this.#rest !== "") this.#add(this.#rest);
    this.#rest = "";
    const { name, count } = this.#rows;
    if (this.#announced !== undefined && this.#announced !== count)
      throw new SeqgradError("format", `${name}: ${count} words; the first line says ${this.#announced}. Is the file whole?`);
    return this.#rows.table();
  }

  #take(text: string): void {
    let begin = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", begin)) {
      this.#add(this.#rest + text.slice(begin, end));
      this.#rest = "";
      begin = end + 1;
    }
    this.#rest += text.slice(begin);
    if (this.#rest.length > LONGEST_LINE) throw this.#fail(1, "the line is too long for a word and its numbers");
  }

  #fail(column: number, what: string): SeqgradError {
    return new SeqgradError("format", `${this.#rows.name}, line ${this.#line}, column ${column}: ${what}.`);
  }

  #add(text: string): void {
    const rows = this.#rows;
    this.#line++;
    const line = text.trimEnd();
    if (line === "") return;
    if (this.#line === 1) {
      const [, words, size] = /^(\d+)[ \t](\d+)$/.exec(line) ?? [];
      if (words) {
        this.#announced = Number(words);
        rows.dimension ||= Number(size);
        if (rows.dimension === 0) throw this.#fail(2, "the dimension is 0; expected at least 1");
        return;
      }
    }
    const cells = line.split(line.includes("\t") ? /[ \t]/ : " ");
    if (rows.dimension === 0) {
      const tab = line.indexOf("\t");
      rows.dimension = tab < 0 ? cells.length - 1 : line.slice(tab + 1).split(/[ \t]/).length;
      if (rows.dimension === 0) throw this.#fail(2, "expected a word and its numbers, with blanks between");
    }
    const first = cells.length - rows.dimension;
    if (first < 1) throw this.#fail(cells.length + 1, `the line has ${cells.length - 1} numbers; expected ${rows.dimension}`);
    let length = line.length;
    const numbers = new Float32Array(rows.dimension);
    for (let k = 0; k < rows.dimension; k++) {
      const cell = cells[first + k]!;
      length -= cell.length + 1;
      numbers[k] = Number(cell);
      if (cell === "" || !Number.isFinite(numbers[k])) throw this.#fail(first + k + 1, `${JSON.stringify(cell)} is not a number`);
    }
    rows.add(line.slice(0, length), `line ${this.#line}`)?.set(numbers);
  }
}

/** word2vec's binary format: a line `words dimension`, then each word, a blank and its float32 numbers, low byte first. */
export class BinaryReader implements VectorReader {
  readonly #rows: Rows;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #rest = new Uint8Array(0);
  #announced: number | undefined;

  constructor(name: string) {
    this.#rows = new Rows(name);
  }

  push(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    let begin = this.#announced === undefined ? this.#header(all) : 0;
    if (this.#announced !== undefined) for (let next = this.#row(all, begin); next > begin; next = this.#row(all, begin)) begin = next;
    this.#rest = all.slice(begin);
  }

  end(): VectorTable {
    const { count } = this.#rows;
    const isWhole = this.#announced === count && this.#rest.every((byte) => byte === LINE);
    if (this.#announced === undefined) throw this.#fail("the first line is not the number of words and the dimension");
    if (!isWhole)
      throw this.#fail(`${count} words and ${this.#rest.length} bytes; the first line says ${this.#announced} words. Is it whole?`);
    return this.#rows.table();
  }

  #fail(what: string): SeqgradError {
    return new SeqgradError("format", `${this.#rows.name}: ${what}`);
  }

  /** The start of the first row; 0 while the first line is not whole. */
  #header(bytes: Uint8Array): number {
    const end = bytes.indexOf(LINE);
    const [, words, dimension] = /^(\d+) (\d+)$/.exec(this.#decoder.decode(bytes.subarray(0, Math.min(64, end < 0 ? 64 : end)))) ?? [];
    if (end < 0 && bytes.length < 64) return 0;
    if (!words || Number(dimension) === 0 || Number(dimension) > MOST_NUMBERS)
      throw this.#fail('the first line is not the number of words and the dimension; read text with { format: "text" }.');
    this.#announced = Number(words);
    this.#rows.dimension = Number(dimension);
    return end + 1;
  }

  /** Reads the row that begins at a byte; where the next one begins, or `begin` while it is not whole. */
  #row(bytes: Uint8Array, begin: number): number {
    let start = begin;
    while (bytes[start] === LINE) start++;
    const blank = bytes.indexOf(BLANK, start);
    const { count, dimension } = this.#rows;
    if (start < bytes.length && count === this.#announced) throw this.#fail(`there is more after the ${count} words of the first line.`);
    if ((blank < 0 ? bytes.length : blank) - start > LONGEST_WORD)
      throw this.#fail(`no word ends within ${LONGEST_WORD} bytes of word ${count}.`);
    const end = blank + 1 + 4 * dimension;
    if (blank < 0 || end > bytes.length) return begin;
    const word = this.#decoder.decode(bytes.subarray(start, blank));
    const numbers = this.#rows.add(word, `word ${count + 1}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset + blank + 1, 4 * dimension);
    for (let k = 0; k < dimension; k++) {
      const value = view.getFloat32(4 * k, true);
      if (!Number.isFinite(value)) throw this.#fail(`number ${k + 1} of word ${count + 1}, ${JSON.stringify(word)}, is ${value}.`);
      if (numbers) numbers[k] = value;
    }
    return end;
  }
}

const LINE = 10;
const BLANK = 32;

/** Reads pieces to their end; the event loop turns between them. */
export async function readAll(op: string, source: Chunks, reader: VectorReader): Promise<VectorTable> {
  const encoder = new TextEncoder();
  for await (const chunk of pieces(op, source)) {
    if (typeof chunk !== "string" && !(chunk instanceof Uint8Array))
      throw new SeqgradError("value", `${op}: a piece is ${kindOf(chunk)}; expected a Uint8Array or a string.`);
    reader.push(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
    await breathe();
  }
  return reader.end();
}

async function* pieces(op: string, source: Chunks): AsyncGenerator<Uint8Array | string> {
  if (source instanceof Uint8Array) {
    for (let begin = 0; begin < source.length; begin += PIECE) yield source.subarray(begin, begin + PIECE);
  } else if (source instanceof Object && (Symbol.asyncIterator in source || Symbol.iterator in source)) yield* source;
  else if (source instanceof Object && "getReader" in source && typeof source.getReader === "function") {
    const reader = source.getReader();
    try {
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
    } finally {
      await reader.cancel?.();
    }
  } else {
    const expected = "expected a Uint8Array, a stream, or what gives one Uint8Array after the other";
    throw new SeqgradError("value", `${op}: the source is ${kindOf(source)}; ${expected}.`);
  }
}

/** Bytes of a piece, about. */
const PIECE = 2 ** 20;

/** The lines of text; a first one with the sizes where `header` says so. */
export function* textLines(words: readonly string[], rowOf: (id: number) => Float32Array, header: boolean): Generator<string> {
  checkWords(words, /[\n\r]/, "a line break");
  if (header) yield `${words.length} ${rowOf(0).length}\n`;
  for (const [id, word] of words.entries()) yield `${word} ${Array.from(rowOf(id), (v) => Number(v.toPrecision(7))).join(" ")}\n`;
}

/** Text as pieces of bytes. */
export function* encoded(lines: Iterable<string>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = "";
  for (const line of lines) {
    text += line;
    if (text.length < PIECE) continue;
    yield encoder.encode(text);
    text = "";
  }
  if (text !== "") yield encoder.encode(text);
}

/** word2vec's binary format as pieces of bytes. */
export function* binaryRows(words: readonly string[], rowOf: (id: number) => Float32Array): Generator<Uint8Array> {
  checkWords(words, /[\n\r ]/, "a blank or a line break");
  const encoder = new TextEncoder();
  yield encoder.encode(`${words.length} ${rowOf(0).length}\n`);
  for (const [id, word] of words.entries()) {
    const [name, row] = [encoder.encode(`${word} `), rowOf(id)];
    const bytes = new Uint8Array(name.length + 4 * row.length + 1);
    bytes.set(name);
    const view = new DataView(bytes.buffer, name.length);
    for (let k = 0; k < row.length; k++) view.setFloat32(4 * k, row[k]!, true);
    bytes[bytes.length - 1] = LINE;
    yield bytes;
  }
}

function checkWords(words: readonly string[], bad: RegExp, what: string): void {
  const id = words.findIndex((word) => bad.test(word));
  if (id < 0) return;
  const word = JSON.stringify(words[id]);
  throw new SeqgradError("value", `WordVectors: word ${id}, ${word}, has ${what} in it, which the format cannot hold; leave the word out.`);
}
