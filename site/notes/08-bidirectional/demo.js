import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);
const pick = (...items) => items[random.integer(items.length)];

// A gap in a sentence: what he eats is said by the words after it.
const meals = { "in the morning": "toast", "at noon": "soup", "in the evening": "fish" };
function sentence() {
  const when = pick(...Object.keys(meals));
  const words = `${pick("He", "She", "Ann", "Tom")} likes eating _ ${when} ${pick("at home", "in town", "by the sea")}`.split(" ");
  return { words, answer: Object.values(meals).indexOf(meals[when]) };
}
const T = 9;
const pad = "<pad>";
const vocabulary = sg.text.Vocabulary.fromTokens(Array.from({ length: 300 }, () => sentence().words).flat(), { special: [pad] });
const idsOf = (words) => Array.from({ length: T }, (_, t) => vocabulary.idOf(words[t] ?? pad));

const bidirectional = control("directions") === "both";
const embedding = new sg.nn.Embedding(vocabulary.size, 8);
const rnn = new sg.nn.GRU(8, 12, { bidirectional });
const head = new sg.nn.Linear(bidirectional ? 24 : 12, 3);
const optimizer = new sg.optim.Adam(
  [embedding, rnn, head].flatMap((layer) => layer.parameters()),
  { lr: 1e-2 },
);

/** The scores of the three meals, from the state at the gap: h_3 forward, and h_3 of the layer that reads from the end. */
function forward(batch) {
  const x = sg.tensor(Int32Array.from(batch.flatMap(({ words }) => idsOf(words))), [batch.length, T]);
  return head.forward(sg.select(rnn.forward(embedding.forward(x)).output, 3, { axis: 1 }));
}

const unseen = Array.from({ length: 60 }, sentence);
for (let step = 1; step <= 200; step++) {
  const batch = Array.from({ length: 16 }, sentence);
  const loss = optimizer.step(() => sg.crossEntropy(forward(batch), sg.tensor(Int32Array.from(batch, ({ answer }) => answer))));
  show.line("Loss", { training: await loss.read() }, step);
  if (step % 5 > 0) continue;
  const flat = sg.scope(() => sg.noGrad(() => sg.softmax(forward(unseen)).dataSync()));
  const guess = (b) => [0, 1, 2].reduce((best, k) => (flat[3 * b + k] > flat[3 * b + best] ? k : best), 0);
  const right = unseen.filter(({ answer }, b) => guess(b) === answer).length / unseen.length;
  show.line("Right", { "share of gaps": right }, step);
  const rows = unseen.slice(0, 4).map(({ words }) => words.slice(3, 7).join(" "));
  const values = rows.map((_, b) => Array.from(flat.slice(3 * b, 3 * b + 3)));
  show.matrix("What is eaten", { rows, columns: Object.values(meals), values, range: [0, 1] });
  show.answer(right > 0.9 ? "yes" : "no");
  await show.frame();
}
