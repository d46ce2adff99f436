import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);
const d = control("d");

// The noun decides the form of all words: "the big green dog" -> "le gros vert chien", of a house "la grosse verte maison".
const english = "the big small red green dog cat house car".split(" ");
const masculine = "le gros petit rouge vert chien chat".split(" ");
const feminine = "la grosse petite rouge verte - - maison voiture".split(" ");
const french = [...new Set([...masculine, ...feminine])];
const sentences = (count) => Array.from({ length: count }, () => [0, 1 + random.integer(2), 3 + random.integer(2), 5 + random.integer(4)]);
const translate = (words) => words.map((word) => french.indexOf((words[3] < 7 ? masculine : feminine)[word]));
const ints = (rows) => sg.tensor(Int32Array.from(rows.flat()), [rows.length, 4]);

class SelfAttention extends sg.nn.Module {
  embedding = new sg.nn.Embedding(english.length, d);
  Wq = new sg.nn.Linear(d, d, { bias: false });
  Wk = new sg.nn.Linear(d, d, { bias: false });
  Wv = new sg.nn.Linear(d, d, { bias: false });
  head = new sg.nn.Linear(d, french.length);

  constructor(divisor) {
    super();
    this.divisor = divisor;
    // Numbers of variance 1 in queries and keys, so that a score q . k has variance d.
    for (const { weight } of [this.Wq, this.Wk]) sg.nn.init.normal(weight, 0, 1 / Math.sqrt(d));
  }

  forward(words) {
    const e = this.embedding.forward(ints(words)); // [B, 4, d]
    const [q, k, v] = [this.Wq, this.Wk, this.Wv].map((W) => W.forward(e));
    const weights = sg.softmax(sg.div(sg.matmul(q, sg.transpose(k)), this.divisor));
    return { logits: this.head.forward(sg.matmul(weights, v)), weights };
  }
}
const columns = ["the", "big", "red", "dog"];
function draw(title, flat) {
  const values = [0, 4, 8, 12].map((start) => Array.from(flat.slice(start, start + 4)));
  show.matrix(title, { rows: columns, columns, values, range: [0, 1] });
}
draw("In the lecture notes", [0.71, 0.04, 0.07, 0.18, 0.01, 0.84, 0.02, 0.13, 0.09, 0.05, 0.62, 0.24, 0.03, 0.03, 0.03, 0.91]);
const models = { divided: new SelfAttention(Math.sqrt(d)), "not divided": new SelfAttention(1) };
const optimizers = Object.values(models).map((model) => new sg.optim.Adam(model.parameters(), { lr: 2e-3 }));
const late = [0, 0];
for (let step = 1; step <= 300; step++) {
  const words = sentences(32);
  for (const [i, [name, model]] of Object.entries(models).entries()) {
    const loss = await optimizers[i].step(() => sg.crossEntropy(model.forward(words).logits, ints(words.map(translate)))).read();
    show.line("Loss", { [name]: loss }, step);
    if (step > 250) late[i] += loss;
    if (step % 10 > 0) continue;
    const weights = sg.scope(() => sg.noGrad(() => model.forward([[0, 1, 3, 5]]).weights.dataSync()));
    draw(`Learned, ${name}`, weights);
  }
  await show.frame();
}
show.answer(Math.abs(late[0] - late[1]) < 0.1 * late[1] ? "about the same" : late[0] < late[1] ? "divided" : "not divided");
