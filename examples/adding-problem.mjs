// The adding problem (Hochreiter and Schmidhuber 1997): a test of memory.
//
// Each step shows a number in [0, 1) and a mark, 0 or 1. Two steps of the 30 are marked, one in each half; at the end the network
// must say the sum of their numbers. Who always answers 1, the mean, has a squared error of 2/12: that is the score to beat.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

const [B, T, H] = [64, 30, 32];
await sg.init();
sg.manualSeed(1);
const random = new sg.Generator(1);

/** x [B, T, 2]: number and mark; y [B, 1]: the sum. */
function batch() {
  const x = new Float32Array(B * T * 2);
  const y = new Float32Array(B);
  for (let b = 0; b < B; b++) {
    const marked = [random.integer(T / 2), T / 2 + random.integer(T / 2)];
    for (let t = 0; t < T; t++) {
      const at = (b * T + t) * 2;
      x[at] = random.uniform();
      x[at + 1] = Number(marked.includes(t));
      y[b] += x[at] * x[at + 1];
    }
  }
  return { x: sg.tensor(x, [B, T, 2]), y: sg.tensor(y, [B, 1]) };
}

class Adder extends sg.nn.Module {
  lstm = new sg.nn.LSTM(2, H).setForgetBias(Math.log(T));
  head = new sg.nn.Linear(H, 1);
  forward(x) {
    const { output } = this.lstm.forward(x); // [B, T, H]
    return this.head.forward(sg.select(output, 1, -1)); // the answer is read at the last step alone
  }
}

const model = new Adder();
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 2e-2, clipNorm: 1 });
const errorOf = ({ x, y }) => sg.mseLoss(model.forward(x), y);
const baseline = 2 / 12;

const print = (who, error) => console.log(`${who.padEnd(26)}  ${error.toFixed(4)}  ${"=".repeat(200 * error)}`);
console.log("                            mean squared error");
print("predicting 1 all the time", baseline);
for (let step = 1; step <= 600; step++) {
  const loss = optimizer.step(() => errorOf(batch()));
  if (step % 50 === 0) print(`LSTM, step ${step}`, await loss.read());
}

const errors = Array.from({ length: 10 }, () => sg.scope(() => sg.noGrad(() => errorOf(batch()).itemSync())));
const error = errors.reduce((a, b) => a + b) / errors.length;
print(`LSTM, ${errors.length * B} fresh sequences`, error);
assert(error < baseline / 10, "the LSTM remembers both numbers");
