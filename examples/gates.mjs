// Gates: how an LSTM holds a thing in mind.
//
//   c_t = f_t c_{t-1} + i_t g_t
//
// The first symbol of a sequence is to be named at its end; all symbols between are noise. A unit that holds it through 11 steps needs a
// forget gate f near 1: 0.95^11 is 0.57, 0.73^11 is 0.03. A capture shows the gates while the network learns and while it answers.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

const [B, T, SYMBOLS, H] = [32, 12, 4, 16];
await sg.init();
sg.manualSeed(1);
const random = new sg.RandomGenerator(1);

class FirstSymbol extends sg.nn.Module {
  embedding = new sg.nn.Embedding(2 * SYMBOLS, 8);
  lstm = new sg.nn.LSTM(8, H).setForgetBias(1);
  head = new sg.nn.Linear(H, SYMBOLS);

  forward(x) {
    return this.head.forward(sg.select(this.lstm.forward(this.embedding.forward(x)).output, -1, { axis: 1 }));
  }
}

/** The first of T symbols is one of 4, the others are of 4 others. */
function draw() {
  const rows = Array.from({ length: B }, () => Array.from({ length: T }, (_, t) => random.integer(SYMBOLS) + (t > 0 ? SYMBOLS : 0)));
  return { x: sg.tensor(Int32Array.from(rows.flat()), [B, T]), y: sg.tensor(Int32Array.from(rows, ([first]) => first)) };
}

/** The mean forget gate of each unit over rows and steps, from the smallest on; gates are [B, T, 4, H], in the order i, f, g, o. */
function forgetGates({ data }) {
  const means = new Array(H).fill(0);
  for (let row = 0; row < B * T; row++) for (let u = 0; u < H; u++) means[u] += data[(row * 4 + 1) * H + u] / (B * T);
  return means.sort((a, b) => a - b);
}

const bars = (values) => values.map((v) => "▁▂▃▄▅▆▇█"[Math.min(7, Math.floor(v * 8))]).join(" ");

const model = new FirstSymbol();
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 0.01 });
console.log("update  forget gates of the units, from 0 to 1");
let [gates, before] = [];
const training = await model.capture(["lstm.gates"], (_, value) => {
  gates = value;
});
for (let step = 0; step <= 300; step++) {
  const loss = await optimizer
    .step(() => {
      const { x, y } = draw();
      return sg.crossEntropy(model.forward(x), y);
    })
    .read();
  if (step === 0) before = forgetGates(gates);
  if (step % 100 === 0) console.log(`${String(step).padStart(6)}  ${bars(forgetGates(gates))}   loss ${loss.toFixed(3)}`);
}
await training.stop();

// Cells are what the formula makes of the gates.
const seen = {};
const capture = await model.capture(["lstm.gates", "lstm.cells"], (name, value) => {
  seen[name] = value;
});
const { x, y } = draw();
const right = sg.noGrad(() => sg.scope(() => sg.mean(sg.toFloat(sg.equal(sg.argmax(model.forward(x), { axis: -1 }), y)))));
await capture.stop();
const { "lstm.l0.gates": last, "lstm.l0.cells": cells } = seen;
for (let t = 1; t < T; t++)
  for (let u = 0; u < H; u++) {
    const [i, f, g] = [0, 1, 2].map((k) => last.data[(t * 4 + k) * H + u]);
    assert(Math.abs(cells.data[t * H + u] - (f * cells.data[(t - 1) * H + u] + i * g)) < 1e-5);
  }

const after = forgetGates(last);
console.log(
  `\n${((await right.item()) * 100).toFixed(0)} % are right. The longest memory: ${before.at(-1).toFixed(2)} before, ${after.at(-1).toFixed(2)} after.`,
);
assert((await right.item()) > 0.95, "the first symbol is remembered");
assert(before.at(-1) < 0.85 && after.at(-1) > 0.9, "units learn to hold it");
