import { SeqgradError } from "../util/errors.js";
import { nearest } from "../util/suggest.js";

/** Spells an option for a message, as the caller of a table writes it. */
export type Spell = (option: string, value: string | number) => string;

/** As JavaScript has it; the place of a part, `label-column`, is one of `columns`. */
export const spellOption: Spell = (option, value) => {
  const [, part] = /^(.+)-column$/.exec(option) ?? [];
  if (part) return `columns: { ${part}: ${JSON.stringify(value)} }`;
  if (option === "columns") return `columns: [${JSON.stringify(value)}]`;
  if (option === "strip") return `strip: ${JSON.stringify(String(value).split(","))}`;
  return `${option}: ${value === "no" || (option === "time" && value === "none") ? "false" : JSON.stringify(value)}`;
};

/** A header's cell as a name: blanks and line breaks within it are one blank. */
export const nameOf = (cell: string): string => cell.normalize("NFC").trim().replace(/\s+/g, " ");

/** True if a header's cell names nothing; pandas reads its own row numbers under the second name. */
export const isUnnamed = (name: string): boolean => name === "" || /^Unnamed: \d+$/.test(name);

/** A column for a message: `column 2 ("temp")`. */
export const columnWord = (names: readonly string[], c: number): string =>
  isUnnamed(names[c] ?? "") ? `column ${c + 1}` : JSON.stringify(names[c]);

/** The index of a name among others, ignoring case; -1 if it is not among them. */
export function indexOfName(names: readonly string[], column: string): number {
  const name = nameOf(column);
  const exact = names.indexOf(name);
  return exact >= 0 ? exact : names.findIndex((other) => other.toLowerCase() === name.toLowerCase());
}

/**
 * The place of a column, from 0, that is given by its name or its number from 1; a text of digits is a number where no name is like it.
 * @param where what asks for it, and where the header stands, for messages
 */
export function placeOf(names: readonly string[], column: string | number, where: string, width = names.length): number {
  const at = typeof column === "string" ? indexOfName(names, column) : -1;
  const name = names[at];
  if (name !== undefined) {
    const again = names.indexOf(name, at + 1);
    if (again < 0) return at;
    throw new SeqgradError(
      "format",
      `${where}: columns ${at + 1} and ${again + 1} are both named ${JSON.stringify(name)}; rename one of them.`,
    );
  }
  const number = typeof column === "number" ? column : /^\d+$/.test(column.trim()) ? Number(column) : Number.NaN;
  if (Number.isInteger(number) && number >= 1 && number <= width) return number - 1;
  if (!Number.isNaN(number)) throw new SeqgradError("format", `${where}: column ${number} does not exist; the rows have ${width} cells.`);
  const known = names.filter((other) => !isUnnamed(other));
  const meant = nearest(String(column), known);
  const advice = meant
    ? `did you mean ${JSON.stringify(meant)}?`
    : `the columns are ${known.map((other) => JSON.stringify(other)).join(", ")}.`;
  throw new SeqgradError("format", `${where}: no column is named ${JSON.stringify(column)}; ${advice}`);
}
