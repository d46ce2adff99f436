import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);
const heads = control("heads");

// Who chases whom? The verb has to fetch two words at once.
const nouns = ["dog", "cat", "bird", "horse", "fox", "hen", "cow", "mouse"];
const vocabulary = [...nouns, "the", "chases"];
const columns = "the dog chases the cat".split(" ");
const sentences = (count) => Array.from({ length: count }, () => [8, random.integer(nouns.length), 9, 8, random.integer(nouns.length)]);
const ints = (rows) => sg.tensor(Int32Array.from(rows.flat()), [rows.length, rows[0].length]);
const D = 24;

class Reader extends sg.nn.Module {
  embedding = new sg.nn.Embedding(vocabulary.length, D);
  positions = new sg.nn.LearnedPositionalEmbedding(columns.length, D);
  attention = new sg.nn.MultiheadAttention(D, heads);
  who = new sg.nn.Linear(D, nouns.length);
  whom = new sg.nn.Linear(D, nouns.length);

  /** The scores of both answers [B, 2, nouns], from the vector that attention makes of the verb. */
  forward(words) {
    const e = this.positions.forward(this.embedding.forward(ints(words)));
    const verb = sg.slice(e, { axis: 1, start: 2, end: 3 });
    const { output, weights } = this.attention.forwardWithWeights(verb, { key: e });
    const z = sg.squeeze(output, { axis: 1 });
    return { logits: sg.stack([this.who.forward(z), this.whom.forward(z)], { axis: 1 }), weights };
  }
}
const model = new Reader();
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 5e-3 });
const answers = (words) => words.map((row) => [row[1], row[4]]);

const unseen = [columns.map((word) => vocabulary.indexOf(word)), ...sentences(199)];
/** Draws where the heads look in the first unseen sentence; returns the share with both answers right. */
function look() {
  const { logits, weights } = model.forward(unseen);
  const flat = weights.dataSync(); // [B, N, 1, 5]
  const rows = Array.from({ length: heads }, (_, n) => `head ${n + 1}`);
  const values = rows.map((_, n) => Array.from(flat.slice(5 * n, 5 * n + 5)));
  show.matrix("Where each head looks from the verb", { rows, columns, values, range: [0, 1] });
  const guesses = sg.argmax(logits, { axis: -1 }).dataSync();
  return unseen.filter((row, i) => row[1] === guesses[2 * i] && row[4] === guesses[2 * i + 1]).length / unseen.length;
}

for (let step = 1; step <= 300; step++) {
  const words = sentences(32);
  const loss = optimizer.step(() => sg.crossEntropy(model.forward(words).logits, ints(answers(words))));
  show.line("Loss", { training: await loss.read() }, step);
  if (step % 10 === 0) {
    const right = sg.scope(() => sg.noGrad(look));
    show.line("Both answers right", { unseen: right }, step);
    show.answer(right > 0.9 ? "yes" : "no");
  }
  await show.frame();
}
