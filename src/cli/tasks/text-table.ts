import { indexOfName, nameOf } from "../../data/column-names.js";
import { findColumns, type NamedRow } from "../../data/columns.js";
import { type Frames, parseFrames } from "../../data/frames.js";
import { evenRows, isBlank, linesOfCells, readCsv, type TableRow } from "../../data/table-rows.js";
import { SeqgradError } from "../../util/errors.js";
import { nth } from "../../util/nth.js";
import type { Given } from "../../util/schema.js";
import { columnOf, note, type Reading, signOf, spellFlag } from "./reading.js";

/** True for an input without a word. */
export const isBlankText = (text: string): boolean => text.trim() === "";

/** Text line by line, the blank ones too; a line break at the end begins none. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** The rows of a file: comma-separated where its name ends in .csv, else tab-separated, unless another delimiter is given. */
async function rowsOf(text: string, file: string, { flags, trained }: Reading, keepsBlank: "all" | "none"): Promise<TableRow[]> {
  const chosen = flags.delimiter ?? trained.delimiter ?? "";
  const delimiter = chosen !== "" ? signOf(chosen) : undefined;
  const options = { name: file, delimiter };
  const rows = /\.csv$/i.test(file) ? (await readCsv(text, options)).rows : linesOfCells(text, options);
  return evenRows(rows, options, keepsBlank);
}

/** True if the options say that the first row is a header. */
const headerOf = ({ flags }: Reading): boolean | undefined => (flags.header === "yes" ? true : flags.header === "no" ? false : undefined);

/**
 * Where each part stands by the options, or stood in training. A name of training counts where the header has it, a number where no header names
 * the parts.
 */
function placesOf(parts: readonly string[], [first]: readonly TableRow[], { flags, trained }: Reading): Record<string, string | undefined> {
  const heads = first?.cells.map(nameOf) ?? [];
  const areNamed = parts.every((part) => indexOfName(heads, part) >= 0);
  return Object.fromEntries(
    parts.map((part) => {
      const [chosen, before] = [flags[columnOf(part)], trained[columnOf(part)]].map((place) => (place === "" ? undefined : place));
      if (chosen !== undefined || before === undefined || indexOfName(heads, before) >= 0) return [part, chosen ?? before];
      const isNumber = /^\d+$/.test(before) && Number(before) <= heads.length;
      return [part, isNumber && !areNamed ? before : undefined];
    }),
  );
}

/** The parts of each row of a file, and the options of reading as they were found. */
export async function columnsIn(
  text: string,
  file: string,
  parts: readonly string[],
  reading: Reading,
): Promise<{ rows: readonly NamedRow[]; reading: Given }> {
  const rows = await rowsOf(text, file, reading, "none");
  const found = findColumns(rows, placesOf(parts, rows, reading), { name: file, header: headerOf(reading), spell: spellFlag });
  if (found.rows.length === 0) throw new SeqgradError("format", `${file} holds no row below its header.`);
  for (const line of found.notes) note(file, line);
  return { rows: found.rows, reading: Object.fromEntries(parts.map((part, i) => [columnOf(part), String(found.places[i])])) };
}

/**
 * The inputs of a text: the column of one part in a .csv or .tsv file, or where an option says how it is read, in the place where it stood in
 * training; else line by line.
 */
export async function inputsIn(
  text: string,
  source: string,
  parts: readonly string[],
  part: string,
  reading: Reading,
): Promise<NamedRow[]> {
  const { flags } = reading;
  const isTable = /\.[ct]sv$/i.test(source) || [columnOf(part), "delimiter", "header"].some((name) => flags[name] !== undefined);
  if (!isTable) return linesOf(text).map((line, i) => ({ line: i + 1, columns: [1], cells: [line] }));
  const rows = await rowsOf(text, source, reading, "all");
  const heads = nth(rows, 0).cells.map(nameOf);
  const { [part]: own, ...others } = placesOf(parts, rows, reading);
  const header = headerOf(reading) ?? (isBlank(nth(rows, 0)) ? false : undefined);
  const options = { name: source, header, spell: spellFlag, takesEmpty: true };
  // A part that a header names needs no others to be found by.
  const isNamed = heads.length === 1 || [own ?? "", part].some((name) => name !== "" && indexOfName(heads, name) >= 0);
  if (isNamed || flags[columnOf(part)] !== undefined || heads.length < parts.length)
    return [
      ...findColumns(rows, { [part]: heads.length === 1 && own !== undefined && indexOfName(heads, own) < 0 ? undefined : own }, options)
        .rows,
    ];
  const found = findColumns(rows, { ...others, [part]: own }, options);
  for (const line of found.notes) note(source, line);
  return found.rows.map(({ line, columns, cells }) => ({ line, columns: [columns.at(-1)!], cells: [cells.at(-1)!] }));
}

/** The form of the vectors of an existing model. */
export interface FramesForm {
  /** Their numbers. */
  readonly size?: number;
  /** How many of them at most. */
  readonly most?: number;
}

/** The vectors in a cell of each row, all of one size, and where they stand. */
export function framesIn(
  rows: readonly NamedRow[],
  cell: number,
  file: string,
  { size, most = Number.POSITIVE_INFINITY }: FramesForm = {},
): { frames: Frames; where: string }[] {
  let expected = size;
  return rows.map(({ line, columns, cells }) => {
    const where = `${file}, line ${line}, column ${columns[cell]}`;
    const frames = parseFrames(nth(cells, cell), where);
    expected ??= nth(frames, 0).length;
    if (frames.length > most)
      throw new SeqgradError(
        "format",
        `${where}: the grid has ${frames.length} places; expected ${most} at most, as the model was made for.`,
      );
    if (nth(frames, 0).length === expected) return { frames, where };
    const whose = size === undefined ? "as in the first row" : "as the model was made for";
    throw new SeqgradError("format", `${where}: the vectors have ${nth(frames, 0).length} numbers; expected ${expected}, ${whose}.`);
  });
}

/** The vectors of each input; undefined where it is blank. */
export function framesOf(rows: readonly NamedRow[], source: string, form: FramesForm): (Frames | undefined)[] {
  return rows.map((row) => (isBlank(row) ? undefined : nth(framesIn([row], 0, source, form), 0).frames));
}
