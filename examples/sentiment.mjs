// Sequence -> vector: is the sentence good or bad?
//
// An LSTM reads the words one by one; its last state h_T stands for the whole sentence, and one linear layer makes of it the scores
// of the two classes. A sum of word vectors could not do this: "not" turns whatever comes after it.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

await sg.init();
sg.manualSeed(1);
const random = new sg.RandomGenerator(1);
const pick = (items) => items[random.integer(items.length)];

const subjects = ["the main character", "the plot", "the music", "the whole film", "the ending", "the cast of actors"];
const good = ["rocked", "was good", "was great", "was lovely", "shone"];
const bad = ["sucked", "was bad", "was awful", "was dull", "failed"];

/** "the plot was not good": the class is 0 for good, 1 for bad. */
function sentence() {
  const praise = random.integer(2) === 0;
  const verdict = pick(praise ? good : bad);
  const negated = random.integer(2) === 0;
  const words = !negated ? verdict : verdict.startsWith("was ") ? verdict.replace("was", "was not") : `not once ${verdict}`;
  return { words: `${pick(subjects)} ${words}`.split(" "), label: Number(praise === negated) };
}

const vocabulary = ["<pad>", ...new Set([...subjects, ...good, ...bad, "not once"].flatMap((s) => s.split(" ")))];

/** Sentences of different lengths as one tensor [B, T]: short rows are padded, and `lengths` says where each one ends. */
function batchOf(sentences) {
  const lengths = sentences.map(({ words }) => words.length);
  const T = Math.max(...lengths);
  const tokens = sentences.flatMap(({ words }) => Array.from({ length: T }, (_, t) => vocabulary.indexOf(words[t] ?? "<pad>")));
  return {
    tokens: sg.tensor(tokens, [sentences.length, T], { dtype: "int32" }),
    labels: sg.tensor(Int32Array.from(sentences, ({ label }) => label)),
    lengths,
  };
}

class Classifier extends sg.nn.Module {
  embedding = new sg.nn.Embedding(vocabulary.length, 16, { paddingIndex: 0 });
  lstm = new sg.nn.LSTM(16, 32);
  head = new sg.nn.Linear(32, 2);

  /** tokens [B, T] -> logits [B, 2]. */
  forward(tokens, lengths) {
    const { state } = this.lstm.forward(this.embedding.forward(tokens), { lengths });
    return this.head.forward(sg.select(state.h, -1)); // the last layer's h, after each row's last word
  }
}

const model = new Classifier();
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 1e-2, clipNorm: 1 });
for (let step = 1; step <= 80; step++) {
  const sentences = Array.from({ length: 32 }, sentence);
  const loss = optimizer.step(() => {
    const { tokens, labels, lengths } = batchOf(sentences); // made inside the step: freed with it
    return sg.crossEntropy(model.forward(tokens, lengths), labels);
  });
  if (step % 20 === 0) console.log(`step ${step}  loss ${loss.readSync().toFixed(3)}`);
}

/** The probabilities [good, bad] of each sentence. */
async function predict(sentences) {
  const probabilities = sg.scope(() =>
    sg.noGrad(() => {
      const { tokens, lengths } = batchOf(sentences);
      return sg.softmax(model.forward(tokens, lengths));
    }),
  );
  const flat = await probabilities.data();
  probabilities.dispose();
  return sentences.map((_, i) => [flat[2 * i], flat[2 * i + 1]]);
}

const shown = [
  "the main character sucked",
  "the main character rocked",
  "the plot was not bad",
  "the music was not good",
  "the cast of actors not once failed",
];
const verdicts = await predict(shown.map((text) => ({ words: text.split(" "), label: 0 })));
console.log("\nsentence                              good   bad");
for (const [i, [p, q]] of verdicts.entries()) console.log(`${shown[i].padEnd(36)}  ${p.toFixed(2)}  ${q.toFixed(2)}`);

const fresh = Array.from({ length: 500 }, sentence);
const answers = await predict(fresh);
const accuracy = answers.filter(([p, q], i) => Number(q > p) === fresh[i].label).length / fresh.length;
console.log(`\naccuracy on 500 fresh sentences: ${(100 * accuracy).toFixed(1)} %`);
assert(accuracy > 0.97, "the model knows good from bad");
