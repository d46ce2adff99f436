/** Updates between two checkpoints of the run, and of the whole run. */
export const EVERY = 5;
export const STEPS = 80;

/**
 * A page and its program. `train` continues from where a store of that kind and name stands, in a worker or in the page itself, as a page
 * does that is opened again, and reports a line for each event; the last holds a digest of the weights.
 */
export const pageFiles: Readonly<Record<string, string>> = {
  "/": "<!doctype html><title>run</title>",
  "/program.js": `
import * as sg from "/dist/index.js";
globalThis.sg = sg;
globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    globalThis.worker = this;
  }
};
const text = "the cat sat on the mat. the dog sat on the log. ".repeat(20);
const options = { arch: "gru", hidden: 32, embed: 16, context: 16, dropout: 0.2, unit: "characters" };
async function inPage() {
  await sg.init({ deterministic: true });
  sg.manualSeed(1);
  return { tasks: sg.tasks };
}
const inWorker = () => sg.worker.start({ device: "wasm", deterministic: true, seed: 1 });
async function run({ kind, name, where, abortAt }, report) {
  const { tasks, close } = await (where === "worker" ? inWorker() : inPage());
  const store = sg.io[kind](name);
  const files = await store.list();
  const isThere = files.includes("config.json");
  const task = isThere ? await tasks.load(store) : await tasks.LanguageModel.create(text, options);
  if (!isThere) await task.save(store);
  const checkpoint = { store, every: ${EVERY}, resume: files.includes("training_state.safetensors") };
  const { signal, abort } = ((controller) => ({ signal: controller.signal, abort: () => controller.abort() }))(new AbortController());
  for await (const event of task.train(text, { steps: ${STEPS}, batch: 4, evaluateEvery: 20, checkpoint, signal })) {
    report(event.type + " " + (event.reason ?? event.step));
    if (event.type === "step" && event.step >= abortAt) abort();
  }
  const end = sg.io.memoryStore();
  await task.save(end);
  close?.();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await end.read("model.safetensors")));
  report("done " + Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""));
}
export const train = (settings, report) =>
  run(settings, report).catch(({ code, message }) => report("failed " + code + ": " + message));
`,
};

/** The numbers of the updates that a run reported. */
export const stepsIn = (lines: readonly string[]): number[] =>
  lines.filter((line) => line.startsWith("step ")).map((line) => Number(line.slice(5)));
