import { shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { columnWord, indexOfName, isUnnamed, nameOf, placeOf, type Spell, spellOption } from "./column-names.js";
import { isLanguage, isWordFor } from "./part-names.js";
import type { TableRow } from "./table-rows.js";

/** Columns by name, in their order; or for each name the column that holds it, by its own name or its number from 1. */
export type Columns<Name extends string = string> = readonly Name[] | { readonly [K in Name]: string | number | undefined };

/** The cells of a row that were asked for by name, and the columns of the file in which they stand, from 1. */
export interface NamedRow extends TableRow {
  readonly columns: readonly number[];
}

export interface ColumnOptions {
  /** The file's name, for messages. */
  readonly name?: string | undefined;
  /** True if the first row names the columns. Default: found. */
  readonly header?: boolean | undefined;
}

/** The positions of the columns that were found. */
export interface FoundColumns {
  readonly rows: readonly NamedRow[];
  /** Their names, or where there is no header their numbers from 1. */
  readonly places: readonly (string | number)[];
  /** The guesses made, and the columns left out. */
  readonly notes: readonly string[];
}

/** Refuses what names no columns. */
export function checkColumns(op: string, columns: unknown): void {
  const fault = (what: string) =>
    new SeqgradError("value", `${op}: ${what}; give a list of names, or an object such as { label: "mood", text: 2 }.`);
  if (typeof columns !== "object" || columns === null || ArrayBuffer.isView(columns)) throw fault(`columns are ${shown(columns)}`);
  const places: unknown[] = Array.isArray(columns) ? columns : Object.values(columns);
  if (places.length === 0) throw fault("columns name none");
  const isGood = (place: unknown) =>
    typeof place === "string" || (!Array.isArray(columns) && (place === undefined || Number.isInteger(place)));
  const bad = places.findIndex((place) => !isGood(place));
  if (bad >= 0) throw fault(`columns have ${shown(places[bad])}`);
}

const isList = (columns: Columns): columns is readonly string[] => Array.isArray(columns);

/** The names by which columns are asked for. */
export const partsOf = (columns: Columns): readonly string[] => (isList(columns) ? columns : Object.keys(columns));

interface Search extends ColumnOptions {
  readonly spell?: Spell;
  /** True if an empty cell is what it is, and not a fault. */
  readonly takesEmpty?: boolean;
}

/**
 * The named columns of a table, and what was guessed. A header that holds the names, in capitals or not, says where they stand; so do other
 * words for a label, a text, a source or a target. Without one the rows hold just these columns, in this order, but a column of few
 * different short cells is the label. Columns without a name, and those that count the rows, are left out.
 * @throws SeqgradError `format` that names the file, line and column of an empty cell, or of a first row that fits in no way
 */
export function findColumns(rows: readonly TableRow[], columns: Columns, options: Search = {}): FoundColumns {
  const { name = "the table", spell = spellOption, takesEmpty = false } = options;
  const [first] = rows;
  if (!first) throw new SeqgradError("format", `${name} holds no row.`);
  const parts = partsOf(columns);
  const notes: string[] = [];
  const search = new ColumnSearch(first, rows.slice(1, SAMPLE), parts, { name, spell, header: options.header, notes });
  const { places, hasHeader } = search.find(isList(columns) ? [] : Object.values(columns));
  const numbers = places.map((place) => place + 1);
  const taken = rows.slice(hasHeader ? 1 : 0).map(({ line, cells }) => {
    const own = places.map((place) => nth(cells, place));
    const empty = takesEmpty ? -1 : own.findIndex((cell) => cell.trim() === "");
    if (empty >= 0) throw new SeqgradError("format", `${name}, line ${line}, column ${numbers[empty]}: the ${parts[empty]} is empty.`);
    return { line, columns: numbers, cells: own };
  });
  const heads = first.cells.map(nameOf);
  const nameOrNumber = (place: number) => {
    const head = nth(heads, place);
    return !isUnnamed(head) && indexOfName(heads, head) === place ? head : place + 1;
  };
  return { rows: taken, notes, places: hasHeader ? places.map(nameOrNumber) : numbers };
}

/** How many rows are looked at where columns are guessed. */
const SAMPLE = 2000;

/** A part whose column is not found yet, and its place among the parts. */
interface Open {
  readonly part: string;
  readonly i: number;
}

class ColumnSearch {
  readonly #heads: readonly string[];
  readonly #where: string;

  /** @param sample rows below the first */
  constructor(
    readonly first: TableRow,
    readonly sample: readonly TableRow[],
    readonly parts: readonly string[],
    readonly context: { readonly name: string; readonly spell: Spell; readonly header: boolean | undefined; readonly notes: string[] },
  ) {
    this.#heads = first.cells.map(nameOf);
    this.#where = `${context.name}, line ${first.line}`;
  }

  find(chosen: readonly (string | number | undefined)[]): { places: number[]; hasHeader: boolean } {
    const { header, spell } = this.context;
    const heads = header === false ? [] : this.#heads;
    const width = this.#heads.length;
    const places = this.parts.map((part, i) => {
      const place = chosen[i];
      return place === undefined ? -1 : placeOf(heads, place, `${this.#where}: ${spell(`${part}-column`, place)}`, width);
    });
    // A name that was found is one of a header.
    let named = header === true || chosen.some((place, i) => typeof place === "string" && indexOfName(heads, place) === places[i]);
    const open = (): Open[] => this.parts.flatMap((part, i) => (places[i] === -1 ? [{ part, i }] : []));
    for (const { part, i } of open()) {
      const at = indexOfName(heads, part);
      if (at < 0 || places.includes(at)) continue;
      if (indexOfName(heads.slice(at + 1), part) >= 0)
        throw new SeqgradError("format", `${this.#where}: the header names ${part} twice; name each once, or leave the header out.`);
      places[i] = at;
      named = true;
    }
    if (open().length > 0) named = this.#byOtherWords(heads, places, open()) || named;
    if (open().length > 0) this.#byOrder(places, open(), named);
    if (new Set(places).size < places.length)
      throw new SeqgradError("format", `${this.#where}: ${this.parts.join(" and ")} are the same column; give each its own.`);
    return { places, hasHeader: header ?? (named || this.#looksLikeHeader(places)) };
  }

  /** Columns whose names are other words for the parts, each for one; or for a source and a target two languages. */
  #byOtherWords(heads: readonly string[], places: number[], open: readonly Open[]): boolean {
    const free = heads.flatMap((head, c) => (places.includes(c) || isUnnamed(head) ? [] : [{ head, c }]));
    let found = open.map(({ part }) => free.filter(({ head }) => isWordFor(part, head)));
    const languages = free.filter(({ head }) => isLanguage(head));
    if (open[0]?.part === "source" && languages.length === open.length && found.every((of) => of.length === 0))
      found = languages.map((language) => [language]);
    const isSure = found.every((of) => of.length === 1) && new Set(found.flat()).size === open.length;
    if (!isSure) return false;
    const said = found.flat().map(({ head, c }, k) => {
      const { part, i } = nth(open, k);
      places[i] = c;
      return `${JSON.stringify(head)} is taken for the ${part}`;
    });
    this.context.notes.push(said.join(", "));
    return true;
  }

  /** The columns that are left, as many as the parts that are. */
  #byOrder(places: number[], open: readonly Open[], named: boolean): void {
    const width = this.#heads.length;
    let free = Array.from({ length: width }, (_, c) => c).filter((c) => !places.includes(c));
    if (free.length > open.length) {
      const useless = free.filter((c) => this.#whyUseless(c, named) !== undefined);
      free = free.filter((c) => !useless.includes(c));
      for (const c of useless) this.context.notes.push(`column ${c + 1} is left out: ${this.#whyUseless(c, named)}`);
    }
    if (free.length !== open.length) throw this.#noFit(open);
    const [a, b] = free;
    const isPair = open.length === 2 && open[0]?.part === "label" && open[1]?.part === "text";
    if (isPair && a !== undefined && b !== undefined && this.#isLabelOf(b, a)) {
      free = [b, a];
      const { spell } = this.context;
      const back = `${spell("label-column", a + 1)} and ${spell("text-column", b + 1)}`;
      this.context.notes.push(
        `column ${a + 1} is taken for the text and column ${b + 1}, which has few different cells, for the label; ${back} say otherwise`,
      );
    }
    for (const [k, { i }] of open.entries()) places[i] = nth(free, k);
  }

  #noFit([open]: readonly Open[]): SeqgradError {
    const [heads, { spell }] = [this.#heads, this.context];
    const [column, count] = [Math.min(heads.length, this.parts.length) + 1, heads.length];
    const got = `the row has ${count} cell${count === 1 ? "" : "s"} (${heads.map((_, c) => columnWord(heads, c)).join(", ")})`;
    const part = open?.part;
    const advice = `expected ${this.parts.join(", ")}, or a header that names them; ${spell(`${part}-column`, Math.min(2, count))} says where the ${part} stands`;
    const text = got.length > 300 ? `${got.slice(0, 300)}…` : got;
    return new SeqgradError("format", `${this.#where}, column ${column}: ${text}; ${advice}.`);
  }

  /** The cells of a column of the sample. */
  #below = (c: number): string[] => this.sample.map(({ cells }) => nth(cells, c).trim());

  /** Why a column holds none of the parts: it has no name, or counts the rows. */
  #whyUseless(c: number, named: boolean): string | undefined {
    const below = this.#below(c);
    const head = nth(this.#heads, c);
    if (isUnnamed(head) && this.#heads.some((other) => !isUnnamed(other))) return "it has no name";
    const first = Number(below[0]);
    const counts = below.length > 2 && below.every((cell, i) => cell !== "" && Number.isInteger(first) && Number(cell) === first + i);
    const isFirst = named || !/^-?\d+$/.test(head) || Number(head) === first - 1;
    return counts && isFirst ? "it counts the rows" : undefined;
  }

  /** True if one column has few different cells compared with another, as labels have compared with texts. */
  #isLabelOf(c: number, other: number): boolean {
    if (this.sample.length < 4) return false;
    const measures = (column: number) => {
      const cells = this.#below(column);
      return { different: new Set(cells).size, length: cells.reduce((n, cell) => n + cell.length, 0) };
    };
    const [own, others] = [measures(c), measures(other)];
    if (2 * own.different > this.sample.length || own.different >= others.different) return false;
    return 2 * own.different <= others.different || 2 * own.length <= others.length;
  }

  /** True if the first row is unlike those below it: words for columns, where they have labels that recur, or numbers. */
  #looksLikeHeader(places: readonly number[]): boolean {
    const firsts = places.map((c) => nth(this.#heads, c));
    const isWord = (cell: string) => /^[\p{L}_][\p{L}\p{M}\p{N}_ ./-]{0,40}$/u.test(cell) && cell.split(" ").length <= 3;
    if (this.#heads.some((head, c) => head === "" && this.#below(c).some((cell) => cell !== ""))) return this.#tellHeader(firsts);
    if (!firsts.every(isWord) || this.sample.length === 0) return false;
    const cellsOf = (part: string) => {
      const c = places[this.parts.indexOf(part)];
      return c === undefined ? undefined : { first: nth(this.#heads, c), below: this.#below(c) };
    };
    const vectors = cellsOf("features") ?? cellsOf("frames");
    if (vectors) return !/\d/.test(vectors.first) && vectors.below.every((cell) => /\d/.test(cell)) && this.#tellHeader(firsts);
    const [label, text] = [cellsOf("label"), cellsOf("text")];
    if (!label || !text) return false;
    const counts = new Map<string, number>();
    for (const cell of label.below) counts.set(cell.toLowerCase(), 1 + (counts.get(cell.toLowerCase()) ?? 0));
    if (counts.has(label.first.toLowerCase())) return false;
    const isOther = label.below.every((cell) => /^[+-]?\d+(?:\.\d+)?$/.test(cell));
    const lengths = text.below.map(({ length }) => length).sort((x, y) => x - y);
    const isShort = !/ /.test(label.first + text.first) && text.first.length < nth(lengths, lengths.length >> 1);
    const recur = label.below.length > 3 && [...counts.values()].filter((n) => n > 1).length * 2 > counts.size;
    return (isOther || (recur && isShort)) && this.#tellHeader(firsts);
  }

  #tellHeader(firsts: readonly string[]): true {
    const { notes, spell } = this.context;
    const names = firsts.map((head) => JSON.stringify(head)).join(", ");
    notes.push(`line ${this.first.line} is taken for a header, which names ${names}; ${spell("header", "no")} takes it for a row`);
    return true;
  }
}
