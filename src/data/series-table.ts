import { checkText, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { isMissing, type NumberFormat, numberLike, numberReader, whyNoNumber } from "./cell-numbers.js";
import { datesIn, isDate, timesOfDayIn } from "./cell-times.js";
import { columnWord, isUnnamed, nameOf, placeOf, type Spell, spellOption } from "./column-names.js";
import { checkColumns } from "./columns.js";
import type { Series } from "./series.js";
import { orderByTime, type RowOrder } from "./series-times.js";
import { checkDelimiter, evenRows, isBlank, readCsv, type TableRow } from "./table-rows.js";

export interface SeriesTableOptions extends NumberFormat {
  /** The columns that are series, by name or number from 1. Default: those that hold numbers, unless they are constant or count the rows. */
  readonly columns?: readonly (string | number)[] | undefined;
  /** The column of times, by name or number from 1; false for none. Default: the first that holds dates. */
  readonly time?: string | number | false | undefined;
  /** The delimiter between cells. Default: a comma, a semicolon or a tab, as the first rows have it. */
  readonly delimiter?: string | undefined;
  /** The replacement for a missing value, and for a step that the times skip: the value before, or one on the line between its neighbors. Default: none. */
  readonly fill?: "none" | "previous" | "linear" | undefined;
  /** The file's name, for messages. */
  readonly name?: string | undefined;
}

/** The use made of a column. */
export interface SeriesColumn {
  /** From 1. */
  readonly column: number;
  /** As the header has it, with single blanks. */
  readonly name: string;
  readonly use: "series" | "time" | "none";
  /** Why it is left out; for the times, how far they lie apart. */
  readonly why: string;
}

/** The series of a table, and how they were read. */
export interface SeriesTable {
  readonly series: Series & { readonly names: readonly string[] };
  readonly columns: readonly SeriesColumn[];
  /** Notes for a person: rows that were sorted, steps that are missing. */
  readonly notes: readonly string[];
}

const known = ["columns", "time", "delimiter", "decimal", "thousands", "strip", "fill", "name"] as const;

/**
 * Reads the series of a comma-separated table with a header: its columns of numbers, in the order of its times.
 *
 * Some columns are left out: those without a name, constants, row numbers, dates and texts. `columns` of the result says which and why.
 *
 * @param text the text of the table
 * @param options see SeriesTableOptions
 * @returns the series, and the use made of each column
 * @throws SeqgradError `format` that names the file, line and column of a cell that is not a number, or not a time after the times before
 *   it
 * @example
 * const { series, columns } = await sg.data.parseSeries("day;temp;id\n2024-01-02;7,5;2\n2024-01-01;8;1\n2024-01-03;7;3", { decimal: "," });
 * series.values; // = [8, 7.5, 7]
 * columns.map(({ name, use }) => [name, use]); // = [["day", "time"], ["temp", "series"], ["id", "none"]]
 */
export async function parseSeries(text: string, options: SeriesTableOptions = {}): Promise<SeriesTable> {
  checkOptions("parseSeries", options, known);
  return readSeries(text, options, spellOption);
}

/** As parseSeries(); messages spell its options as the caller does. */
export async function readSeries(text: string, options: SeriesTableOptions, spell: Spell): Promise<SeriesTable> {
  checkValues(options, spell);
  const { name = "the table", fill = "none" } = options;
  const table = await readTable(text, options);
  const { names, rows, cellsOf } = table;
  const time = timeColumn(table, options, spell);
  const order =
    time < 0 ? undefined : orderByTime(rows, cellsOf(time), nextClock(table, time), { name, column: time, names, spell, cellsOf });
  const sorted = order?.rows ?? rows.map((_, r) => r);
  const why = names.map((_, c) => (order && c === time ? order.step : whyLeftOut(table, c, options, sorted)));
  if (options.columns) choose(table, options.columns, time, why, spell);
  // Where nothing else is one, whole numbers that rise are a series that grows.
  else if (!why.includes("")) for (const [c, reason] of why.entries()) if (reason === COUNTS && c !== time) why[c] = "";
  const chosen = options.columns
    ? options.columns.map((column) => placeOf(names, column, `${name}, line ${table.line}: ${spell("columns", column)}`))
    : names.flatMap((_, c) => (why[c] === "" ? [c] : []));
  checkChosen(table, chosen, why, time, spell);
  const values = readValues(table, chosen, options, spell);
  const series = arranged(values, chosen, order ?? { rows: sorted, skipped: [] }, fill, table, spell);
  const columns = names.map((column, c): SeriesColumn => {
    const use = c === time ? "time" : chosen.includes(c) ? "series" : "none";
    return { column: c + 1, name: column, use, why: use === "series" ? "" : nth(why, c) };
  });
  return { series: { ...series, names: chosen.map((c) => nth(names, c)) }, columns, notes: order?.notes(fill !== "none") ?? [] };
}

function checkValues(options: SeriesTableOptions, spell: Spell): void {
  const refuse = (option: string, value: unknown, advice: string) => {
    throw new SeqgradError("value", `parseSeries: ${option} is ${shown(value)}; ${advice}.`);
  };
  const { columns, time, decimal, thousands, strip, fill, name } = options;
  checkDelimiter("parseSeries", options.delimiter);
  if (columns !== undefined) {
    if (!Array.isArray(columns)) refuse("columns", columns, "give a list of names, or of numbers from 1");
    const bad = columns.findIndex((place) => typeof place !== "string" && !Number.isInteger(place));
    if (bad >= 0)
      throw new SeqgradError("value", `parseSeries: columns have ${shown(columns[bad])}; give a list of names, or of numbers from 1.`);
    checkColumns("parseSeries", { ...columns });
  }
  if (time !== undefined && time !== false && typeof time !== "string" && !Number.isInteger(time))
    refuse("time", time, "give a name, a number from 1, or false");
  if (![undefined, ".", ","].includes(decimal)) refuse("decimal", decimal, 'give "." or ","');
  if (![undefined, ",", ".", " ", "'"].includes(thousands)) refuse("thousands", thousands, `give ",", ".", " " or "'"`);
  if (thousands !== undefined && thousands === (decimal ?? "."))
    refuse("thousands", thousands, `it is the decimal sign too; give ${spell("decimal", thousands === "." ? "," : ".")} with it`);
  if (
    strip !== undefined &&
    !(Array.isArray(strip) && strip.every((sign) => typeof sign === "string" && sign !== "" && !/[\d.,+-]/.test(sign)))
  )
    refuse(
      "strip",
      Array.isArray(strip) ? Array.from(strip, shown).join(",") : strip,
      'give a list of signs without digits, such as ["$", "%"]',
    );
  if (![undefined, "none", "previous", "linear"].includes(fill)) refuse("fill", fill, 'give "none", "previous" or "linear"');
  if (name !== undefined) checkText("parseSeries", name, "name");
}

interface Table {
  readonly name: string;
  /** The header's line. */
  readonly line: number;
  readonly names: readonly string[];
  readonly rows: readonly TableRow[];
  /** The cells of a column, from 0, below its header. */
  cellsOf(c: number): readonly string[];
}

/** The header and the rows below it, without those at the end that hold nothing. */
async function readTable(text: string, { name = "the table", delimiter }: SeriesTableOptions): Promise<Table> {
  const { rows: all } = await readCsv(text, { name, delimiter });
  const even = evenRows(all, { name }, "single");
  const { line, cells: heads } = nth(even, 0);
  const isNumber = numberLike("1", {});
  if (heads.every((cell) => isNumber(cell) || isDate(cell) || cell.trim() === "") && heads.some(isNumber))
    throw new SeqgradError(
      "format",
      `${name}, line ${line}, column 1: the first row holds numbers; expected a header, which names the columns.`,
    );
  const rows = even.slice(1, even.findLastIndex((row) => !isBlank(row)) + 1);
  if (rows.length === 0) throw new SeqgradError("format", `${name} holds no row below its header.`);
  const columns = new Map<number, readonly string[]>();
  const cellsOf = (c: number) => {
    const cells = columns.get(c) ?? rows.map((row) => nth(row.cells, c));
    columns.set(c, cells);
    return cells;
  };
  return { name, line, names: heads.map(nameOf), rows, cellsOf };
}

const timeNames =
  /^(?:date|dates|time|times|timestamp|datetime|ts|t|epoch|unix|day|month|year|period|datum|zeit|jahr|monat|année|mois|heure)(?:[_ ].*)?$/i;

/** The column of times, from 0; -1 for none. */
function timeColumn({ name, line, names, cellsOf }: Table, { time, columns }: SeriesTableOptions, spell: Spell): number {
  if (time === false) return -1;
  if (time !== undefined) return placeOf(names, time, `${name}, line ${line}: ${spell("time", time)}`);
  const taken = (columns ?? []).map((column) => placeOf(names, column, `${name}, line ${line}: ${spell("columns", column)}`));
  return names.findIndex((column, c) => {
    if (taken.includes(c)) return false;
    const cells = cellsOf(c).filter((cell) => !isMissing(cell));
    if (cells.length === 0) return false;
    const isPlain = numberLike("1", {});
    if (!cells.every(isPlain)) return 2 * cells.filter(isDate).length > cells.length;
    // Numbers are times where they are days written without signs, or where they rise in a column that is called so.
    const dates = datesIn(cells);
    if (dates && "values" in dates) return true;
    if (!timeNames.test(column)) return false;
    const numbers = cells.map(numberReader({}));
    if (/^(?:year|jahr|ann[ée]e|a[nñ]o)s?$/i.test(column))
      return numbers.every((value) => Number.isInteger(value) && value > 1500 && value < 2300);
    const isEpoch = numbers.every((value) => value > 3e8);
    return isEpoch || (!numbers.every(Number.isInteger) && isRising(numbers));
  });
}

/** True if each value is above the one before it. */
const isRising = (values: readonly number[]): boolean => values.every((value, i) => i === 0 || value > nth(values, i - 1));

/** The times of day in the column after the days, if there are any. */
const nextClock = ({ names, cellsOf }: Table, time: number): Float64Array | undefined =>
  time + 1 < names.length ? timesOfDayIn(cellsOf(time + 1)) : undefined;

const COUNTS = "it counts the rows by whole numbers that rise";

/** Why a column is not a series; "" where it is one. */
function whyLeftOut({ names, cellsOf }: Table, c: number, format: SeriesTableOptions, order: readonly number[]): string {
  const cells = cellsOf(c);
  const present = cells.filter((cell) => !isMissing(cell));
  const [sample] = present;
  if (sample === undefined) return "it is empty";
  const read = numberReader(format);
  const isLike = numberLike(sample, format);
  const count = present.filter((cell) => !Number.isNaN(read(cell)) || isLike(cell)).length;
  if (isUnnamed(nth(names, c))) return "it has no name";
  if (2 * count <= present.length || 2 * count < cells.length) {
    const odd = present.find((cell) => !isLike(cell));
    if (odd === undefined) return "most of its cells are empty";
    if (2 * present.filter(isDate).length > present.length) return "it holds dates";
    return timesOfDayIn(present) ? "it holds times of day" : `it holds texts, such as ${shown(odd.trim())}`;
  }
  const dates = datesIn(present);
  if (present.length > 1 && dates && "values" in dates) return "it holds dates";
  if (cells.length < 3) return "";
  const values = cells.map(read);
  const start = nth(values, 0);
  if (cells.every((cell) => cell.trim() === sample.trim()) || values.every((value) => value === start))
    return `it is constant, ${sample.trim()}`;
  const counts = isRising(values) || isRising(order.map((r) => nth(values, r))) || values.every((value, i) => value === start - i);
  return counts && values.every(Number.isInteger) ? COUNTS : "";
}

/** Marks what is not asked for. */
function choose({ name, line, names }: Table, columns: readonly (string | number)[], time: number, why: string[], spell: Spell): void {
  const places = columns.map((column) => placeOf(names, column, `${name}, line ${line}: ${spell("columns", column)}`));
  for (const [c, reason] of why.entries()) if (!places.includes(c) && c !== time && reason === "") why[c] = "it was not asked for";
}

/** Throws if there is no series, or two have the same name. */
function checkChosen({ name, line, names }: Table, chosen: readonly number[], why: readonly string[], time: number, spell: Spell): void {
  if (chosen.length === 0) {
    const reasons = names.map((_, c) => `${columnWord(names, c)} (${c === time ? "the times" : why[c]})`).slice(0, 20);
    const option = spell("columns", names.find((column) => !isUnnamed(column)) ?? 1);
    throw new SeqgradError("format", `${name}: no column is a series: ${reasons.join(", ")}; name the columns to take, as in ${option}.`);
  }
  for (const c of chosen) {
    const other = names.findIndex((column, at) => at !== c && column === names[c]);
    if (other < 0) continue;
    throw new SeqgradError(
      "format",
      `${name}, line ${line}: columns ${Math.min(c, other) + 1} and ${Math.max(c, other) + 1} are both named ${JSON.stringify(names[c])}; rename one of them.`,
    );
  }
  if (chosen.includes(time))
    throw new SeqgradError("value", `${name}: ${columnWord(names, time)} is asked for as the times and as a series; choose one.`);
  if (new Set(chosen).size < chosen.length)
    throw new SeqgradError("value", `${name}: ${spell("columns", "…")} names a column twice; name each once.`);
}

/** The numbers of some columns, row by row of the file; NaN for what is missing and is to be filled. */
function readValues(
  { name, rows, names, cellsOf }: Table,
  chosen: readonly number[],
  options: SeriesTableOptions,
  spell: Spell,
): Float64Array {
  const { fill = "none" } = options;
  const read = numberReader(options);
  const values = new Float64Array(rows.length * chosen.length);
  for (const [r, { line, cells }] of rows.entries()) {
    for (const [k, c] of chosen.entries()) {
      const cell = nth(cells, c);
      const value = read(cell);
      values[r * chosen.length + k] = value;
      if (!Number.isNaN(value) || (fill !== "none" && isMissing(cell))) continue;
      const why =
        names.length === 1 && cell.trim() === ""
          ? `the line is empty; fill what is missing, or give ${spell("fill", "previous")}`
          : whyNoNumber(cell, options, cellsOf(c), spell);
      throw new SeqgradError("format", `${name}, line ${line}, column ${c + 1} (${columnWord(names, c)}): ${why}.`);
    }
  }
  return values;
}

/** Series in the order of their times, with what is missing filled. */
function arranged(
  values: Float64Array,
  chosen: readonly number[],
  { rows: order, skipped }: Pick<RowOrder, "rows" | "skipped">,
  fill: "none" | "previous" | "linear",
  { name, rows, names }: Table,
  spell: Spell,
): Series {
  const C = chosen.length;
  const gaps = fill === "none" ? [] : skipped;
  const steps = order.length + gaps.reduce((sum, { count }) => sum + count, 0);
  const out = new Float64Array(steps * C).fill(Number.NaN);
  const lines = new Int32Array(steps);
  const gapAfter = new Map(gaps.map(({ after, count }) => [after, count]));
  let t = 0;
  for (const [i, r] of order.entries()) {
    out.set(values.subarray(r * C, (r + 1) * C), t * C);
    lines[t] = nth(rows, r).line;
    t += 1 + (gapAfter.get(i) ?? 0);
  }
  if (fill === "none") return { values: out, steps, channels: C };
  for (const [k, c] of chosen.entries()) {
    let [last, from] = [-1, Number.NaN];
    for (let at = 0; at < steps; at++) {
      const to = nth(out, at * C + k);
      if (Number.isNaN(to)) continue;
      for (let between = last + 1; between < at && last >= 0; between++)
        out[between * C + k] = fill === "previous" ? from : from + ((to - from) * (between - last)) / (at - last);
      if (last < 0 && at > 0) throw noNeighbor(0, "no value stands before it");
      [last, from] = [at, to];
    }
    if (last < steps - 1) {
      if (fill === "linear") throw noNeighbor(last + 1, `no value follows; ${spell("fill", "previous")} takes the one before`);
      for (let at = last + 1; at < steps; at++) out[at * C + k] = from;
    }
    function noNeighbor(at: number, what: string): SeqgradError {
      return new SeqgradError(
        "format",
        `${name}, line ${lines[at]}, column ${c + 1} (${columnWord(names, c)}): the value is missing, and ${what}.`,
      );
    }
  }
  return { values: out, steps, channels: C };
}
