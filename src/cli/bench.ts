import { defineCommand } from "citty";
import { TransformerLM } from "../models/transformer-lm.js";
import { manualSeed } from "../tensor/random.js";
import { SeqgradError } from "../util/errors.js";
import { describeLM, makeLM, type Network, openLM } from "./lm.js";
import { modelOptions } from "./model-options.js";
import { initDevice, numberOption } from "./options.js";
import { formatRate, ProgressLine } from "./progress.js";
import { isLack, type RaceEvent, type Runner, race } from "./race.js";
import { defaults, newRecipe, readRecipe } from "./recipe.js";
import { modelStore } from "./training-run.js";

/** Milliseconds of a step past which a device is given up. */
const PATIENCE = 5000;

const described = {
  ...modelOptions,
  vocabulary: { type: "string", description: "Different characters (Default: 65)", valueHint: "N" },
} as const;

const args = {
  device: { type: "string", default: "all", description: "all is wasm and webgpu", valueHint: "all|auto|wasm|webgpu" },
  model: { type: "string", description: "The folder of a saved model, instead of the options below", valueHint: "DIR" },
  ...described,
  seq: { type: "string", default: String(defaults.recurrent.seq), description: "Characters of a window", valueHint: "N" },
  batches: { type: "string", default: "1,4,16,64", description: "Windows of an update", valueHint: "N,N,.." },
  time: { type: "string", default: "2", description: "Seconds to measure for each device and size", valueHint: "S" },
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
    const context = numberOption("seq", args.seq, { low: 1, high: 2 ** 16, integer: true });
    const sizes = args.batches.split(",").map((size) => numberOption("batches", size, { low: 1, integer: true }));
    const batches = [...new Set(sizes)].sort((a, b) => a - b);
    const budget = 1000 * numberOption("time", args.time, { low: 0.001, high: 600 });
    const makeModel = modelMaker(args, context);

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
function modelMaker(
  args: { readonly model?: string | undefined; readonly vocabulary?: string | undefined },
  seq: number,
): () => Promise<Network> {
  const given: Readonly<Record<string, unknown>> = args;
  const { model: folder, vocabulary = "65" } = args;
  if (folder !== undefined) {
    const extra = Object.keys(described).find((name) => given[name] !== undefined);
    if (extra)
      throw new SeqgradError("value", `--${extra} and --model contradict each other: a saved model has its own; give one of them.`);
    return async () => {
      const { model } = await openLM(await modelStore(folder));
      if (model instanceof TransformerLM && seq > model.context) {
        const advice = `the model in ${folder} has a context of ${model.context}`;
        throw new SeqgradError("range", `--seq ${seq} is too long: ${advice}; give at most that.`);
      }
      return model.train();
    };
  }
  const vocab = numberOption("vocabulary", vocabulary, { low: 1, high: 2 ** 24, integer: true });
  const model = Object.fromEntries(Object.keys(modelOptions).map((name) => [name, given[name]]));
  const recipe = newRecipe({ ...readRecipe(model), seq });
  return async () => makeLM(recipe, vocab);
}

/** Adds a runner on a device, or tells why there is none. */
async function enter(name: string, makeModel: () => Promise<Network>, runners: Runner[]): Promise<Entry> {
  try {
    const device = await initDevice({ device: name });
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
  if (model) print(`${describeLM(model)}, ${model.parameterCount()} parameters, windows of ${length} characters`);
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
