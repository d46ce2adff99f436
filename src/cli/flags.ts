import { type AnyFields, asFlags, checkValue, flagOf, type Given, type Option } from "../util/schema.js";

/** An option as citty takes it: a flag with or without a value. */
type Arg =
  | { readonly type: "boolean"; readonly description: string }
  | { readonly type: "string"; readonly description: string; readonly valueHint: string };

const wordOf = (name: string): string => flagOf(name).slice(2);

/** The flags of options, with their help; a default is for the eye only. */
export function flagsOf(fields: AnyFields): Record<string, Arg> {
  const flags = Object.entries(fields).filter(([, { hint }]) => hint !== undefined);
  return Object.fromEntries(flags.map(([name, field]) => [wordOf(name), argOf(field)]));
}

function argOf({ help, usually, hint = "", only }: Option<unknown>): Arg {
  const owners = Object.entries(only).map(([name, values]) => `for ${name === "arch" ? "" : `${flagOf(name)} `}${values.join(", ")}`);
  const facts = [...owners, ...(usually === "" ? [] : [`Default: ${usually}`])];
  const description = facts.length > 0 ? `${help} (${facts.join("; ")})` : help;
  return hint === "" ? { type: "boolean", description } : { type: "string", description, valueHint: hint };
}

/** The value of a flag: citty reads --no-wide as --wide with the value false. */
const wordIn = (args: Given, flag: string): unknown =>
  args[flag] ?? (flag.startsWith("no-") && args[flag.slice(3)] === false ? true : undefined);

/** The options that the flags give. @throws SeqgradError that names the flag, for a word that is none of an option's values */
export function readFlags(fields: AnyFields, args: Given): Given {
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const word = wordIn(args, wordOf(name));
    if (word === undefined || field.hint === undefined) continue;
    values[name] = typeof word === "string" ? field.read(word) : word;
    checkValue(fields, name, values[name], asFlags, word);
  }
  return values;
}

/** The value of an option, as the command line writes it. */
export const writtenOf = (value: unknown): string => (Array.isArray(value) ? value.join(",") : String(value));
