// Sequence -> sequence, aligned: which words name a person?
//
//   sarah likes michael jackson
//     1     0      1       1
//
// There is an answer y_t for every step, and the loss is the sum of the losses of the steps. Sentences differ in length: what pads a
// short row has the target IGNORE, which counts for nothing. Some words are names only in their place ("will may mark the rose"), so
// the tagger reads both ways.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

const IGNORE = -100; // crossEntropy's default ignoreIndex
await sg.init();
sg.manualSeed(1);
const random = new sg.RandomGenerator(1);
const pick = (text) => {
  const words = text.split(" ");
  return words[random.integer(words.length)];
};

/** A person of one or two words, tagged 1. */
const person = () => {
  const first = [pick("sarah michael mark will may rose"), 1];
  return random.integer(2) ? [first] : [first, [pick("jackson smith may rose brown"), 1]];
};
const thing = () => [
  ["the", 0],
  [pick("rose mark dog book bread will"), 0],
];
const clause = () =>
  [
    () => [...person(), [pick("likes sees knows"), 0], ...person()],
    () => [...person(), [pick("will may can"), 0], [pick("see mark like"), 0], ...thing()],
    () => [...thing(), [pick("likes marks bores"), 0], ...person()],
  ][random.integer(3)]();
const sentence = () => (random.integer(3) ? clause() : [...clause(), ["and", 0], ...clause()]);

const words = new Set(Array.from({ length: 500 }, sentence).flatMap((tagged) => tagged.map(([word]) => word)));
const vocabulary = ["<pad>", ...words];

/** tokens and targets int32 [B, T], padded at the end of each row; lengths [B]. */
function batchOf(sentences) {
  const lengths = sentences.map((tagged) => tagged.length);
  const shape = [sentences.length, Math.max(...lengths)];
  const padded = (value) =>
    sg.tensor(Int32Array.from(sentences.flatMap((tagged) => Array.from({ length: shape[1] }, (_, t) => value(tagged[t])))), shape);
  return {
    tokens: padded((word) => (word ? vocabulary.indexOf(word[0]) : 0)),
    targets: padded((word) => (word ? word[1] : IGNORE)),
    lengths,
  };
}

class Tagger extends sg.nn.Module {
  embedding = new sg.nn.Embedding(vocabulary.length, 16, { paddingIndex: 0 });
  lstm = new sg.nn.LSTM(16, 32, { bidirectional: true });
  head = new sg.nn.Linear(2 * 32, 2);

  /** tokens [B, T] -> logits [B, T, 2]: the same head at every step. */
  forward(tokens, lengths) {
    return this.head.forward(this.lstm.forward(this.embedding.forward(tokens), { lengths }).output);
  }

  /** L = the sum over the steps of L_t, averaged over the sentences. */
  loss({ tokens, targets, lengths }) {
    const total = sg.crossEntropy(this.forward(tokens, lengths), targets, { ignoreIndex: IGNORE, reduction: "sum" });
    return sg.div(total, lengths.length);
  }
}

const model = new Tagger();
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 1e-2, clipNorm: 1 });
for (let step = 1; step <= 120; step++) {
  const loss = optimizer.step(() => model.loss(batchOf(Array.from({ length: 32 }, sentence))));
  if (step % 30 === 0) console.log(`step ${String(step).padStart(3)}  loss of a sentence ${(await loss.read()).toFixed(3)}`);
}

/** The likelier tag of every word: [B][T]. */
async function predict(sentences) {
  const tags = sg.scope(() =>
    sg.noGrad(() => {
      const { tokens, lengths } = batchOf(sentences);
      return sg.argmax(model.forward(tokens, lengths), { axis: -1 }); // [B, T]
    }),
  );
  const flat = await tags.data();
  const [, T] = tags.shape;
  tags.dispose();
  return sentences.map((tagged, b) => Array.from(flat.subarray(b * T, b * T + tagged.length)));
}

const shown = [
  "sarah likes michael jackson",
  "will may mark the rose",
  "may will see the mark",
  "the rose likes rose may and mark can like the will",
];
const tagsShown = await predict(shown.map((text) => text.split(" ").map((word) => [word, 0])));
for (const [i, text] of shown.entries()) {
  const split = text.split(" ");
  console.log(`\n  ${text}\n  ${split.map((word, t) => String(tagsShown[i][t]).padEnd(word.length)).join(" ")}`);
}

const fresh = Array.from({ length: 300 }, sentence);
const predicted = await predict(fresh);
const right = fresh.map((tagged, b) => tagged.filter(([, tag], t) => predicted[b][t] === tag).length).reduce((a, b) => a + b);
const accuracy = right / fresh.reduce((n, tagged) => n + tagged.length, 0);
console.log(`\nwords tagged right in 300 fresh sentences: ${(100 * accuracy).toFixed(1)} %`);
assert(accuracy > 0.98, "the tagger knows names by their place");
