// A tiny GPT: a decoder-only Transformer (Radford et al. 2019) that reads a text, learns which character follows, and writes on.
//   node examples/gpt.mjs
//   node examples/gpt.mjs --full FILE
//
//   characters -> embedding + position -> N x [norm, masked attention, +; norm, feed-forward, +] -> norm -> scores
//
// Without options it learns the sample that comes with the package, in ten seconds. With --full it is the recipe that nanoGPT gives
// for a CPU (4 layers of 4 heads, 128 wide, 2,000 steps), on a text of your own: on Shakespeare's plays ("tinyshakespeare", a million
// characters) the loss on the last tenth, which it has not read, comes to 1.894 nats a character in four minutes (Node 24).
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import * as sg from "seqgrad";

const [option, file] = process.argv.slice(2);
const isFull = option === "--full";
if (option !== undefined && !(isFull && file)) throw new Error("usage: node examples/gpt.mjs [--full FILE]");
const recipe = isFull
  ? { layers: 4, heads: 4, hidden: 128, context: 64, batch: 12, steps: 2000, warmup: 100, lr: 1e-3 }
  : { layers: 2, heads: 4, hidden: 64, context: 64, batch: 12, steps: 400, warmup: 40, lr: 4e-3 };
const { layers, heads, hidden, context, batch, steps, warmup, lr } = recipe;

await sg.init();
sg.manualSeed(1);
const text = isFull ? sg.text.decodeText(await readFile(file), file) : sg.data.sampleText;
const tokenizer = sg.text.CharTokenizer.fromText(text);
const { train, validation } = sg.data.splitTokens(tokenizer.encode(text), 0.1);
const windows = new sg.data.RandomWindows(train, { batch, context, seed: 1 });

// The scores of the next character are products with the table that the characters came from: tied weights.
const model = new sg.models.TransformerLM({ vocab: tokenizer.size, context, layers, heads, hidden });
console.log(`${text.length} characters, ${tokenizer.size} different; ${model.parameterCount()} parameters`);

// Weight decay is for matrices; biases and norms have none.
const parameters = [...model.namedParameters()];
const groups = [
  { params: parameters.filter(([, p]) => p.rank > 1), options: { weightDecay: 0.1 } },
  { params: parameters.filter(([, p]) => p.rank === 1), options: { weightDecay: 0 } },
];
const optimizer = new sg.optim.AdamW(groups, { lr, betas: [0.9, 0.99], clipNorm: 1 });
const rise = sg.optim.linearWarmup(warmup, 1 / (warmup + 1));
const schedule = sg.optim.sequence([rise, warmup], [sg.optim.cosine(steps - warmup, 0.1), steps - warmup]);

/** The mean loss over all of the validation text, in nats a character. */
async function validate() {
  let sum = 0;
  for (const batch of sg.data.consecutiveWindows(validation, { batch: 32, context })) {
    const { loss } = sg.scope(() => sg.noGrad(() => model.loss(batch)));
    sum += batch.y.length * (await loss.item());
    loss.dispose();
  }
  return sum / (validation.length - 1);
}

const evaluate = { every: steps / 5, run: validate };
let loss = Number.NaN;
for await (const event of sg.fit(model, windows, { optimizer, schedule, steps, evaluate })) {
  if (event.type !== "evaluation") continue;
  loss = event.value;
  console.log(`step ${String(event.step).padStart(4)}  validation loss ${loss.toFixed(3)}  ${"=".repeat(16 * loss)}`);
}

// Each character is read once: keys and values of all before it are in a cache.
const prompt = text.slice(0, text.indexOf("\n") + 1);
let written = prompt;
const start = performance.now();
const options = { maxTokens: 400, temperature: 0.8, topK: 40, seed: 1 };
for await (const token of sg.generate(model.eval(), tokenizer.encode(prompt), options)) written += tokenizer.decode([token]);
console.log(`\n${written}\n\n${Math.round((1000 * options.maxTokens) / (performance.now() - start))} characters a second`);

assert(loss < (isFull ? 1.92 : 1.3), "it predicts text that it has not read");
