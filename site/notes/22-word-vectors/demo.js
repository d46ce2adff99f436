import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);
const window = control("window");
const pick = (text) => random.shuffle(text.split(" "))[0];

const senses = [
  () => `${pick("she he")} ${pick("took kept")} the ${pick("money loan cheque")} ${pick("to in at")} the bank of the ${pick("city firm")}`,
  () => `the ${pick("boat heron fisher")} ${pick("lay stood")} ${pick("by on near")} the bank of the ${pick("river stream lake")}`,
];
const sentences = Array.from({ length: 600 }, (_, i) => senses[i % 2]().split(" "));
const vocabulary = sg.text.Vocabulary.fromTokens(sentences.flat(), { special: ["<pad>", "<mask>"] });
const rows = sentences.map((words) => words.map((word) => vocabulary.idOf(word)));
const vocab = vocabulary.size;
const draw = (items, length) => Array.from({ length }, () => items[random.integer(items.length)]);

// Static, as word2vec: the vector of a word predicts the words up to `window` places away.
const near = (row, i) => row.filter((_, j) => j !== i && Math.abs(i - j) <= window);
const pairs = rows.flatMap((row) => row.flatMap((center, i) => near(row, i).map((other) => [center, other])));
const [embedding, output] = [new sg.nn.Embedding(vocab, 8), new sg.nn.Linear(8, vocab, { bias: false })];
sg.nn.init.normal(embedding.weight, 0, 0.1);
const adam = new sg.optim.Adam([embedding.weight, output.weight], { lr: 0.02 });
const shown = ["money", "loan", "cheque", "boat", "heron", "fisher", "river", "stream", "lake", "bank"];
const part = (flat, D, at) => flat.slice(D * at, D * at + D);
for (let step = 1; step <= 300; step++) {
  const batch = draw(pairs, 256);
  const [centers, others] = [0, 1].map((k) => Int32Array.from(batch, (pair) => pair[k]));
  const loss = adam.step(() => sg.crossEntropy(output.forward(embedding.forward(sg.tensor(centers))), sg.tensor(others)));
  show.line("Loss of word2vec", { training: await loss.read() }, step);
  if (step % 20 === 0) {
    const vectors = shown.map((word) => part(embedding.weight.dataSync(), 8, vocabulary.idOf(word)));
    const values = vectors.map((a) => vectors.map((b) => sg.text.cosineOf(a, b)));
    show.matrix("Cosine of static vectors", { rows: shown, columns: shown, values, scale: "diverging", range: [-1, 1] });
  }
  await show.frame();
}

// Contextual, as BERT: a model of the whole sentence fills in hidden words.
const model = new sg.models.MaskedLM({ vocab, context: 12, layers: 1, heads: 2, hidden: 32, dropout: 0 });
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 3e-3, clipNorm: 1 });
for (let step = 1; step <= 300; step++) {
  const hidden = sg.data.maskTokens(sg.data.padRows(draw(rows, 16)), { vocab, mask: 1, from: 2, share: 0.2 }, random);
  show.line("Loss of hidden words", { training: await optimizer.step(() => model.loss(hidden).loss).read() }, step);
  await show.frame();
}
const eight = [0, 2, 4, 6, 1, 3, 5, 7].map((i) => rows[i]); // four of money, four of rivers
const { data, shape, lengths } = sg.data.padRows(eight);
const encoded = sg.scope(() => sg.noGrad(() => model.eval().encode(sg.tensor(data, shape), { lengths }).dataSync()));
const banks = eight.map((row, b) => part(encoded, 32, b * shape[1] + row.indexOf(vocabulary.idOf("bank"))));
const values = banks.map((a) => banks.map((b) => sg.text.cosineOf(a, b)));
const labels = banks.map((_, i) => (i < 4 ? "money" : "river"));
show.matrix("Cosine of bank in eight sentences", { rows: labels, columns: labels, values });
const mean = (numbers) => numbers.reduce((sum, n) => sum + n) / numbers.length;
const same = mean(values.flatMap((row, i) => row.filter((_, j) => i !== j && labels[i] === labels[j])));
const across = mean(values.flatMap((row, i) => row.filter((_, j) => labels[i] !== labels[j])));
show.text("Mean cosine of two banks", `of one sense ${same.toFixed(2)}, of two senses ${across.toFixed(2)}; static vectors: always 1`);
show.answer(same > across + 0.03 ? "yes" : "no");
