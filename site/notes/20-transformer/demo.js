import * as sg from "seqgrad";

const seed = 1;
await sg.init();
const random = new sg.RandomGenerator(seed);
const layers = control("layers");

// An encoder: eight digits -> the same digits, sorted. All positions are read, and written, at once.
const [T, D] = [8, 32];
const draw = () => Array.from({ length: T }, () => random.integer(10));
const ints = (rows) => sg.tensor(Int32Array.from(rows.flat()), [rows.length, T]);
const sorted = (rows) => rows.map((row) => [...row].sort());

class Sorter extends sg.nn.Module {
  embedding = new sg.nn.Embedding(10, D);
  positions = new sg.nn.SinusoidalPositionalEncoding(D);
  head = new sg.nn.Linear(D, 10);

  constructor(normFirst) {
    super();
    this.encoder = new sg.nn.TransformerEncoder(D, 2, { numLayers: layers, dimFeedforward: 64, dropout: 0, normFirst });
  }

  /** Digits [B, T] -> the scores of the digit at each place [B, T, 10]. */
  forward(rows) {
    return this.head.forward(this.encoder.forward(this.positions.forward(this.embedding.forward(ints(rows)))));
  }
}

const runs = ["norm first", "norm last"].map((name) => {
  sg.manualSeed(seed);
  const model = new Sorter(name === "norm first");
  return { name, model, optimizer: new sg.optim.Adam(model.parameters(), { lr: 1.5e-2 }), late: 0 };
});
const example = [[3, 1, 4, 1, 5, 9, 2, 6]];
for (let step = 1; step <= 300; step++) {
  const rows = Array.from({ length: 16 }, draw);
  for (const run of runs) {
    const loss = await run.optimizer.step(() => sg.crossEntropy(run.model.forward(rows), ints(sorted(rows)))).read();
    show.line("Loss", { [run.name]: loss }, step);
    if (step > 250) run.late += loss / 50;
  }
  if (step % 20 === 0) {
    const sort = ({ model }) => sg.scope(() => sg.noGrad(() => sg.argmax(model.forward(example), { axis: -1 }).dataSync().join(" ")));
    show.table(
      `${example[0].join(" ")}, sorted`,
      runs.map((run) => ({ model: run.name, output: sort(run) })),
    );
  }
  await show.frame();
}
const learned = runs.filter(({ late }) => late < 1).map(({ name }) => name);
show.answer(learned.length === 2 ? "both" : (learned[0] ?? "neither"));
