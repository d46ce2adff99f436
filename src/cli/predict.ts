import { buffer as bytesOf } from "node:stream/consumers";
import { defineCommand } from "citty";
import { decodeText } from "../text/index.js";
import { SeqgradError } from "../util/errors.js";
import { deviceOptions, initDevice } from "./options.js";
import { openTask, searchOf, searchOptions } from "./tasks/kinds.js";
import { readingOf, readingOptions } from "./tasks/reading.js";
import { readText } from "./training-run.js";

const args = {
  model: { type: "string", required: true, description: "The folder of a trained task", valueHint: "DIR" },
  input: { type: "string", description: "A text to answer; - reads stdin", valueHint: "TEXT" },
  file: { type: "positional", required: false, description: "A file of inputs, one a line; - or nothing reads stdin" },
  ...searchOptions,
  ...readingOptions,
  json: { type: "boolean", description: "Print one JSON object a line" },
  ...deviceOptions,
} as const;

export const predict = defineCommand({
  meta: { name: "predict", description: "Answer inputs with a trained task" },
  args,
  async run({ args }) {
    if (args.input !== undefined && args.file !== undefined)
      throw new SeqgradError("value", "--input and a file contradict each other; give one of them.");
    await initDevice(args);
    const { task, kind, trained } = await openTask(args.model);
    const search = searchOf(kind, args);
    const [source, text] = await inputText(args);
    const inputs = await kind.inputs(task, text, source, readingOf(kind, args, trained));
    if (inputs.length === 0 || (source === "--input" && inputs.every(isBlank)))
      throw new SeqgradError("value", `${source} holds no input; give at least one line.`);
    const isAsked = (input: unknown) => kind.blank === undefined || !isBlank(input);
    const asked = inputs.filter(isAsked);
    const given = (asked.length > 0 ? await task.predict(asked, search) : []).values();
    const answers = inputs.map((input) => (isAsked(input) ? given.next().value : kind.blank));
    for (const [i, answer] of answers.entries())
      process.stdout.write(`${args.json ? JSON.stringify(kind.json(answer, inputs[i])) : kind.show(answer, inputs[i])}\n`);
  },
});

const isBlank = (input: unknown): boolean =>
  input === undefined || (typeof input === "string" ? input.trim() === "" : Array.isArray(input) && input.length === 0);

/** The name of the input, and its text. */
async function inputText({ input, file = "-" }: { input?: string | undefined; file?: string | undefined }): Promise<[string, string]> {
  if (input !== undefined && input !== "-") return ["--input", input];
  return file === "-" ? ["stdin", decodeText(await bytesOf(process.stdin), "stdin")] : [file, await readText("the input", file)];
}
