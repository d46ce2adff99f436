import { stripVTControlCharacters } from "node:util";
import v8 from "node:v8";
import { type CommandDef, defineCommand, type Resolvable, renderUsage, runCommand } from "citty";
import { messageOf, SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { meantBy } from "../util/options.js";
import { flagOf } from "../util/schema.js";
import { bench } from "./bench.js";
import { demo } from "./demo.js";
import { doctor } from "./doctor.js";
import { evaluate } from "./evaluate.js";
import { exportModel } from "./export.js";
import { generate } from "./generate.js";
import { info } from "./info.js";
import { report } from "./model-report.js";
import { predict } from "./predict.js";
import { commands } from "./tasks/kinds.js";
import { homepage, version } from "./version.js";

type Command = CommandDef;

const train = defineCommand({
  meta: { name: "train", description: "Train a model" },
  subCommands: Object.fromEntries(commands.map(({ name, command }) => [name, command])),
});

const root = defineCommand({
  meta: { name: "seqgrad", version, description: "Sequence models that train where the data is" },
  subCommands: { demo, train, generate, predict, evaluate, report, info, export: exportModel, bench, doctor },
});

/** Runs the command line; returns the exit status. An error is one line on stderr. */
export async function main(argv: readonly string[]): Promise<number> {
  // Node 20 has relaxed SIMD behind a flag that may still be set now.
  if (process.versions.node.startsWith("20.")) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
  try {
    const asksHelp = argv[0] === "help";
    const { command, path, rest: words } = find(asksHelp ? argv.slice(1) : argv);
    const rest = withoutShort(command, words);
    const options = readOptions(command, rest);
    const asks = (...words: string[]) => options.some(({ word }) => words.includes(word));
    if (asksHelp || asks("--help", "-h")) return await help(command, path);
    if (command === root && asks("--version", "-v")) return print(version);
    const [stray] = options.filter(({ word }) => isPlain(word)).slice(positionals(command).length);
    for (const option of options) if (option === stray || !isPlain(option.word)) checkOption(command, option, path);
    if (!command.run) return await help(command, path);
    checkRequired(command, options, path);
    const { result } = await runCommand(command, { rawArgs: [...rest] });
    return typeof result === "number" ? result : 0;
  } catch (error) {
    process.stderr.write(`seqgrad: ${lineOf(error)}\n`);
    if (process.env.SEQGRAD_DEBUG) console.error(error);
    return 1;
  }
}

/** True for what is there, and not a promise or a function that returns it: no command here is made late. */
const isResolved = <T extends object>(value: Resolvable<T>): value is T => typeof value !== "function" && !("then" in value);

/** The commands below a command, by their words; undefined if it has none. */
function commandsIn({ subCommands }: Command): ReadonlyMap<string, Command> | undefined {
  if (!subCommands || !isResolved(subCommands)) return undefined;
  return new Map(Object.entries(subCommands).flatMap(([word, command]) => (isResolved(command) ? [[word, command] as const] : [])));
}

/** The command that the leading words name, those words, and what follows them. */
function find(argv: readonly string[]): { command: Command; path: readonly string[]; rest: readonly string[] } {
  let command: Command = root;
  for (let i = 0; ; i++) {
    const children = commandsIn(command);
    const word = argv[i];
    if (!children || word === undefined || word.startsWith("-")) return { command, path: argv.slice(0, i), rest: argv.slice(i) };
    const next = children.get(word);
    if (!next) throw unknown("command", ["seqgrad", ...argv.slice(0, i), word].join(" "), word, [...children.keys()], argv.slice(0, i));
    command = next;
  }
}

/** A word of the command line that is not the value of an option. */
interface Option {
  readonly word: string;
  readonly name: string;
  /** Its value, after `=` or as the next word. */
  readonly value: string | undefined;
}

const definitions = ({ args = {} }: Command): Readonly<Record<string, { type?: string; required?: boolean }>> =>
  isResolved(args) ? args : {};
const definitionOf = (command: Command, name: string) =>
  Object.hasOwn(definitions(command), name) ? definitions(command)[name] : undefined;

/** The names of words that stand without an option before them. */
const positionals = (command: Command) =>
  Object.entries(definitions(command)).flatMap(([name, { type }]) => (type === "positional" ? [name] : []));
const isPlain = (word: string) => word === "-" || !word.startsWith("-");

function readOptions(command: Command, argv: readonly string[]): Option[] {
  const options: Option[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = nth(argv, i);
    const [, name = "", assigned] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    const takesNext = definitionOf(command, name)?.type === "string" && assigned === undefined && !argv[i + 1]?.startsWith("--");
    options.push({ word, name, value: takesNext ? argv[i + 1] : assigned });
    if (takesNext) i++;
  }
  return options;
}

/** The words, with `-n` as `--n` where the command has it, unless it is the value of the option before it. */
function withoutShort(command: Command, argv: readonly string[]): string[] {
  return argv.map((word, i) => {
    const before = /^--(.+)$/.exec(argv[i - 1] ?? "")?.[1];
    const isValue = before !== undefined && definitionOf(command, before)?.type === "string";
    return /^-[a-z]$/.test(word) && !isValue && definitionOf(command, word.slice(1)) ? `-${word}` : word;
  });
}

const seeHelp = (path: readonly string[]) => `See: npx seqgrad ${["help", ...path].join(" ")}`;

/** The error for a word that is not one of the known ones. */
function unknown(what: string, shown: string, word: string, known: readonly string[], path: readonly string[]): SeqgradError {
  const meant = meantWord(word, known);
  const advice = meant ? `did you mean "${meant}"?` : known.length > 0 ? `expected one of ${known.join(", ")}.` : "it takes none.";
  return new SeqgradError("value", `unknown ${what} "${shown}"; ${advice} ${seeHelp(path)}`);
}

/** The flags of 0.1, and other names of the same. */
const formerly: Readonly<Record<string, string>> = {
  "--seq": "--context",
  "--length": "--max-tokens",
  "--max-length": "--context",
  "--val": "--validation",
  "--val-file": "--validation-file",
  "--clip": "--clip-norm",
  "--tie": "--tie-weights",
  "--vocabulary": "--vocab",
  "--eval-every": "--evaluate-every",
  "--one-way": "--bidirectional",
};

/** The known word that was meant. */
function meantWord(word: string, known: readonly string[]): string | undefined {
  const now = formerly[word];
  return now !== undefined && known.includes(now) ? now : meantBy(word, known, flagOf);
}

/** Refuses what the parser would ignore: an unknown option, one without its value, a stray word. */
function checkOption(command: Command, { word, name, value }: Option, path: readonly string[]): void {
  const definition = definitionOf(command, name);
  if (!definition || definition.type === "positional") {
    const hidden = positionals(command);
    const names = Object.keys(definitions(command)).flatMap((key) => (hidden.includes(key) ? [] : [`--${key}`]));
    throw unknown("option", word, `--${name || word}`, names, path);
  }
  if (definition.type === "string" && value === undefined) {
    throw new SeqgradError("value", `--${name} has no value; expected --${name} VALUE, or --${name}=VALUE where the value begins with --.`);
  }
  if (definition.type === "boolean" && value !== undefined) throw new SeqgradError("value", `--${name} takes no value; got "${word}".`);
}

function checkRequired(command: Command, options: readonly Option[], path: readonly string[]): void {
  const named = new Set(options.map(({ name }) => name));
  const missing = Object.entries(definitions(command)).filter(([name, { required }]) => required && !named.has(name));
  if (missing.length > 0)
    throw new SeqgradError("value", `${missing.map(([name]) => `--${name}`).join(" and ")} must be given. ${seeHelp(path)}`);
}

function print(text: string): 0 {
  process.stdout.write(`${process.stdout.isTTY ? text : stripVTControlCharacters(text)}\n`);
  return 0;
}

async function help(command: Command, path: readonly string[]): Promise<0> {
  const parent = { meta: { name: ["seqgrad", ...path.slice(0, -1)].join(" ") } };
  const usage = await renderUsage(command, path.length > 0 ? parent : undefined);
  return print(usage.replaceAll(/ +$/gm, "").trimEnd() + (path.length === 0 ? nextSteps : ""));
}

const nextSteps = `

Try it:              npx seqgrad demo
Train on your file:  npx seqgrad train lm --data book.txt --out my-model
Read on:             ${homepage}`;

/** One line without a stack. */
function lineOf(error: unknown): string {
  const line = messageOf(error).replaceAll(/\s*\n\s*/g, " ");
  return error instanceof SeqgradError ? line : `${line} (unexpected: set SEQGRAD_DEBUG=1 for details)`;
}
