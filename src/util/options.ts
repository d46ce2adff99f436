import { kindOf, shown } from "./check.js";
import { SeqgradError } from "./errors.js";
import { nearest } from "./suggest.js";

/** Names that other libraries give to what has another name here. */
const aliases: Readonly<Record<string, string>> = {
  dim: "axis",
  learningRate: "lr",
  learning_rate: "lr",
};

/**
 * Refuses options that the operation does not know, and options that are not an object: nothing that a caller writes is ignored.
 * Call it once, where the public API is entered, with the names of the options. `undefined` means no options.
 * @throws SeqgradError `value`, with the name that was meant, or with all names.
 * @example
 * checkOptions("Adam", { lr: 0.1 }, ["lr", "betas"]);
 */
export function checkOptions(op: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return;
  if (options === null || typeof options !== "object" || Array.isArray(options) || ArrayBuffer.isView(options)) {
    const example = known.length > 0 ? `, as in { ${known[0]}: … }` : "";
    throw new SeqgradError("value", `${op}: the options are ${shownKind(options)}; expected an object${example}.`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const alias = aliases[name];
    const meant = alias && known.includes(alias) ? alias : nearest(name, known);
    const all = known.length > 0 ? `The options are ${known.join(", ")}.` : "It takes no options.";
    throw new SeqgradError("value", `${op}: "${name}" is not an option. ${meant ? `Did you mean "${meant}"?` : all}`);
  }
}

/** The value where it is short to write, else its kind. */
const shownKind = (value: unknown) =>
  ["number", "boolean", "string", "bigint"].includes(typeof value) ? `${shown(value)}` : kindOf(value);
