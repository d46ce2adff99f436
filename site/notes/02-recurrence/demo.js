import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const hidden = control("hidden"); // H, the units of the state
const [B, T] = [32, 12];

// The sum of what was read so far: without a memory nobody can write it down.
const rnn = new sg.nn.RNN(1, hidden);
const readout = new sg.nn.Linear(hidden, 1);
const optimizer = new sg.optim.Adam([...rnn.parameters(), ...readout.parameters()], { lr: 1e-2, clipNorm: 1 });
const random = new sg.RandomGenerator(seed);

function draw(count) {
  const x = Float32Array.from({ length: count * T }, () => random.uniform() - 0.5);
  const y = x.map((_, i) => x.slice(i - (i % T), i + 1).reduce((sum, value) => sum + value, 0));
  return [sg.tensor(x, [count, T, 1]), sg.tensor(y, [count, T, 1])];
}

const [unseen, sums] = draw(64).map((tensor) => sg.keep(tensor));
for (let step = 1; step <= 300; step++) {
  const loss = optimizer.step(() => {
    const [x, y] = draw(B);
    return sg.mseLoss(readout.forward(rnn.forward(x).output), y);
  });
  if (step % 10 > 0) continue;
  const error = sg.scope(() => sg.noGrad(() => sg.mseLoss(readout.forward(rnn.forward(unseen).output), sums).dataSync()[0]));
  show.line("Loss", { training: await loss.read(), unseen: error }, step);
  const states = sg.scope(() => sg.noGrad(() => rnn.forward(sg.slice(unseen, { axis: 0, end: 1 })).output.dataSync()));
  const values = Array.from({ length: hidden }, (_, unit) => Array.from({ length: T }, (_, t) => states[t * hidden + unit]));
  show.matrix("The state h_t of each unit over time", { values, scale: "diverging", range: [-1, 1] });
  show.answer(error < 0.05 ? "yes" : "no");
  await show.frame();
}
