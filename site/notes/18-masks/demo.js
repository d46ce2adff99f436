import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);
const causal = control("mask") === "on";

// "the big red dog" -> "le gros chien rouge"
const english = "the big small old red green black dog cat bird horse".split(" ");
const french = "le gros petit vieux rouge vert noir chien chat oiseau cheval <SOS>".split(" ");
const sentences = (count) => Array.from({ length: count }, () => [0, 1 + random.integer(3), 4 + random.integer(3), 7 + random.integer(4)]);
const translate = ([the, size, color, noun]) => [the, size, noun, color];
const ints = (rows) => sg.tensor(Int32Array.from(rows.flat()), [rows.length, rows[0].length]);
const [D, SOS] = [32, french.indexOf("<SOS>")];

class Translator extends sg.nn.Module {
  source = new sg.nn.Embedding(english.length, D);
  target = new sg.nn.Embedding(french.length, D);
  positions = new sg.nn.SinusoidalPositionalEncoding(D);
  transformer = new sg.nn.Transformer(D, 1, { numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 64, dropout: 0 });
  head = new sg.nn.Linear(D, french.length);

  /** The scores of the word after each word of `read`. */
  forward(words, read) {
    const [x, y] = [this.source.forward(ints(words)), this.target.forward(ints(read))].map((e) => this.positions.forward(e));
    return this.head.forward(this.transformer.forward(x, y, { causal }));
  }
}
const model = new Translator();
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 3e-3 });

/** Word by word, each from the model's own words before it. */
function write(words) {
  let written = words.map(() => [SOS]);
  for (let i = 0; i < 4; i++) {
    const next = sg.scope(() => sg.noGrad(() => sg.argmax(model.forward(words, written), { axis: -1 }).dataSync()));
    written = written.map((row, b) => [...row, next[b * (i + 1) + i]]);
  }
  return written.map((row) => row.slice(1));
}

// Where the French words of a batch's first sentence look.
await model.capture(["decoder.layers.0.*.weights"], (name, { data, shape }) => {
  const [french, english] = ["<SOS> le gros chien", "the big red dog"].map((text) => text.split(" "));
  const [to, columns] = name.includes("self_attn") ? ["French", french] : ["English", english];
  const values = french.map((_, i) => Array.from(data.slice(4 * i, 4 * i + 4)));
  if (shape[2] === 4) show.matrix(`Looks at the ${to} words`, { rows: french, columns, values, range: [0, 1] });
});
const unseen = [[0, 1, 4, 7], ...sentences(49)];
for (let step = 1; step <= 200; step++) {
  const words = [[0, 1, 4, 7], ...sentences(15)]; // "the big red dog" first
  const answers = words.map(translate);
  const read = answers.map((row) => [SOS, ...row.slice(0, 3)]); // what the decoder reads in training
  const loss = optimizer.step(() => sg.crossEntropy(model.forward(words, read), ints(answers)));
  show.line("Loss", { training: await loss.read() }, step);
  if (step % 20 === 0) {
    const written = write(unseen);
    const right = unseen.filter((row, b) => translate(row).join() === written[b].join()).length / unseen.length;
    show.line("Written right on its own", { unseen: right }, step);
    show.answer(right > 0.9 ? "yes" : "no");
  }
  await show.frame();
}
