import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);

// The first of T symbols has to be named at the end.
const [B, T, SYMBOLS, H] = [16, 40, 4, 32];
const gain = control("gain");

const embedding = new sg.nn.Embedding(2 * SYMBOLS, 8);
const rnn = new sg.nn.RNN(8, H);
sg.nn.init.normal(rnn.weight("weight_hh_l0"), 0, gain / Math.sqrt(H)); // the largest eigenvalue of U is about the gain
const head = new sg.nn.Linear(H, SYMBOLS);
const optimizer = new sg.optim.SGD(
  [embedding, rnn, head].flatMap((layer) => layer.parameters()),
  { lr: 0.1, clipNorm: 1 },
);

let norms = [];
const capture = await rnn.capture(["hidden.gradientNorm"], (_, { data }) => {
  norms = Array.from(data);
});
for (let step = 1; step <= 300; step++) {
  const rows = Array.from({ length: B }, () => Array.from({ length: T }, (_, t) => random.integer(SYMBOLS) + (t > 0 ? SYMBOLS : 0)));
  const loss = optimizer.step(() => {
    const { output } = rnn.forward(embedding.forward(sg.tensor(Int32Array.from(rows.flat()), [B, T])));
    return sg.crossEntropy(head.forward(sg.select(output, -1, { axis: 1 })), sg.tensor(Int32Array.from(rows, ([first]) => first)));
  });
  show.line("Loss", { training: await loss.read() }, step);
  if (step > 1 && step % 5 > 0) continue;
  const left = norms[0] / norms[T - 1]; // of the error at the end, the part that arrives at the start
  show.line("log10 of what arrives at the first step", { gradient: Math.log10(Math.max(left, 1e-30)) }, step);
  const values = [norms.map((norm) => Math.log10(Math.max(norm, 1e-12)))];
  show.matrix("log10 of the norm of dL/dh_t, from the first step to the last", { rows: ["norm"], values, scale: "sequential" });
  if (step === 1) show.answer(left < 1e-3 ? "it vanishes" : left > 1e3 ? "it explodes" : "it holds");
  await show.frame();
}
await capture.stop();
