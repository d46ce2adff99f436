import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);
const pick = (...items) => items[random.integer(items.length)];

// A word of a name is 1, another is 0. "May" is a name or a month: only the words before it say which.
function sentence() {
  const [who, whom] = [pick("Sarah", "Tom", "May"), pick("Michael", "Anna", "May")];
  const words = [who, pick("likes", "met", "saw"), whom, pick("Jackson", "Fox"), "in", pick("May", "June", "town")];
  return { words, labels: [1, 0, 1, 1, 0, 0] };
}
const T = 6;
const vocabulary = sg.text.Vocabulary.fromTokens(Array.from({ length: 200 }, () => sentence().words).flat());
const idsOf = (words) => words.map((word) => vocabulary.idOf(word));

const recurrent = control("network") === "recurrent";
const [embedding, rnn] = [new sg.nn.Embedding(vocabulary.size, 8), new sg.nn.RNN(8, 12)];
const alone = new sg.nn.Linear(8, 12); // the same size, and the same for every word, without a state
const head = new sg.nn.Linear(12, 2);
const layers = [embedding, recurrent ? rnn : alone, head];
const optimizer = new sg.optim.Adam(
  layers.flatMap((layer) => layer.parameters()),
  { lr: 1e-2 },
);

/** The scores of every word: [B, T, 2]. */
function forward(ids, B) {
  const x = embedding.forward(sg.tensor(Int32Array.from(ids), [B, T]));
  return head.forward(recurrent ? rnn.forward(x).output : sg.tanh(alone.forward(x)));
}

const examples = ["May met Michael Jackson in May", "Sarah likes May Fox in town"].map((text) => text.split(" "));
for (let step = 1; step <= 200; step++) {
  const batch = Array.from({ length: 16 }, sentence);
  const labels = sg.keep(sg.tensor(Int32Array.from(batch.flatMap((one) => one.labels)), [16, T]));
  // The loss of a sentence is the sum of the losses of its words.
  const loss = optimizer.step(() =>
    sg.mul(
      sg.crossEntropy(
        forward(
          batch.flatMap(({ words }) => idsOf(words)),
          16,
        ),
        labels,
      ),
      T,
    ),
  );
  show.line("Loss of a sentence", { training: await loss.read() }, step);
  labels.dispose();
  if (step % 5 > 0) continue;
  const flat = sg.scope(() => sg.noGrad(() => sg.softmax(forward(examples.flatMap(idsOf), 2)).dataSync()));
  const values = examples.map((_, b) => Array.from({ length: T }, (_, t) => flat[(b * T + t) * 2 + 1]));
  for (const [b, words] of examples.entries())
    show.matrix(`Is it a word of a name? Sentence ${b + 1}`, { rows: ["name"], columns: words, values: [values[b]], range: [0, 1] });
  show.answer(values[0][0] > 0.5 && values[0][5] < 0.5 ? "yes" : "no");
  await show.frame();
}
