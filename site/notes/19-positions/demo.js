import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);
const amplitude = control("amplitude");
const [T, D] = [12, 32];

// Two animals stand among other words. Which one comes first?
const animals = ["dog", "cat", "bird", "horse", "fox", "hen"];
const others = ["and", "then", "here", "there"];
function sentence() {
  const words = Array.from({ length: T }, () => animals.length + random.integer(others.length));
  const [first, second] = random.shuffle(animals.map((_, i) => i));
  const places = random.shuffle(words.map((_, p) => p)).slice(0, 2);
  words[Math.min(...places)] = first;
  words[Math.max(...places)] = second;
  return { words, first };
}
const sentences = (count) => Array.from({ length: count }, sentence);
const answers = (batch) => sg.tensor(Int32Array.from(batch, ({ first }) => first));

// PE(p, 2i) = sin(p / 10000^(2i/D)), PE(p, 2i + 1) = cos(p / 10000^(2i/D))
const encode = (p, k) => (k % 2 === 0 ? Math.sin : Math.cos)(p / 10000 ** ((k - (k % 2)) / D));
const encoding = Array.from({ length: T }, (_, p) => Array.from({ length: D }, (_, k) => amplitude * encode(p, k)));
const rows = encoding.map((_, p) => `${p}`);
show.matrix("The encoding of each position", { rows, values: encoding, scale: "diverging", range: [-1, 1] });

class First extends sg.nn.Module {
  embedding = new sg.nn.Embedding(animals.length + others.length, D);
  layer = new sg.nn.TransformerEncoderLayer(D, 4, { dimFeedforward: 64, dropout: 0 });
  head = new sg.nn.Linear(D, animals.length);

  /** The scores of the animals, from the mean of what one layer makes of the words. */
  forward(batch) {
    const tokens = sg.tensor(Int32Array.from(batch.flatMap(({ words }) => words)), [batch.length, T]);
    const x = sg.add(this.embedding.forward(tokens), sg.fromArray(encoding));
    return this.head.forward(sg.mean(this.layer.forward(x), { axis: 1 }));
  }
}
const model = new First();
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 3e-3 });
const unseen = sentences(300);
for (let step = 1; step <= 300; step++) {
  const batch = sentences(32);
  const loss = optimizer.step(() => sg.crossEntropy(model.forward(batch), answers(batch)));
  show.line("Loss", { training: await loss.read() }, step);
  if (step % 20 === 0) {
    const guesses = sg.scope(() => sg.noGrad(() => sg.argmax(model.forward(unseen), { axis: -1 }).dataSync()));
    const right = unseen.filter(({ first }, i) => first === guesses[i]).length / unseen.length;
    show.line("Right answers", { unseen: right }, step);
    show.answer(right > 0.8 ? "yes" : "no");
  }
  await show.frame();
}
