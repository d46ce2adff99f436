import type { Spell } from "../../data/column-names.js";
import { parseCsv } from "../../data/tables.js";
import type { Store } from "../../io/store.js";
import { SeqgradError } from "../../util/errors.js";
import { oneOf } from "../readers.js";
import type { Reading, TaskOptions, TaskRecipe } from "./task-options.js";

/** Writes what a person should know of how a file is read; stdout holds answers alone. */
export const note = (file: string, line: string): void => {
  process.stderr.write(`note: ${file}: ${line}\n`);
};

const word = (fallback: string, description: string, hint: string) => ({
  ...{ read: (text: string) => text, default: fallback, description, hint },
});

/** How the table of series is read. */
export const seriesReading: TaskOptions = {
  columns: word("", "The columns that are series, by name or number from 1, between commas; default: all that hold numbers", "A,B"),
  time: word("", "The column of times, by name or number, or none; default: the first that holds dates", "COLUMN"),
  delimiter: word("", "What stands between the cells: a comma, a semicolon, tab or another sign; default: found", "SIGN"),
  decimal: { ...word(".", "The decimal sign of numbers", ".|,"), read: oneOf("decimal", [".", ","]) },
  thousands: {
    ...word("none", "The sign between groups of three digits: none, a comma, a point, a blank or an apostrophe", "SIGN"),
    read: oneOf("thousands", ["none", ",", ".", " ", "'"]),
  },
  strip: word("", "Signs beside numbers that are left out, between commas, such as $ or %", "SIGNS"),
  fill: {
    ...word("none", "What stands for a missing value or step", "none|previous|linear"),
    read: oneOf("fill", ["none", "previous", "linear"]),
  },
};

/** The column of each part of a row. */
export const columnReading = (parts: readonly string[]): TaskOptions =>
  Object.fromEntries(
    parts.map((part) => [`${part}-column`, word("", `The column of the ${part}, by name or number from 1; default: found`, "COLUMN")]),
  );

/** How a table of texts is read: where each of its parts stands. */
export const textReading = (parts: readonly string[]): TaskOptions => ({
  ...columnReading(parts),
  delimiter: seriesReading.delimiter!,
  header: { ...word("auto", "Whether the first row names the columns", "auto|yes|no"), read: oneOf("header", ["auto", "yes", "no"]) },
});

const all: TaskOptions = {
  ...seriesReading,
  ...columnReading(["token", "tag"]),
  ...textReading(["label", "text", "source", "target", "caption", "features", "frames"]),
};

/** The options of `predict` and `evaluate` that say how a file is read. */
export const readingOptions = Object.fromEntries(
  Object.entries(all).map(([name, { description, hint }]) => [
    name,
    { type: "string", description: `${description.replace(/; default: .*/, "")} (Default: as in training)`, valueHint: hint } as const,
  ]),
);

/** How the options say that a file is read. @throws SeqgradError for an option of another kind */
export function readingOf(
  { name: kind, options }: { readonly name: string; readonly options: TaskOptions },
  args: Readonly<Record<string, unknown>>,
  trained: TaskRecipe,
): Reading {
  const given: Record<string, string | number | boolean> = {};
  for (const name of Object.keys(all)) {
    if (args[name] === undefined) continue;
    const own = options[name];
    if (!own) throw new SeqgradError("value", `--${name} is not an option for a model of ${kind}; leave it out.`);
    given[name] = own.read(String(args[name]));
  }
  return { given, trained };
}

/** The option if it is given, else its value in training, else its default. */
export const valuesOf = ({ given, trained }: Reading, options: TaskOptions): TaskRecipe =>
  Object.fromEntries(
    Object.keys(all)
      .filter((name) => options[name])
      .map((name) => [name, given[name] ?? (typeof trained[name] === "string" ? trained[name] : options[name]!.default)]),
  );

/** An option as the command line has it, for messages. */
export const spellFlag: Spell = (option, value) => {
  const text = String(value);
  return `--${option} ${/^[\w.,:%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`}`;
};

/** The words of an option between commas; one in double quotes may hold a comma. */
export async function listOf(text: string): Promise<string[]> {
  const [row] = await parseCsv(text, { delimiter: ",", name: JSON.stringify(text) });
  return row!.cells.map((cell) => cell.trim()).filter((cell) => cell !== "");
}

/** A delimiter that is told by name. */
export const signOf = (text: string): string => ({ tab: "\t", "\\t": "\t", comma: ",", semicolon: ";" })[text.toLowerCase()] ?? text;

/** The options of the run that made a folder; none if the folder does not hold them. */
export async function trainedWith(store: Store, file: string): Promise<TaskRecipe> {
  try {
    const json = JSON.parse(new TextDecoder().decode((await store.read(file)) ?? new Uint8Array()));
    return typeof json === "object" && json !== null ? json : {};
  } catch {
    return {};
  }
}
