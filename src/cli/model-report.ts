import { writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { defineCommand } from "citty";
import { generate } from "../decode/generate.js";
import type { StepModel } from "../decode/step-model.js";
import type { Store } from "../io/index.js";
import { TextStream } from "../text/text-stream.js";
import { SeqgradError } from "../util/errors.js";
import { readHistory } from "./history.js";
import type { Sample } from "./judges/judge.js";
import { describeLM, holdsLM, openLM } from "./lm.js";
import { deviceOptions, initDevice } from "./options.js";
import { attentionOfLM, attentionOfTask } from "./page/attention.js";
import { type PageFacts, pageOf } from "./page/page.js";
import { openTask } from "./tasks/kinds.js";
import { modelStore } from "./training-run.js";

/** Tokens that a language model writes for the page. */
const WRITTEN = 300;

const args = {
  model: { type: "string", required: true, description: "The folder of a trained model", valueHint: "DIR" },
  out: { type: "string", description: "The page (Default: report.html in the model's folder)", valueHint: "FILE.html" },
  json: { type: "boolean", description: "Print one JSON object" },
  ...deviceOptions,
} as const;

export const report = defineCommand({
  meta: { name: "report", description: "Write a page on how a model was trained and what it is worth" },
  args,
  async run({ args }) {
    if (args.out?.trim() === "") throw new SeqgradError("value", "--out is empty; give the name of a file, such as report.html.");
    const store = await modelStore(args.model);
    await initDevice(args);
    const history = await readHistory(store);
    const facts = (await holdsLM(store)) ? await ofLM(store) : await ofTask(args.model, samplesIn(history));
    const path = args.out ?? join(args.model, "report.html");
    const page = pageOf(history, { name: basename(resolve(args.model)), ...facts });
    await writePage(path, page);
    process.stdout.write(args.json ? `${JSON.stringify({ type: "end", page: path, bytes: Buffer.byteLength(page) })}\n` : `${path}\n`);
  },
});

type Facts = Omit<PageFacts, "name">;

async function ofLM(store: Store): Promise<Facts> {
  const { model, tokenizer } = await openLM(store);
  // Any token begins a text; after a line break or a full stop most do.
  const prompt = [tokenizer.idOf("\n") ?? tokenizer.idOf(".") ?? tokenizer.size - 1];
  const stream = new TextStream(tokenizer, prompt);
  let text = "";
  for await (const token of generate(model as StepModel<unknown>, prompt, { maxTokens: WRITTEN, temperature: 0.8, seed: 1 }))
    text += stream.push(token);
  const kind = `Language model: ${describeLM(model)}, ${tokenizer.size} tokens`;
  return {
    kind,
    summary: model.summary(),
    written: [{ prompt: tokenizer.decode(prompt).trim(), text }],
    attention: await attentionOfLM(model, tokenizer, text),
  };
}

async function ofTask(folder: string, samples: readonly Sample[]): Promise<Facts> {
  const { task, kind } = await openTask(folder);
  return {
    kind: kind.description.replace(/^Train an? /, "A "),
    summary: task.model.summary(),
    written: [],
    attention: await attentionOfTask(task, samples),
  };
}

/** The samples that the history keeps. */
function samplesIn(history: Awaited<ReturnType<typeof readHistory>>): Sample[] {
  const judged = history.find(({ type }) => type === "validation") ?? history.find(({ type }) => type === "test");
  const { right = [], errors = [] } = (judged ?? {}) as { readonly right?: readonly Sample[]; readonly errors?: readonly Sample[] };
  return [...right, ...errors];
}

async function writePage(path: string, page: string): Promise<void> {
  try {
    await writeFile(path, page);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason =
      code === "ENOENT" ? "the folder does not exist" : code === "EISDIR" ? "it is a folder; give the name of a file" : message;
    throw new SeqgradError("io", `--out ${path} cannot be written: ${reason}.`, { cause });
  }
}
