import { writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { defineCommand } from "citty";
import { isRecord } from "../util/check.js";
import { messageOf, SeqgradError, systemCodeOf } from "../util/errors.js";
import { readHistory } from "./history.js";
import type { Sample } from "./judges/judge.js";
import { deviceFlags, initDevice } from "./options.js";
import { pageOf } from "./page/page.js";
import { openTask } from "./tasks/kinds.js";
import { modelStore } from "./training-run.js";

const args = {
  model: { type: "string", required: true, description: "The folder of a trained model, or its zip", valueHint: "DIR" },
  out: { type: "string", description: "The page (Default: report.html in the model's folder)", valueHint: "FILE.html" },
  json: { type: "boolean", description: "Print one JSON object" },
  ...deviceFlags,
} as const;

export const report = defineCommand({
  meta: { name: "report", description: "Write a page on how a model was trained and what it is worth" },
  args,
  async run({ args }) {
    if (args.out?.trim() === "") throw new SeqgradError("value", "--out is empty; give the name of a file, such as report.html.");
    const store = await modelStore(args.model);
    await initDevice(args);
    const history = await readHistory(store);
    const { task, kind } = await openTask(args.model);
    const facts = {
      ...{ kind: kind.description.replace(/^Train an? /, "A "), summary: task.summary(), written: [] },
      ...(await task.page(samplesIn(history))),
    };
    const path = args.out ?? (/\.zip$/i.test(args.model) ? args.model.replace(/\.zip$/i, "-report.html") : join(args.model, "report.html"));
    const page = pageOf(history, { name: basename(resolve(args.model)), ...facts });
    await writePage(path, page);
    process.stdout.write(args.json ? `${JSON.stringify({ type: "end", page: path, bytes: Buffer.byteLength(page) })}\n` : `${path}\n`);
  },
});

const isSample = (value: unknown): value is Sample =>
  isRecord(value) && ["input", "expected", "answer"].every((name) => typeof value[name] === "string") && typeof value.right === "boolean";

/** The samples that the history keeps. */
function samplesIn(history: Awaited<ReturnType<typeof readHistory>>): Sample[] {
  const judged = history.find(({ type }) => type === "validation") ?? history.find(({ type }) => type === "test");
  return [judged?.right, judged?.errors].flatMap((list) => (Array.isArray(list) ? list.filter(isSample) : []));
}

async function writePage(path: string, page: string): Promise<void> {
  try {
    await writeFile(path, page);
  } catch (cause) {
    const code = systemCodeOf(cause);
    const reason =
      code === "ENOENT" ? "the folder does not exist" : code === "EISDIR" ? "it is a folder; give the name of a file" : messageOf(cause);
    throw new SeqgradError("io", `--out ${path} cannot be written: ${reason}.`, { cause });
  }
}
