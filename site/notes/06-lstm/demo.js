import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);

// The first of T symbols has to be named at the end. All the others are noise.
const [B, T, SYMBOLS, H] = [32, 30, 4, 16];

const embedding = new sg.nn.Embedding(2 * SYMBOLS, 8);
const lstm = new sg.nn.LSTM(8, H).setForgetBias(control("bias"));
const head = new sg.nn.Linear(H, SYMBOLS);
const optimizer = new sg.optim.Adam(
  [embedding, lstm, head].flatMap((layer) => layer.parameters()),
  { lr: 1e-2, clipNorm: 1 },
);

const seen = {};
const capture = await lstm.capture(["lstm.gates", "lstm.cells"], (name, { data }) => {
  seen[name.split(".").at(-1)] = data; // gates are [B, T, 4, H] in the order i, f, g, o; cells are [B, T, H]
});
const rowsOf = (at) => Array.from({ length: H }, (_, u) => Array.from({ length: T }, (_, t) => at(t, u)));
const recent = [];
for (let step = 1; step <= 300; step++) {
  const rows = Array.from({ length: B }, () => Array.from({ length: T }, (_, t) => random.integer(SYMBOLS) + (t > 0 ? SYMBOLS : 0)));
  const first = Int32Array.from(rows, ([symbol]) => symbol);
  const loss = optimizer.step(() => {
    const { output } = lstm.forward(embedding.forward(sg.tensor(Int32Array.from(rows.flat()), [B, T])));
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
  const { gates, cells } = seen;
  show.matrix("Forget gates: units by steps", { values: rowsOf((t, u) => gates[(t * 4 + 1) * H + u]), range: [0, 1] });
  show.matrix("Cell states: units by steps", { values: rowsOf((t, u) => Math.tanh(cells[t * H + u])), scale: "diverging", range: [-1, 1] });
  show.answer(right > 0.9 ? "yes" : "no");
  await show.frame();
}
await capture.stop();
