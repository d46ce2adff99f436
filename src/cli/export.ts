import { type ArgsDef, defineCommand } from "citty";
import { toHuggingFace, toOnnx } from "../export/index.js";
import { fileStore } from "../io/file-store.js";
import type { Store } from "../io/store.js";
import { LanguageModel } from "../tasks/language-model.js";
import { load } from "../tasks/load.js";
import { SeqgradError } from "../util/errors.js";
import { asFlags, choice, integer, schema } from "../util/schema.js";
import { flagsOf, readFlags } from "./flags.js";
import { openDevice } from "./options.js";
import { modelStore } from "./training-run.js";

const fields = {
  to: choice(["onnx", "hugging-face"], { default: "onnx", help: "The format" }),
  opset: choice(["17", "23"], { default: "17", only: { to: ["onnx"] }, help: "Version of ONNX's operators; 23 has attention as one node" }),
  externalData: integer({
    ...{ default: 0, usually: "where the weights are over 2 GB", hint: "BYTES", only: { to: ["onnx"] } },
    help: "Keep tensors of BYTES or more in a file of their own",
  }),
};

const options = schema(fields);

const args: ArgsDef = {
  model: { type: "string", required: true, description: "The folder of a trained task, or its zip", valueHint: "DIR" },
  out: { type: "string", required: true, description: "The folder to write to", valueHint: "DIR" },
  overwrite: { type: "boolean", description: "Replace files in --out" },
  ...flagsOf(fields),
};

/** Named so, as `export` is a word of the language. */
export const exportModel = defineCommand({
  meta: { name: "export", description: "Write a trained task for other engines" },
  args,
  async run({ args }) {
    const { to = "onnx", opset, externalData } = options.check(readFlags(fields, args), asFlags);
    const [model, out] = [String(args.model), String(args.out)];
    await openDevice({ device: "wasm", threads: 1 });
    const task = await load(await modelStore(model));
    const files =
      to === "onnx"
        ? await toOnnx(task, { opset: opset === "23" ? 23 : 17, ...(externalData !== undefined && { externalData }) })
        : await toHuggingFace(written(task, model));
    const store = fileStore(out);
    if (args.overwrite !== true) await checkFree(store, out, [...files.keys()]);
    for (const [name, bytes] of files) {
      await store.write(name, bytes);
      process.stdout.write(`${out}/${name}: ${bytes.length.toLocaleString("en-US")} bytes\n`);
    }
  },
});

/** The task, when Hugging Face's libraries may know its architecture. */
function written(task: Awaited<ReturnType<typeof load>>, folder: string): LanguageModel {
  if (task instanceof LanguageModel) return task;
  throw new SeqgradError("value", `--to hugging-face: ${folder} is a ${task.constructor.name}; expected a language model. Use --to onnx.`);
}

async function checkFree(store: Store, out: string, names: readonly string[]): Promise<void> {
  const there = await store.list();
  const taken = names.find((name) => there.includes(name));
  if (taken) throw new SeqgradError("io", `--out ${out}: ${taken} is there already; give another folder, or --overwrite.`);
}
