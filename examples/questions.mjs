// Sequence -> sequence: a story of two sentences and a question -> the answer.
//
// "John read the letter in the kitchen. Mary took the ball to the garden. Where is the ball?" -> "garden". The encoder reads all of it, word
// by word; the decoder looks back by attention, and has to find the sentence that the question is about and in it who, what or where. It
// is asked about stories that it has never read; below stands at which words it looked.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

await sg.init();
sg.manualSeed(1);
const random = new sg.RandomGenerator(1);

const people = ["Mary", "John", "Ravi", "Sandra", "Daniel", "Asha"];
const places = ["kitchen", "garden", "office", "hallway", "bedroom", "attic"];
const toys = ["ball", "kite", "drum", "rope"];
const papers = ["letter", "book", "map", "card"];
const pick = (items) => items[random.integer(items.length)];
const two = (items) => random.shuffle([...items]).slice(0, 2);

/** Somebody takes a toy somewhere, then somebody else reads in another place; one asks who, what or where. */
function story() {
  const [[taker, reader], [there, here]] = [two(people), two(places)];
  const [toy, paper] = [pick(toys), pick(papers)];
  const sentences = [`${taker} took the ${toy} to the ${there}.`, `${reader} read the ${paper} in the ${here}.`];
  const [question, target] = pick([
    [`Who took the ${toy}?`, taker],
    [`Who read the ${paper}?`, reader],
    [`Where is the ${toy}?`, there],
    [`Where is the ${paper}?`, here],
    ["What was taken?", toy],
    ["What was read?", paper],
  ]);
  return { source: `${sentences.join(" ")} ${question}`, target };
}

const stories = new Map();
while (stories.size < 4000) {
  const one = story();
  stories.set(one.source, one);
}
const pairs = [...stories.values()];
const unseen = pairs.splice(0, 500);

const task = sg.tasks.Translator.create(pairs, {
  arch: "gru",
  hidden: 64,
  embed: 64,
  attention: "additive",
  inputFeeding: false,
  dropout: 0,
  unit: "words",
  minCount: 1,
});
const loader = task.loader(pairs, { batch: 16 });
const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 4e-3, clipNorm: 1 });
for await (const event of sg.fit(task.model, loader, { optimizer, epochs: 24 })) {
  if (event.type !== "epoch") continue;
  console.log(`epoch ${event.epoch}  loss ${event.loss.toFixed(4)}`);
  if (event.loss < 0.01) break; // it has found out how stories are read: some runs take twice as long as others
}

/** How much each word is looked at while the answer is written. */
async function explain({ source }) {
  const [answer] = await task.predict([source]);
  const { sos, eos } = task.target.special;
  const read = sg.data.padRows([[...task.source.encode(source), eos]]);
  const written = Int32Array.of(sos, ...task.target.encode(answer));
  const decode = () => task.model.decode(sg.tensor(written, [1, written.length]), task.model.encode(read)).weights.dataSync();
  const weights = sg.scope(() => sg.noGrad(decode)).slice(0, read.shape[1]);
  console.log(`\n${source}\n  ${answer}`);
  const looks = task.source
    .split(source)
    .map((word, i) => ({ word, weight: weights[i] }))
    .filter(({ weight }) => weight > 0.1);
  console.log(`  looked at ${looks.map(({ word, weight }) => `${word} ${(100 * weight).toFixed(0)} %`).join(", ")}`);
}
task.model.eval();
for (const one of unseen.slice(0, 4)) await explain(one);

const { exact } = await task.evaluate(unseen);
console.log(`\n${(100 * exact).toFixed(1)} % of ${unseen.length} unseen questions are answered right`);
assert(exact >= 0.95, "it reads the story");
