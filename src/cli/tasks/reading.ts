import type { Store } from "../../io/store.js";
import { SeqgradError } from "../../util/errors.js";
import { oneOf } from "../readers.js";
import type { TaskKind, TaskOptions, TaskRecipe } from "./kind.js";

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
  thousands: word("", "The sign between groups of three digits: a comma, a point, a blank or an apostrophe; default: none", "SIGN"),
  strip: word("", "Signs beside numbers that are left out, between commas, such as $ or %", "SIGNS"),
  fill: {
    ...word("none", "What stands for a missing value or step", "none|previous|linear"),
    read: oneOf("fill", ["none", "previous", "linear"]),
  },
};

/** How a table of texts is read: where each of its parts stands. */
export const textReading = (...parts: readonly string[]): TaskOptions => ({
  ...Object.fromEntries(
    parts.map((part) => [`${part}-column`, word("", `The column of the ${part}, by name or number from 1; default: found`, "COLUMN")]),
  ),
  delimiter: seriesReading.delimiter!,
  header: { ...word("auto", "Whether the first row names the columns", "auto|yes|no"), read: oneOf("header", ["auto", "yes", "no"]) },
});

const all: TaskOptions = { ...seriesReading, ...textReading("label", "text", "source", "target", "caption", "features", "frames") };

/** The options of `predict` and `evaluate` that say how a file is read. */
export const readingOptions = Object.fromEntries(
  Object.entries(all).map(([name, { description, hint }]) => [
    name,
    { type: "string", description: `${description.replace(/; default: .*/, "")} (Default: as in training)`, valueHint: hint } as const,
  ]),
);

/** How a file is read for a saved task: as it is told, else as for training, else as training does by itself. */
export function readingOf(kind: TaskKind, args: Readonly<Record<string, unknown>>, trained: TaskRecipe): TaskRecipe {
  const reading: Record<string, string | number | boolean> = {};
  for (const [name, option] of Object.entries(all)) {
    const own = kind.options[name];
    if (own) {
      const [given, before] = [args[name], trained[name]];
      reading[name] = given !== undefined ? own.read(String(given)) : typeof before === typeof own.default ? before! : option.default;
    } else if (args[name] !== undefined) {
      throw new SeqgradError("value", `--${name} is not an option for a model of ${kind.name}; leave it out.`);
    }
  }
  return reading;
}

/** The options of the run that made a folder; none where the folder does not tell. */
export async function trainedWith(store: Store, file: string): Promise<TaskRecipe> {
  try {
    const json = JSON.parse(new TextDecoder().decode((await store.read(file)) ?? new Uint8Array()));
    return typeof json === "object" && json !== null ? json : {};
  } catch {
    return {};
  }
}
