import { defineCommand } from "citty";
import { loadModel } from "../io/model-folder.js";
import { TransformerLM } from "../models/transformer-lm.js";
import { LanguageModel } from "../tasks/language-model.js";
import { networkOf } from "../tasks/language-model-options.js";
import { manualSeed } from "../tensor/random.js";
import { SeqgradError } from "../util/errors.js";
import { asFlags, flagOf, type Given, integer, number, numbers, schema } from "../util/schema.js";
import { flagsOf, readFlags } from "./flags.js";
import { openDevice } from "./options.js";
import { formatRate, ProgressLine } from "./progress.js";
import { isLack, type Network, type RaceEvent, type Runner, race } from "./race.js";
import { titleOf } from "./tasks/lm.js";
import { modelStore } from "./training-run.js";

/** Milliseconds of a step past which a device is given up. */
const PATIENCE = 5000;

const { tokenizer: _, unit, minCount, locale, vocab, context, ...described } = LanguageModel.options.fields;

/** The options that describe a model. */
const modelFields = { ...described, vocab: { ...vocab, only: {}, help: "Different characters", usually: "65" } };

const fields = {
  ...modelFields,
  context: integer({ min: 1, max: 2 ** 16, default: context.fallback({}), help: "Characters of a window" }),
  batches: numbers<readonly number[]>({
    ...{
      default: [1, 4, 16, 64],
      hint: "N,N,..",
      help: "Windows of an update",
      advice: "give whole numbers of at least 1, such as 1,4,16",
    },
    isGood: (list) => list.every((size) => Number.isInteger(size) && size >= 1),
  }),
  time: number({ min: 0.001, max: 600, default: 2, hint: "S", help: "Seconds to measure for each device and size" }),
};

const options = schema(fields);

const args = {
  device: { type: "string", default: "all", description: "all is wasm and webgpu", valueHint: "all|auto|wasm|webgpu" },
  model: { type: "string", description: "The folder of a saved model, or its zip, instead of the options below", valueHint: "DIR" },
  ...flagsOf(fields),
  json: { type: "boolean", description: "Print one JSON object a line" },
} as const;

const devices: Readonly<Record<string, readonly string[]>> = {
  all: ["wasm", "webgpu"],
  auto: ["auto"],
  wasm: ["wasm"],
  webgpu: ["webgpu"],
};

type Entry = { readonly device: string; readonly info: string } | { readonly device: string; readonly reason: string };
type Report = (event: ({ readonly type: "device" } & Entry) | RaceEvent) => void;

export const bench = defineCommand({
  meta: { name: "bench", description: "Measure on which device a model trains faster" },
  args,
  async run({ args }) {
    if (!Object.hasOwn(devices, args.device))
      throw new SeqgradError("device", `--device is "${args.device}"; use ${Object.keys(devices).join(", ")}.`);
    const chosen = readFlags(fields, args);
    const settings = options.complete(chosen, asFlags);
    const { context, time } = settings;
    const batches = [...new Set(settings.batches)].sort((a, b) => a - b);
    const budget = 1000 * time;
    const makeModel = modelMaker(args.model, chosen, context);

    const entries: Entry[] = [];
    const runners: Runner[] = [];
    try {
      for (const device of devices[args.device]!) entries.push(await enter(device, makeModel, runners));
      const events = race(runners, { batches, context, budget, patience: PATIENCE });
      const report = args.json ? jsonReport : plainReport(batches, runners[0]?.model, context);
      for (const entry of entries) report({ type: "device", ...entry });
      for await (const event of events) report(event);
    } finally {
      for (const { device } of runners) device.destroy();
    }
  },
});

/** A function that makes the model that the options name, for windows of a length, on the default device. */
function modelMaker(folder: string | undefined, chosen: Given, context: number): () => Promise<Network> {
  if (folder !== undefined) {
    const extra = Object.keys(modelFields).find((name) => chosen[name] !== undefined);
    if (extra)
      throw new SeqgradError("value", `${flagOf(extra)} and --model contradict each other: a saved model has its own; give one of them.`);
    return async () => {
      const { model } = await LanguageModel.fromSaved(await loadModel(await modelStore(folder)));
      if (model instanceof TransformerLM && context > model.context) {
        const advice = `the model in ${folder} has a context of ${model.context}`;
        throw new SeqgradError("range", `--context ${context} is too long: ${advice}; give at most that.`);
      }
      return model.train();
    };
  }
  const { vocab = 65, ...model } = chosen;
  const own = LanguageModel.options.complete(LanguageModel.options.among({ ...model, context }, asFlags), asFlags);
  return async () => networkOf(own, Number(vocab));
}

/** Adds a runner on a device, or says why none can be made. */
async function enter(name: string, makeModel: () => Promise<Network>, runners: Runner[]): Promise<Entry> {
  try {
    const device = await openDevice({ device: name });
    manualSeed(1);
    try {
      runners.push({ device, model: await makeModel() });
    } catch (error) {
      device.destroy();
      throw error;
    }
    return { device: device.type, info: device.info };
  } catch (error) {
    if (!isLack(error)) throw error;
    return { device: name, reason: error.message };
  }
}

const print = (line: string) => process.stdout.write(`${line}\n`);

const jsonReport: Report = (event) => {
  if (event.type !== "round") print(JSON.stringify(event));
};

const formatTime = (ms: number) => ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0);

/** The devices at once, a progress line while they run, and then a table: devices by batch sizes. */
function plainReport(batches: readonly number[], model: Network | undefined, length: number): Report {
  if (model) print(`${titleOf({ model })}, ${model.parameterCount()} parameters, windows of ${length} characters`);
  const rows = new Map<string, { readonly cells: Map<number, string>; readonly reason: string }>();
  const notes: string[] = [];
  let progress: ProgressLine | undefined;
  return (event) => {
    if (event.type === "device") {
      rows.set(event.device, { cells: new Map(), reason: "reason" in event ? event.reason : "" });
      if ("info" in event) print(`${event.device}: ${event.info}`);
    } else if (event.type === "round") {
      progress ??= new ProgressLine(event.total);
      progress.update(event.done);
    } else if (event.type === "measurement") {
      const { device, batch, milliseconds, tokensPerSecond } = event;
      rows.get(device)!.cells.set(batch, `${formatTime(milliseconds)} ms ${formatRate(tokensPerSecond).padStart(6)}/s`);
    } else if (event.type === "given up") {
      notes.push(`${event.device} is given up at batch ${event.batch}: ${event.reason}`);
    } else {
      progress?.clear();
      const line = (name: string, cells: readonly string[]) => print(`${name.padEnd(8)}${cells.map((cell) => cell.padStart(20)).join("")}`);
      print("\nMilliseconds of a step and characters a second:\n");
      line(
        "",
        batches.map((batch) => `batch ${batch}`),
      );
      for (const [device, { cells, reason }] of rows) {
        if (reason) print(`${device.padEnd(8)}  ${reason}`);
        else
          line(
            device,
            batches.map((batch) => cells.get(batch) ?? "-"),
          );
      }
      for (const note of notes) print(note);
      print(`\n${event.advice}`);
    }
  };
}
