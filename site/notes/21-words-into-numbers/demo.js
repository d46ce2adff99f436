import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);
const pick = (words) => words[random.integer(words.length)];

// A feature table by hand, and the cosine of each two of its rows.
const features = {
  king: [-1, 1, 0.7, 0],
  queen: [1, 1, 0.7, 0],
  boy: [-1, 0, -0.8, 0],
  girl: [1, 0, -0.8, 0],
  apple: [0, 0, 0, 1],
  mango: [0, 0, 0, 0.9],
};
const [words, vectors] = [Object.keys(features), Object.values(features)];
const diverging = { scale: "diverging", range: [-1, 1] };
show.matrix("A feature table", { rows: words, columns: ["gender", "royal", "age", "fruit"], values: vectors, ...diverging });
const values = vectors.map((a) => vectors.map((b) => sg.text.cosineOf(a, b)));
show.matrix("The cosine of two words", { rows: words, columns: words, values, ...diverging });

// Reviews: "the plot was not dull" is good (1), "the cast was not fun" is bad (0).
const [good, bad] = [
  ["good", "great", "lovely", "fun"],
  ["bad", "dull", "awful", "weak"],
];
function review() {
  const [praises, negated] = [random.integer(2), random.integer(2)];
  const text = `the ${pick(["plot", "music", "ending", "cast"])} was ${negated ? "not " : ""}${pick(praises ? good : bad)}`;
  return { text, label: praises === negated ? 0 : 1 };
}
const [train, unseen] = [200, 200].map((count) => Array.from({ length: count }, review));
const texts = (reviews) => reviews.map(({ text }) => text);
const tfidf = sg.text.TfIdf.fit(texts(train), { ngrams: [1, control("longest")] });
const rows = (reviews) => sg.tensor(tfidf.transform(texts(reviews)).toDense(), [reviews.length, tfidf.terms.length]);
const labels = sg.tensor(Int32Array.from(train, ({ label }) => label));

// One layer: the scores of both labels are weighted sums of a review's terms.
const layer = new sg.nn.Linear(tfidf.terms.length, 2);
const optimizer = new sg.optim.Adam(layer.parameters(), { lr: 0.03 });
const weigh = (reviews) => sg.scope(() => sg.noGrad(() => sg.argmax(layer.forward(rows(reviews)), { axis: -1 }).dataSync()));
for (let step = 1; step <= 200; step++) {
  const loss = optimizer.step(() => sg.crossEntropy(layer.forward(rows(train)), labels));
  show.line("Loss", { training: await loss.read() }, step);
  if (step % 10 === 0) {
    const guesses = weigh(unseen);
    const right = unseen.filter(({ label }, i) => label === guesses[i]).length / unseen.length;
    show.line("Right labels", { unseen: right }, step);
    show.answer(right > 0.95 ? "yes" : "no");
  }
  await show.frame();
}
