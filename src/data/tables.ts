import { checkText } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";

export interface TableRow {
  /** The line of the file on which it begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface TableOptions {
  /** How many cells each row must have. Default: as many as the first. */
  readonly columns?: number;
  /** The file's name, for messages. */
  readonly name?: string;
}

/**
 * The rows of tab-separated text; cells are as they stand, quotes included. Empty lines are passed over.
 * @throws SeqgradError `format` that names the file, line and column of the first row with more or fewer cells
 * @example
 * sg.parseTsv("Hello\tBonjour\nYes\tOui").map(({ cells }) => cells); // = [["Hello", "Bonjour"], ["Yes", "Oui"]]
 */
export function parseTsv(text: string, options: TableOptions = {}): TableRow[] {
  const rows = checkText(options.name ?? "parseTsv", text)
    .replace(/^\ufeff/, "")
    .split(/\r\n|\n|\r/)
    .map((line, i) => ({ line: i + 1, cells: line.split("\t") }));
  return checked(
    rows.filter(({ cells }) => cells.length > 1 || cells[0] !== ""),
    options,
  );
}

/**
 * The rows of comma-separated text (RFC 4180): cells in double quotes may hold commas, quotes twice, and line breaks, which come as \n.
 * Read by papaparse.
 * @throws SeqgradError `format` that names the file, line and column of what is wrong
 * @example
 * const rows = await sg.parseCsv('date,"temperature, °C"\n1981-01-01,20.7');
 * rows.map(({ cells }) => cells[1]); // = ["temperature, °C", "20.7"]
 */
export async function parseCsv(text: string, options: TableOptions = {}): Promise<TableRow[]> {
  const { default: papa } = await import("papaparse");
  // Of line breaks papaparse knows one kind a file.
  const lines = checkText(options.name ?? "parseCsv", text).replace(/\r\n?/g, "\n");
  const { data, errors } = papa.parse<string[]>(lines, { delimiter: ",", newline: "\n", skipEmptyLines: false });
  let line = 1;
  const rows = data.map((cells) => {
    const row = { line, cells };
    line += 1 + cells.reduce((breaks, cell) => breaks + (cell.match(/\n/g)?.length ?? 0), 0);
    return row;
  });
  const [error] = errors;
  if (error) {
    const where = error.row === undefined ? "" : `, line ${rows[error.row]?.line ?? error.row + 1}`;
    throw new SeqgradError("format", `${options.name ?? "the table"}${where}: ${error.message}.`);
  }
  return checked(
    rows.filter(({ cells }) => cells.length > 1 || cells[0] !== ""),
    options,
  );
}

/** The cells of a row that were asked for by name, and the columns of the file in which they stand, from 1. */
export interface NamedRow extends TableRow {
  readonly columns: readonly number[];
}

/**
 * The named columns of a table. A first row that holds all the names, in capitals or not, is a header: it tells where they stand, maybe
 * among others. Without one the rows hold just these columns, in this order.
 * @throws SeqgradError `format` that names the file, line and column of an empty cell, or of a first row that fits in neither way; so does
 * one that holds some of the names
 * @example
 * const rows = sg.columnsOf(sg.parseTsv("Text\tid\tLabel\na fine film\t7\tgood"), ["label", "text"]);
 * rows.map(({ cells }) => cells); // = [["good", "a fine film"]]
 */
export function columnsOf(rows: readonly TableRow[], names: readonly string[], name = "the table"): NamedRow[] {
  const [first] = rows;
  if (!first) throw new SeqgradError("format", `${name} holds no row.`);
  const heads = first.cells.map((cell) => cell.trim().toLowerCase());
  const isHeader = names.every((wanted) => heads.includes(wanted));
  if (!isHeader && heads.length !== names.length) {
    const wants = `wants ${names.join(", ")}, or a header that names them`;
    throw new SeqgradError(
      "format",
      `${name}, line ${first.line}, column ${Math.min(heads.length, names.length) + 1}: the row has ${heads.length} cells; ${wants}.`,
    );
  }
  const known = names.filter((wanted) => heads.includes(wanted));
  const twice = known.find((wanted) => heads.indexOf(wanted) !== heads.lastIndexOf(wanted));
  if ((!isHeader && known.length > 0) || twice) {
    const fault = twice ? `names ${twice} twice` : `names ${known.join(", ")} alone of ${names.join(", ")}`;
    throw new SeqgradError("format", `${name}, line ${first.line}: the header ${fault}; name each once, or leave the header out.`);
  }
  const columns = names.map((wanted, i) => 1 + (isHeader ? heads.indexOf(wanted) : i));
  return rows.slice(isHeader ? 1 : 0).map(({ line, cells }) => {
    const empty = columns.findIndex((column) => cells[column - 1]!.trim() === "");
    if (empty >= 0) throw new SeqgradError("format", `${name}, line ${line}, column ${columns[empty]}: the ${names[empty]} is empty.`);
    return { line, columns, cells: columns.map((column) => cells[column - 1]!) };
  });
}

function checked(rows: TableRow[], { columns = rows[0]?.cells.length ?? 0, name = "the table" }: TableOptions): TableRow[] {
  if (rows.length === 0) throw new SeqgradError("format", `${name} holds no row.`);
  for (const { line, cells } of rows) {
    if (cells.length === columns) continue;
    const column = Math.min(cells.length, columns) + 1;
    throw new SeqgradError("format", `${name}, line ${line}, column ${column}: the row has ${cells.length} cells; wants ${columns}.`);
  }
  return rows;
}

/**
 * A cell as a finite number.
 * @param column from 1
 * @throws SeqgradError `format` that names the file, line and column
 * @example
 * sg.numberIn({ line: 7, cells: ["1981-01-01", "20.7"] }, 2); // = 20.7
 */
export function numberIn({ line, cells }: TableRow, column: number, name = "the table"): number {
  const text = cells[column - 1]?.trim() ?? "";
  const value = Number(text);
  if (text === "" || !Number.isFinite(value))
    throw new SeqgradError("format", `${name}, line ${line}, column ${column}: ${JSON.stringify(text)} is not a number.`);
  return value;
}
