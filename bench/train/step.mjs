// A whole training step of a character model (forward, backward, clipping, AdamW): seqgrad beside native PyTorch on one thread, step
// by step in turn, so that both see the same machine. `npm run build && node bench/train/step.mjs [--steps 40]`
// PyTorch is looked for in $SEQGRAD_PYTHON, else in python3; without it seqgrad's time stands alone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import v8 from "node:v8";
import * as sg from "seqgrad";

const { values } = parseArgs({ options: { steps: { type: "string", default: "40" } } });
const vocabulary = 65;
const cases = ["lstm", "gru", "rnn"].flatMap((cell) => [
  { cell, embed: 32, hidden: 64, batch: 1, length: 32 },
  { cell, embed: 64, hidden: 128, batch: 8, length: 32 },
  { cell, embed: 64, hidden: 256, batch: 32, length: 64 },
]);

const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];

/** A function that does one step and answers its milliseconds. */
function seqgradStep({ cell, embed, hidden, batch, length }) {
  const model = new sg.models.RecurrentLM({ vocabularySize: vocabulary, cell, embed, hidden });
  const optimizer = new sg.optim.AdamW(model.parameters(), { lr: 2e-3, betas: [0.9, 0.99], weightDecay: 0, clipNorm: 1 });
  const tokens = Int32Array.from({ length: 20_000 }, () => Math.random() * vocabulary);
  const windows = new sg.RandomWindows(tokens, { batchSize: batch, sequenceLength: length, seed: 1 });
  let i = 0;
  return () => {
    const data = windows.batch(i++);
    const start = performance.now();
    optimizer.step(() => model.loss(data).loss);
    return performance.now() - start;
  };
}

async function torchStep({ cell, embed, hidden, batch, length }) {
  const script = fileURLToPath(new URL("step.py", import.meta.url));
  const child = spawn(process.env.SEQGRAD_PYTHON ?? "python3", [script, cell, vocabulary, embed, hidden, batch, length], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = once(child, "error").then(() => ({ done: true }));
  child.on("error", () => {});
  const version = await Promise.race([lines.next(), failed]);
  if (version.done) return undefined;
  return {
    version: version.value,
    step: async () => {
      child.stdin.write("\n");
      return Number((await lines.next()).value);
    },
    end: () => child.stdin.end(),
  };
}

if (process.versions.node.startsWith("20.")) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
const device = await sg.init();
const rows = [];
for (const shape of cases) {
  const step = seqgradStep(shape);
  const torch = await torchStep(shape);
  // V8 compiles hot functions by their count of calls.
  for (let i = 0; i < 30; i++) step();
  for (let i = 0; torch && i < 10; i++) await torch.step();
  const [ours, theirs] = [[], []];
  for (let i = 0; i < Number(values.steps); i++) {
    ours.push(step());
    if (torch) theirs.push(await torch.step());
  }
  torch?.end();
  const { cell, embed, hidden, batch, length } = shape;
  rows.push({
    step: `${cell} I${embed} H${hidden} B${batch} T${length}`,
    "seqgrad ms": median(ours).toFixed(2),
    "PyTorch ms": torch ? median(theirs).toFixed(2) : "not there",
    "PyTorch / seqgrad": torch ? (median(theirs) / median(ours)).toFixed(2) : "",
  });
}
console.log(`Node ${process.versions.node}, ${device.info}, medians of ${values.steps} steps in turn`);
console.table(rows);
