import { checkText, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";

export interface TableRow {
  /** The line of the file on which it begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface TableOptions {
  /** The file's name, for messages. */
  readonly name?: string | undefined;
  /** The delimiter between cells. Default: a tab for parseTsv(); for parseCsv() a comma, a semicolon or a tab, as the first rows have it. */
  readonly delimiter?: string | undefined;
}

/** The delimiter, when it is a sign that can be one. */
export function checkDelimiter(op: string, delimiter: string | undefined): void {
  if (delimiter === undefined || (typeof delimiter === "string" && delimiter.length === 1 && !/["\n\r\ufeff]/.test(delimiter))) return;
  throw new SeqgradError("value", `${op}: delimiter is ${shown(delimiter)}; give one sign, such as ";" or "\\t".`);
}

/** A table's rows, the empty lines among them, and what stands between its cells. */
export async function readCsv(text: string, options: TableOptions): Promise<{ rows: TableRow[]; delimiter: string }> {
  const { default: papa } = await import("papaparse");
  const { name = "parseCsv" } = options;
  // Of line breaks papaparse knows one kind a file.
  let lines = checkText(name, text)
    .replace(/^\ufeff/, "")
    .replace(/\r\n?/g, "\n");
  const [heading, sign] = /^sep=(.)\n/i.exec(lines) ?? []; // Excel's own first line
  if (heading) lines = lines.slice(heading.length);
  const parse = (delimiter: string, preview = 0) =>
    papa.parse<string[]>(lines, { delimiter, newline: "\n", skipEmptyLines: false, preview });
  const delimiter = options.delimiter ?? sign ?? delimiterOf((candidate) => parse(candidate, 100).data);
  const { data, errors } = parse(delimiter);
  let line = heading ? 2 : 1;
  const rows = data.map((cells) => {
    const row = { line, cells };
    line += 1;
    for (const cell of cells) for (let at = cell.indexOf("\n"); at >= 0; at = cell.indexOf("\n", at + 1)) line++;
    return row;
  });
  const [error] = errors;
  if (error) {
    const where = error.row === undefined ? "" : `, line ${rows[error.row]?.line ?? error.row + 1}`;
    throw new SeqgradError("format", `${options.name ?? "the table"}${where}: ${error.message}.`);
  }
  return { rows, delimiter };
}

/** The sign that cuts the first row, and the rows after it into as many cells; a comma where several do. */
function delimiterOf(parse: (delimiter: string) => readonly (readonly string[])[]): string {
  const cuts = [",", ";", "\t"]
    .map((delimiter) => {
      const rows = parse(delimiter).filter((cells) => cells.length > 1 || cells[0] !== "");
      const width = rows[0]?.length ?? 0;
      return { delimiter, width, isEven: rows.every((cells) => cells.length === width) };
    })
    .filter(({ width }) => width > 1);
  return (cuts.find(({ isEven }) => isEven) ?? cuts[0])?.delimiter ?? ",";
}

/** The lines of a text, cut at a sign, by default a tab; cells are as they stand. */
export const linesOfCells = (text: string, { name = "parseTsv", delimiter = "\t" }: TableOptions): TableRow[] =>
  checkText(name, text)
    .replace(/^\ufeff/, "")
    .split(/\r\n|\n|\r/)
    .map((line, i) => ({ line: i + 1, cells: line.split(delimiter) }));

/** True if a row holds nothing. */
export const isBlank = ({ cells }: TableRow): boolean => cells.every((cell) => cell.trim() === "");

/**
 * The rows that are not empty lines, all as wide as the first. Empty cells at the end, in the first row or in the others, are what spreadsheets
 * leave there, and count for nothing.
 * @param keepsBlank whether an empty line is a row of empty cells: never, where the first row has one cell, or always
 */
export function evenRows(
  rows: readonly TableRow[],
  { name = "the table" }: TableOptions,
  keepsBlank: "none" | "single" | "all" = "none",
): TableRow[] {
  const isNothing = ({ cells }: TableRow) => cells.length === 1 && cells[0] === "";
  const least = keepsBlank === "all" ? rows.length - 1 : 0; // A line break at the end begins no row.
  const end = Math.max(least, rows.findLastIndex((row) => !isNothing(row)) + 1);
  const first = rows.find((row) => !isNothing(row));
  if (!first) throw new SeqgradError("format", `${name} holds no row.`);
  const width = first.cells.length;
  const keeps = keepsBlank === "all" || (keepsBlank === "single" && width === 1);
  const even: TableRow[] = [];
  for (const row of rows.slice(0, end)) {
    const { line, cells } = row;
    if (isNothing(row)) {
      if (keeps) even.push({ line, cells: new Array<string>(width).fill("") });
      continue;
    }
    if (cells.length === width) even.push(row);
    else if (cells.length > width && cells.slice(width).every((cell) => cell.trim() === ""))
      even.push({ line, cells: cells.slice(0, width) });
    else if (cells.length < width && first.cells.slice(cells.length).every((cell) => cell.trim() === "") && row !== first) {
      even.push({ line, cells: [...cells, ...new Array<string>(width - cells.length).fill("")] });
    } else {
      const column = Math.min(cells.length, width) + 1;
      const advice = "put a cell that holds the delimiter in quotes, or name another delimiter";
      const got = `the row has ${cells.length} cell${cells.length === 1 ? "" : "s"}; expected ${width}, as in line ${first.line}`;
      throw new SeqgradError("format", `${name}, line ${line}, column ${column}: ${got}${cells.length > width ? `; ${advice}` : ""}.`);
    }
  }
  return even;
}
