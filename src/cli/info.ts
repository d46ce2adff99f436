import { defineCommand } from "citty";
import { SeqgradError } from "../util/errors.js";
import { deviceFacts, deviceFindings, linesOf } from "./machine.js";
import { deviceFlags, initDevice } from "./options.js";
import { openTask } from "./tasks/kinds.js";
import { modelStore } from "./training-run.js";

export const info = defineCommand({
  meta: { name: "info", description: "Print the layers and sizes of a trained model, and what it computes on" },
  args: {
    model: { type: "string", description: "The folder of a trained model, or its zip", valueHint: "DIR" },
    ...deviceFlags,
    json: { type: "boolean", description: "Print one JSON object" },
  },
  async run({ args }) {
    const folder = args.model;
    if (typeof folder !== "string") {
      const advice = "give the folder of a trained model. To see what this machine has, run: npx seqgrad doctor";
      throw new SeqgradError("value", `--model must be given; ${advice}.`);
    }
    await modelStore(folder);
    const device = await initDevice(args);
    const { task } = await openTask(folder);
    const { model, title: kind } = task;
    const parameters = model.parameterCount();
    if (args.json) {
      const tensors = Array.from(await model.stateDict(), ([name, { shape }]) => ({ name, shape }));
      process.stdout.write(`${JSON.stringify({ kind, parameters, ...deviceFacts(device), tensors })}\n`);
    } else {
      const title = `${folder}: ${kind}, ${parameters.toLocaleString("en-US")} parameters`;
      process.stdout.write(`${title}\n\n${task.summary()}\n\n${linesOf(Object.values(deviceFindings(device, args)))}`);
    }
  },
});
