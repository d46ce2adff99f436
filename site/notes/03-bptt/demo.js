import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);

// The first of T symbols has to be named at the end. All the others are noise.
const [B, T, SYMBOLS, H] = [32, 12, 4, 32];
const window = control("window"); // the steps that the error travels back

const embedding = new sg.nn.Embedding(2 * SYMBOLS, 8);
const rnn = new sg.nn.RNN(8, H);
const head = new sg.nn.Linear(H, SYMBOLS);
const optimizer = new sg.optim.Adam(
  [embedding, rnn, head].flatMap((layer) => layer.parameters()),
  { lr: 5e-3, clipNorm: 1 },
);

function draw() {
  const rows = Array.from({ length: B }, () => Array.from({ length: T }, (_, t) => random.integer(SYMBOLS) + (t > 0 ? SYMBOLS : 0)));
  return { rows, first: Int32Array.from(rows, ([symbol]) => symbol) };
}
const read = (rows, from, to, state) => {
  const part = Int32Array.from(rows.flatMap((row) => row.slice(from, to)));
  return rnn.forward(embedding.forward(sg.tensor(part, [B, to - from])), state ? { state } : {});
};

/** The scores at the end. Up to T - window the states are computed, and no gradient goes back into them. */
function forward(rows) {
  const begin = T - window;
  const state = begin > 0 ? sg.noGrad(() => read(rows, 0, begin).state) : undefined;
  return head.forward(sg.select(read(rows, begin, T, state).output, -1, { axis: 1 }));
}

let norms = [];
const capture = await rnn.capture(["hidden.gradientNorm"], (_, { data }) => {
  if (data.length === window) norms = Array.from(data);
});
for (let step = 1; step <= 400; step++) {
  const { rows, first } = draw();
  let right = 0;
  const loss = optimizer.step(() => {
    const scores = forward(rows);
    right =
      sg
        .argmax(scores, { axis: -1 })
        .dataSync()
        .filter((symbol, b) => symbol === first[b]).length / B;
    return sg.crossEntropy(scores, sg.tensor(first));
  });
  show.line("Loss", { training: await loss.read() }, step);
  if (step % 10 > 0) continue;
  show.line("Right", { "share of first symbols": right }, step);
  const values = [Array.from({ length: T }, (_, t) => norms[t - (T - window)] ?? 0)];
  const columns = values[0].map((_, t) => `t = ${t + 1}`);
  show.matrix("The norm of dL/dh_t: how much of the error arrives at step t", { rows: ["norm"], columns, values });
  show.answer(right > 0.9 ? "yes" : "no");
  await show.frame();
}
await capture.stop();
