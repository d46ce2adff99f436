// Bidirectional: the gap in "he likes ___ pizza" can use what follows.
//
// At the gap a forward network has read "he likes" and nothing else: three verbs are equally likely. A bidirectional one has a second
// set of weights that reads from the end, so that its output there has seen "pizza" too:
//
//   forward    h_1 -> h_2 -> h_3 -> h_4        output_t = [forward h_t, backward h_t]
//   backward   h_1 <- h_2 <- h_3 <- h_4
import assert from "node:assert/strict";
import * as sg from "seqgrad";

const fitting = { eating: ["pizza", "apples", "soup"], reading: ["poems", "letters", "novels"], riding: ["horses", "bikes", "trains"] };
const subjects = ["he", "she", "everyone"];
const feelings = ["likes", "hates", "minds"];
const verbs = Object.keys(fitting);
const vocabulary = [...subjects, ...feelings, "___", "and", ...Object.values(fitting).flat()];
const IGNORE = -100; // only the gaps count
const B = 32;

await sg.init();
const random = new sg.RandomGenerator(1);
const pick = (items) => items[random.integer(items.length)];

/** "he likes ___ pizza and she hates ___ novels": the targets at the gaps are the verbs, by number. */
function sentence() {
  const clause = () => {
    const verb = pick(verbs);
    return { words: [pick(subjects), pick(feelings), "___", pick(fitting[verb])], targets: [IGNORE, IGNORE, verbs.indexOf(verb), IGNORE] };
  };
  const [a, b] = [clause(), clause()];
  return { words: [...a.words, "and", ...b.words], targets: [...a.targets, IGNORE, ...b.targets] };
}

function batchOf(sentences) {
  const shape = [sentences.length, sentences[0].words.length];
  return {
    x: sg.tensor(Int32Array.from(sentences.flatMap(({ words }) => words.map((word) => vocabulary.indexOf(word)))), shape),
    y: sg.tensor(Int32Array.from(sentences.flatMap(({ targets }) => targets)), shape),
  };
}

class GapFiller extends sg.nn.Module {
  constructor(bidirectional) {
    super();
    this.embedding = new sg.nn.Embedding(vocabulary.length, 16);
    this.gru = new sg.nn.GRU(16, 24, { bidirectional });
    this.head = new sg.nn.Linear(24 * this.gru.directions, verbs.length);
  }

  /** x [B, T] -> logits [B, T, 3]. */
  forward(x) {
    return this.head.forward(this.gru.forward(this.embedding.forward(x)).output);
  }
}

/** Trains on fresh sentences and answers the share of gaps filled right in others. */
async function accuracyOf(bidirectional) {
  sg.manualSeed(1);
  const model = new GapFiller(bidirectional);
  const optimizer = new sg.optim.Adam(model.parameters(), { lr: 1e-2 });
  for (let step = 0; step < 100; step++) {
    optimizer.step(() => {
      const { x, y } = batchOf(Array.from({ length: B }, sentence));
      return sg.crossEntropy(model.forward(x), y, { ignoreIndex: IGNORE });
    });
  }
  const tests = Array.from({ length: 300 }, sentence);
  const best = sg.scope(() => sg.noGrad(() => sg.argmax(model.forward(batchOf(tests).x), { axis: -1 })));
  const answers = await best.data();
  best.dispose();
  const gaps = tests.flatMap(({ targets }) => targets).flatMap((target, i) => (target === IGNORE ? [] : [answers[i] === target]));
  return gaps.filter(Boolean).length / gaps.length;
}

console.log(sentence().words.join(" "));
const results = { forward: await accuracyOf(false), bidirectional: await accuracyOf(true) };
for (const [name, accuracy] of Object.entries(results)) {
  console.log(`${name.padEnd(13)}  ${(100 * accuracy).toFixed(1).padStart(5)} % of the gaps  ${"#".repeat(Math.round(40 * accuracy))}`);
}
assert(results.forward < 0.45, "who has not read on can only guess among three");
assert(results.bidirectional > 0.98, "who has read on knows");
