// The adding problem (Hochreiter and Schmidhuber 1997): a test of memory.
//
// Each step shows a number in [0, 1) and a mark, 0 or 1. Two of the 100 steps are marked, one in each half; at the end the network must
// say the sum of their numbers. Who always answers 1, the mean, has a squared error of 2/12: that is the score to beat.
//
//   number  0.3  0.9  0.4  0.7  0.1  0.6
//   mark     0    1    0    0    1    0    ->  0.9 + 0.1 = 1.0
import assert from "node:assert/strict";
import * as sg from "seqgrad";

const [B, H, T, steps] = [32, 32, 100, 1000];
await sg.init();
sg.manualSeed(1);
const random = new sg.RandomGenerator(1);

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

/**
 * A forget gate of sigmoid(log u) forgets over some u steps. Each unit gets a u of its own, up to T, and an input gate that lets in as
 * little as the other lets go (Tallec and Ollivier 2018): some units remember long from the start, and the gradient finds them.
 */
function spreadMemory(lstm) {
  const bias = new Float32Array(4 * H); // the gates i, f, g, o
  for (let unit = 0; unit < H; unit++) {
    const remembers = Math.log(1 + random.uniform() * (T - 2));
    bias[unit] = -remembers;
    bias[H + unit] = remembers;
  }
  lstm.weights.get("bias_ih_l0").write(bias);
  lstm.weights.get("bias_hh_l0").write(new Float32Array(4 * H));
  return lstm;
}

class Adder extends sg.nn.Module {
  lstm = spreadMemory(new sg.nn.LSTM(2, H));
  head = new sg.nn.Linear(H, 1);
  forward(x) {
    const { output } = this.lstm.forward(x); // [B, T, H]
    return this.head.forward(sg.select(output, -1, { axis: 1 })); // the answer is read at the last step alone
  }
}

const model = new Adder();
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 1e-2, clipNorm: 1 });
const scheduler = new sg.optim.Scheduler(optimizer, sg.optim.linearDecay(steps, 0.1));
const errorOf = ({ x, y }) => sg.mseLoss(model.forward(x), y);
const baseline = 2 / 12;

const print = (who, error) => console.log(`${who.padEnd(26)}  ${error.toFixed(4)}  ${"=".repeat(200 * error)}`);
console.log("                            mean squared error");
print("predicting 1 all the time", baseline);
for (let step = 1; step <= steps; step++) {
  scheduler.apply(step - 1);
  const loss = optimizer.step(() => errorOf(batch()));
  if (step % (steps / 10) === 0) print(`LSTM, step ${step}`, await loss.read());
}

const errors = Array.from({ length: 20 }, () => sg.scope(() => sg.noGrad(() => errorOf(batch()).itemSync())));
const error = errors.reduce((a, b) => a + b) / errors.length;
print(`LSTM, ${errors.length * B} fresh sequences`, error);
assert(error < 0.01, "the LSTM remembers both numbers");
