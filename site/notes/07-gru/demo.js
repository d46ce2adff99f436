import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);

// The first of T symbols has to be named at the end. All the others are noise.
const [B, T, SYMBOLS, H] = [32, 30, 4, 16];

const embedding = new sg.nn.Embedding(2 * SYMBOLS, 8);
const gru = new sg.nn.GRU(8, H);
// The gates stand in the order r, z, n; the biases of z decide how much of the state stays at first.
const bias = new Float32Array(3 * H).fill(control("bias"), H, 2 * H);
gru.weight("bias_ih_l0").write(bias);
const head = new sg.nn.Linear(H, SYMBOLS);
const optimizer = new sg.optim.Adam(
  [embedding, gru, head].flatMap((layer) => layer.parameters()),
  { lr: 1e-2, clipNorm: 1 },
);

let gates = []; // [B, T, 3, H]
const capture = await gru.capture(["gru.gates"], (_, { data }) => {
  gates = data;
});
const rowsOf = (at) => Array.from({ length: H }, (_, u) => Array.from({ length: T }, (_, t) => at(t, u)));
const recent = [];
for (let step = 1; step <= 300; step++) {
  const rows = Array.from({ length: B }, () => Array.from({ length: T }, (_, t) => random.integer(SYMBOLS) + (t > 0 ? SYMBOLS : 0)));
  const first = Int32Array.from(rows, ([symbol]) => symbol);
  const loss = optimizer.step(() => {
    const { output } = gru.forward(embedding.forward(sg.tensor(Int32Array.from(rows.flat()), [B, T])));
    const scores = head.forward(sg.select(output, -1, { axis: 1 }));
    recent.push(
      sg
        .argmax(scores, { axis: -1 })
        .dataSync()
        .filter((symbol, b) => symbol === first[b]).length / B,
    );
    return sg.crossEntropy(scores, sg.tensor(first));
  });
  show.line("Loss", { training: await loss.read() }, step);
  if (step % 10 > 0) continue;
  const right = recent.slice(-10).reduce((sum, share) => sum + share / 10, 0);
  show.line("Right", { "share of first symbols": right }, step);
  show.matrix("Update gates z: units by steps", { values: rowsOf((t, u) => gates[(t * 3 + 1) * H + u]), range: [0, 1] });
  show.matrix("Reset gates r: units by steps", { values: rowsOf((t, u) => gates[t * 3 * H + u]), range: [0, 1] });
  show.answer(right > 0.9 ? "yes" : "no");
  await show.frame();
}
await capture.stop();
