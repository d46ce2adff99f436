import { buffer as bytesOf } from "node:stream/consumers";
import { defineCommand } from "citty";
import { decodeText } from "../text/index.js";
import { SeqgradError } from "../util/errors.js";
import { flagsOf } from "./flags.js";
import { deviceFlags, initDevice } from "./options.js";
import { openTask, searchFields, searchOf } from "./tasks/kinds.js";
import { readingFields, readingOf } from "./tasks/reading.js";
import { readText } from "./training-run.js";

const args = {
  model: { type: "string", required: true, description: "The folder of a trained task, or its zip", valueHint: "DIR" },
  input: { type: "string", description: "A text to answer; - reads stdin", valueHint: "TEXT" },
  file: { type: "positional", required: false, description: "A file of inputs, one a line; - or nothing reads stdin" },
  ...flagsOf(searchFields),
  ...flagsOf(readingFields),
  json: { type: "boolean", description: "Print one JSON object a line" },
  ...deviceFlags,
} as const;

export const predict = defineCommand({
  meta: { name: "predict", description: "Answer inputs with a trained task" },
  args,
  async run({ args }) {
    if (args.input !== undefined && args.file !== undefined)
      throw new SeqgradError("value", "--input and a file contradict each other; give one of them.");
    await initDevice(args);
    const advice = ` To write text with a language model, run: seqgrad generate --model ${args.model}`;
    const { task, kind, trained } = await openTask(args.model, ({ predicts }) => predicts, advice);
    const search = searchOf(kind, args);
    const [source, text] = await inputText(args);
    const lines = await task.answer(text, source, { search, reading: readingOf(kind, args, trained), json: args.json === true });
    for (const line of lines) process.stdout.write(`${line}\n`);
  },
});

/** The name of the input, and its text. */
async function inputText({ input, file = "-" }: { input?: string | undefined; file?: string | undefined }): Promise<[string, string]> {
  if (input !== undefined && input !== "-") return ["--input", input];
  return file === "-" ? ["stdin", decodeText(await bytesOf(process.stdin), "stdin")] : [file, await readText("the input", file)];
}
