import { checkText } from "../util/check.js";
import { checkOptions } from "../util/options.js";
import { type Columns, checkColumns, findColumns, partsOf } from "./columns.js";
import { checkDelimiter, evenRows, linesOfCells, readCsv, type TableOptions, type TableRow } from "./table-rows.js";

export interface RecordOptions<Name extends string> extends TableOptions {
  /**
   * The columns to take, by name, in a table without a header in their order; or for each name the column that holds it, by its own name or
   * its number from 1.
   */
  readonly columns: Columns<Name>;
}

/** A row's cells by the names of their columns. */
export type TableRecord<Name extends string> = { readonly [K in Name]: string };

/**
 * Reads the rows of tab-separated text; cells are as they stand, quotes included. Empty lines are skipped.
 *
 * @param text the text
 * @param options `columns`: the names of the cells, and the others of TableOptions
 * @returns a row for each line; with `columns` an object of the named cells
 * @throws SeqgradError `format` that names the file, line and column of the first row with more or fewer cells
 * @example
 * sg.data.parseTsv("Hello\tBonjour\nYes\tOui").map(({ cells }) => cells); // = [["Hello", "Bonjour"], ["Yes", "Oui"]]
 * sg.data.parseTsv("good\ta fine film", { columns: ["label", "text"] }); // = [{ label: "good", text: "a fine film" }]
 */
export function parseTsv<const Name extends string>(text: string, options: RecordOptions<Name>): TableRecord<Name>[];
export function parseTsv(text: string, options?: TableOptions): TableRow[];
export function parseTsv(text: string, options: TableOptions & Partial<RecordOptions<string>> = {}): object[] {
  checkTableOptions("parseTsv", options);
  const even = evenRows(linesOfCells(text, options), options);
  return options.columns === undefined ? even : recordsOf(even, options.columns, options.name);
}

/**
 * Reads the rows of comma-separated text: cells in double quotes may have commas, doubled quotes, and line breaks, which come as \n.
 *
 * Semicolons or tabs are recognized if they replace the commas. Empty lines are skipped. It is read by papaparse.
 *
 * @param text the text
 * @param options `columns`: the names of the cells, and the others of TableOptions
 * @returns a row for each record; with `columns` an object of the named cells
 * @throws SeqgradError `format` that names the file, line and column of what is wrong
 * @see RFC 4180
 * @example
 * const rows = await sg.data.parseCsv('date,"temperature, °C"\n1981-01-01,20.7');
 * rows.map(({ cells }) => cells[1]); // = ["temperature, °C", "20.7"]
 * await sg.data.parseCsv("id;text;label\n7;a fine film;good", { columns: ["label", "text"] }); // = [{ label: "good", text: "a fine film" }]
 */
export function parseCsv<const Name extends string>(text: string, options: RecordOptions<Name>): Promise<TableRecord<Name>[]>;
export function parseCsv(text: string, options?: TableOptions): Promise<TableRow[]>;
export async function parseCsv(text: string, options: TableOptions & Partial<RecordOptions<string>> = {}): Promise<object[]> {
  checkTableOptions("parseCsv", options);
  const { rows } = await readCsv(text, options);
  const even = evenRows(rows, options);
  return options.columns === undefined ? even : recordsOf(even, options.columns, options.name);
}

function checkTableOptions(op: string, options: TableOptions & Partial<RecordOptions<string>>): void {
  checkOptions(op, options, ["columns", "delimiter", "name"]);
  checkDelimiter(op, options.delimiter);
  if (options.columns !== undefined) checkColumns(op, options.columns);
  if (options.name !== undefined) checkText(op, options.name, "name");
}

/** The cells of each row by the names of their columns. */
function recordsOf(rows: readonly TableRow[], columns: Columns, name = "the table"): object[] {
  const names = partsOf(columns);
  return findColumns(rows, columns, { name }).rows.map(({ cells }) => Object.fromEntries(names.map((column, i) => [column, cells[i]])));
}
