import type { Spell } from "../../data/column-names.js";
import { parseCsv } from "../../data/tables.js";
import { SeqgradError } from "../../util/errors.js";
import { optionsAmong } from "../../util/options.js";
import { type AnyFields, asFlags, choice, flagOf, type Given, schema, text, type Values } from "../../util/schema.js";
import { readFlags } from "../flags.js";

/** Writes what a person should know of how a file is read; stdout holds answers alone. */
export const note = (file: string, line: string): void => {
  process.stderr.write(`note: ${file}: ${line}\n`);
};

const word = (hint: string, help: string, value = "") => text({ default: value, hint, help });

/** How the table of series is read. */
export const seriesReading = {
  columns: word("A,B", "The columns that are series, by name or number from 1, between commas; default: all that hold numbers"),
  time: word("COLUMN", "The column of times, by name or number, or none; default: the first that holds dates"),
  delimiter: word("SIGN", "What stands between the cells: a comma, a semicolon, tab or another sign; default: found"),
  decimal: choice([".", ","], { default: ".", hint: ".|,", help: "The decimal sign of numbers" }),
  thousands: choice(["none", ",", ".", " ", "'"], {
    ...{ default: "none", hint: "SIGN", help: "The sign between groups of three digits: none, a comma, a point, a blank or an apostrophe" },
  }),
  strip: word("SIGNS", "Signs next to numbers that are left out, between commas, such as $ or %"),
  fill: choice(["none", "previous", "linear"], { default: "none", help: "What stands for a missing value or step" }),
};

/** The option that says where a part of a row stands. */
export const columnOf = (part: string): string => `${part}Column`;

/** The column of each part of a row. */
export const columnReading = (parts: readonly string[]) =>
  Object.fromEntries(
    parts.map((part) => [columnOf(part), word("COLUMN", `The column of the ${part}, by name or number from 1; default: found`)] as const),
  );

/** How a table of texts is read: where each of its parts stands. */
export const textReading = (parts: readonly string[]): AnyFields => ({
  ...columnReading(parts),
  delimiter: seriesReading.delimiter,
  header: choice(["auto", "yes", "no"], { default: "auto", help: "Whether the first row names the columns" }),
});

/** The options of `predict` and `evaluate` that say how a file is read. */
export const readingFields: AnyFields = Object.fromEntries(
  Object.entries({
    ...seriesReading,
    ...columnReading(["token", "tag"]),
    ...textReading(["label", "text", "source", "target", "caption", "features", "frames"]),
  }).map(([name, field]) => [name, { ...field, usually: "as in training", help: field.help.replace(/; default: .*/, "") }]),
);

/** How a file is read for a saved task: as its options say, and as the run that made the task did. */
export interface Reading {
  readonly flags: Words;
  readonly trained: Words;
}

type Words = Readonly<Record<string, string>>;

/** The options whose values are words. */
export const wordsOf = (options: Given): Words =>
  Object.fromEntries(Object.entries(options).flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as const] : [])));

/** How the options say that a file is read. @throws SeqgradError for an option of another kind */
export function readingOf({ name, reading }: { readonly name: string; readonly reading: AnyFields }, args: Given, trained: Given): Reading {
  const flags = readFlags(readingFields, args);
  const stray = Object.keys(flags).find((option) => !reading[option]);
  if (stray !== undefined) throw new SeqgradError("value", `${flagOf(stray)} is not an option for a ${modelOf(name)}; leave it out.`);
  return { flags: wordsOf(flags), trained: wordsOf(trained) };
}

/** A model of a kind, in messages. */
export const modelOf = (kind: string): string => (kind === "lm" ? "language model" : `model of ${kind}`);

/** The option if it is given, else its value in training, else its default. */
export const valuesOf = <F extends AnyFields>({ flags, trained }: Reading, fields: F): Values<F> => {
  const known = optionsAmong<Given>({ ...trained, ...flags }, Object.keys(fields));
  return schema(fields).complete(known, asFlags);
};

/** An option as the command line has it, for messages. */
export const spellFlag: Spell = (option, value) => {
  const text = String(value);
  return `--${option} ${/^[\w.,:%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`}`;
};

/** The words of an option between commas; one in double quotes may hold a comma. */
export async function listOf(text: string): Promise<string[]> {
  const [row] = await parseCsv(text, { delimiter: ",", name: JSON.stringify(text) });
  return (row?.cells ?? []).map((cell) => cell.trim()).filter((cell) => cell !== "");
}

/** A delimiter that is given by name. */
export const signOf = (text: string): string => ({ tab: "\t", "\\t": "\t", comma: ",", semicolon: ";" })[text.toLowerCase()] ?? text;
