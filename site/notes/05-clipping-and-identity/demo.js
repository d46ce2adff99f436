import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);

// T numbers, and two of them are marked: what is their sum? The network must carry the first one to the end.
const [B, T, H] = [32, 20, 32];
const remedy = control("remedy");

const rnn = remedy === "identity" ? sg.nn.identityRNN(2, H) : new sg.nn.RNN(2, H);
const readout = new sg.nn.Linear(H, 1);
if (remedy !== "identity") sg.nn.init.normal(rnn.weight("weight_hh_l0"), 0, 1.5 / Math.sqrt(H)); // large: gradients may explode
const parameters = [rnn, readout].flatMap((layer) => layer.parameters());
const optimizer = new sg.optim.SGD(parameters, { lr: 0.02, momentum: 0.9 });

function draw() {
  const x = new Float32Array(B * T * 2);
  const y = new Float32Array(B);
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) x[(b * T + t) * 2] = random.uniform();
    for (const t of [random.integer(T / 2), T / 2 + random.integer(T / 2)]) {
      x[(b * T + t) * 2 + 1] = 1;
      y[b] += x[(b * T + t) * 2];
    }
  }
  return { x: sg.tensor(x, [B, T, 2]), y: sg.tensor(y, [B, 1]) };
}

const recent = [];
for (let step = 1; step <= 4000; step++) {
  const [loss, norm] = sg.scope(() => {
    const { x, y } = draw();
    const error = sg.mseLoss(readout.forward(sg.select(rnn.forward(x).output, -1, { axis: 1 })), y);
    error.backward();
    return [error.dataSync()[0], sg.optim.clipGradNorm(parameters, remedy === "none" ? 1e30 : 1)];
  });
  optimizer.step();
  optimizer.zeroGrad();
  recent.push(loss);
  if (step % 20 > 0) continue;
  show.line("Loss", { training: Math.min(loss, 1), "always 1": 1 / 6 }, step);
  show.line("log10 of the gradient's norm, before clipping", { norm: Math.log10(Math.max(norm, 1e-6)) }, step);
  const median = recent.slice(-51).sort((a, b) => a - b)[25];
  show.answer(median < 0.05 ? "yes" : "no");
  await show.frame();
}
