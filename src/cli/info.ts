import { defineCommand } from "citty";
import { SeqgradError } from "../util/errors.js";
import { describeLM, holdsLM, openLM } from "./lm.js";
import { deviceOptions, initDevice } from "./options.js";
import { openTask } from "./tasks/kinds.js";
import { modelStore } from "./training-run.js";

export const info = defineCommand({
  meta: { name: "info", description: "Print the layers and sizes of a trained model" },
  args: {
    model: { type: "string", description: "The folder of a trained model", valueHint: "DIR" },
    ...deviceOptions,
    json: { type: "boolean", description: "Print one JSON object" },
  },
  async run({ args }) {
    if (args.model === undefined) {
      const advice = "give the folder of a trained model. To see what this machine has, run: npx seqgrad doctor";
      throw new SeqgradError("value", `--model must be given; ${advice}.`);
    }
    const store = await modelStore(args.model);
    await initDevice(args);
    const { kind, model } = (await holdsLM(store)) ? await languageModel(store) : await taskModel(args.model);
    const parameters = model.parameterCount();
    if (args.json) {
      const tensors = Array.from(await model.stateDict(), ([name, { shape }]) => ({ name, shape }));
      process.stdout.write(`${JSON.stringify({ kind, parameters, tensors })}\n`);
    } else process.stdout.write(`${args.model}: ${kind}, ${parameters.toLocaleString("en-US")} parameters\n\n${model.summary()}\n`);
  },
});

async function languageModel(store: Parameters<typeof openLM>[0]) {
  const { model } = await openLM(store);
  return { kind: `lm, ${describeLM(model)}`, model };
}

async function taskModel(folder: string) {
  const { task, kind } = await openTask(folder);
  return { kind: kind.name, model: task.model };
}
