import v8 from "node:v8";
import { type CommandDef, defineCommand, renderUsage, runCommand } from "citty";
import { SeqgradError } from "../util/errors.js";
import { demo } from "./demo.js";
import { generate } from "./generate.js";
import { info } from "./info.js";
import { trainLM } from "./train-lm.js";
import { version } from "./version.js";

const train = defineCommand({
  meta: { name: "seqgrad train", description: "Train a model" },
  subCommands: { lm: trainLM },
});

const root = defineCommand({
  meta: { name: "seqgrad", version, description: "Sequence models that train where the data is" },
  subCommands: { train, generate, info, demo },
});

/** Runs the command line; answers the exit status. An error is one line on stderr. */
export async function main(argv: readonly string[]): Promise<number> {
  // Node 20 has relaxed SIMD behind a flag that may still be set now.
  if (process.versions.node.startsWith("20.")) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
  try {
    const { command, parent, rest } = await find(argv);
    if (argv.includes("--version")) process.stdout.write(`${version}\n`);
    else if (rest.includes("--help") || rest.includes("-h") || !command.run)
      process.stdout.write(`${await renderUsage(command, parent)}\n`);
    else {
      checkOptions(command, rest);
      const { result } = await runCommand(command, { rawArgs: [...rest] });
      return typeof result === "number" ? result : 0;
    }
    return 0;
  } catch (error) {
    process.stderr.write(`seqgrad: ${messageOf(error)}\n`);
    if (process.env.SEQGRAD_DEBUG) console.error(error);
    return 1;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: commands differ in their options, which are not looked at here.
type Command = CommandDef<any>;

/** The command that the leading words name, and what follows them. */
async function find(argv: readonly string[]): Promise<{ command: Command; parent: Command | undefined; rest: readonly string[] }> {
  let command: Command = root;
  let parent: Command | undefined;
  let rest = argv;
  for (;;) {
    const children = (await command.subCommands) as Record<string, Command> | undefined;
    const word = rest[0];
    if (!children || word === undefined || word.startsWith("-")) return { command, parent, rest };
    const child = children[word];
    if (!child)
      throw new SeqgradError("value", `there is no command "${word}"; there are ${Object.keys(children).join(", ")}. See --help.`);
    parent = command;
    command = child;
    rest = rest.slice(1);
  }
}

/** Refuses what the parser would pass over in silence: options that do not exist, options without their value, stray words. */
function checkOptions(command: Command, argv: readonly string[]): void {
  const options = command.args as Record<string, { type?: string }>;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    const [name, value] = word.replace(/^--/, "").split(/=(.*)/s) as [string, string?];
    const option = word.startsWith("--") ? options[name] : undefined;
    if (!option) {
      throw new SeqgradError(
        "value",
        `unknown option "${word}"; there are ${Object.keys(options)
          .map((key) => `--${key}`)
          .join(" ")}. See --help.`,
      );
    }
    if (option.type === "boolean" || value !== undefined) continue;
    if (argv[i + 1] === undefined || argv[i + 1]!.startsWith("--"))
      throw new SeqgradError("value", `--${name} wants a value: --${name} VALUE.`);
    i++;
  }
}

/** One line without a stack. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const line = message.replaceAll(/\s*\n\s*/g, " ");
  return error instanceof SeqgradError ? line : `${line} (unexpected: set SEQGRAD_DEBUG=1 for details)`;
}
