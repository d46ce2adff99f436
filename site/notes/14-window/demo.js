import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);
const window = control("window"); // T_x

// Word for word, but a color follows its noun: "the big red dog" -> "le gros chien rouge".
const english = "the and big small old red green black dog cat bird horse".split(" ");
const french = "le et gros petit vieux rouge vert noir chien chat oiseau cheval <SOS>".split(" ");
const clause = () => [0, 2 + random.integer(3), 5 + random.integer(3), 8 + random.integer(4)];
const sentences = (count) => Array.from({ length: count }, () => [...clause(), 1, ...clause(), 1, ...clause()]);
const translate = (words) => words.map((_, i) => words[i + [0, 0, 1, -1, 0][i % 5]]);
const ints = (rows) => sg.tensor(Int32Array.from(rows.flat()), [rows.length, rows[0].length]);

class Translator extends sg.nn.Module {
  source = new sg.nn.Embedding(english.length, 16);
  target = new sg.nn.Embedding(french.length, 16);
  decoder = new sg.nn.LSTM(16, 32);
  attention = new sg.nn.AdditiveAttention(32, 16, 16);
  head = new sg.nn.Linear(32 + 16, french.length);

  /** Scores of each French word after those before it, and alpha_ij, which is 0 outside the window. */
  forward(words, answers) {
    const h = this.source.forward(ints(words));
    const before = answers.map((row) => [french.indexOf("<SOS>"), ...row.slice(0, -1)]);
    const s = this.decoder.forward(this.target.forward(ints(before))).output;
    const { context, weights } = this.attention.forward(s, h, { window });
    return { logits: this.head.forward(sg.concat([s, context], { axis: -1 })), weights };
  }
}
const model = new Translator();
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 1e-2 });

const unseen = sentences(100);
const [N, answers] = [unseen[0].length, unseen.flatMap(translate)];
/** Draws the weights of an unseen sentence; returns the share of all unseen words that are right. */
function look() {
  const { logits, weights } = model.forward(unseen, unseen.map(translate));
  const [flat, guesses] = [weights.dataSync(), sg.argmax(logits, { axis: -1 }).dataSync()];
  const values = Array.from({ length: N }, (_, i) => Array.from(flat.slice(i * N, (i + 1) * N)));
  const [rows, columns] = [translate(unseen[0]).map((i) => french[i]), unseen[0].map((i) => english[i])];
  show.matrix("Where each French word looks", { rows, columns, values, range: [0, 1] });
  return answers.filter((word, i) => word === guesses[i]).length / answers.length;
}

for (let step = 1; step <= 200; step++) {
  const words = sentences(16);
  const loss = optimizer.step(() => sg.crossEntropy(model.forward(words, words.map(translate)).logits, ints(words.map(translate))));
  show.line("Loss", { training: await loss.read() }, step);
  if (step % 10 === 0) {
    const right = sg.scope(() => sg.noGrad(look));
    show.line("Right words", { unseen: right }, step);
    show.answer(right > 0.95 ? "yes" : "no");
  }
  await show.frame();
}
