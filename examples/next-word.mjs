// The next word: "This morning I took my car for a .."
//
// What belongs there stands four words back, and a model that counts which word follows which cannot know it. An LSTM over words can: it
// carries the car along. It is asked about beginnings that it has never read; words that it finds likely are printed with their chances.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

await sg.init();
sg.manualSeed(1);
const random = new sg.RandomGenerator(1);
const pick = (items) => items[random.integer(items.length)];

const ends = { car: "drive", dog: "walk", horse: "ride", boat: "sail", phone: "repair", coat: "clean" };
const things = Object.keys(ends);
const times = ["This morning", "Last night", "On Sunday", "After lunch", "Before work", "In the spring"];
const people = ["I", "we", "my sister", "his uncle", "the neighbors"];
const verbs = ["took", "brought", "sent"];
const owners = ["my", "our", "the old", "her"];

const beginnings = times.flatMap((time) =>
  people.flatMap((who) =>
    verbs.flatMap((verb) =>
      owners.flatMap((whose) => things.map((thing) => ({ thing, text: `${time} ${who} ${verb} ${whose} ${thing} for a` }))),
    ),
  ),
);
random.shuffle(beginnings);
const unseen = beginnings.splice(0, 400);
const whys = ["and came home late", "because it was time", "but it rained", "as every year"];
const text = beginnings.map(({ thing, text }) => `${text} ${ends[thing]} ${pick(whys)}.`).join("\n");

const tokenizer = sg.text.trainTokenizer([text], { unit: "words" });
const model = new sg.models.RecurrentLM({ vocab: tokenizer.size, arch: "lstm", embed: 16, hidden: 48 });
const windows = new sg.data.RandomWindows(tokenizer.encode(text), { batch: 16, context: 24, seed: 1 });
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 1e-2, clipNorm: 1 });
console.log(`${tokenizer.encode(text).length} words, ${tokenizer.size} different`);
for await (const event of sg.fit(model, windows, { optimizer, steps: 400 }))
  if (event.type === "step" && event.step % 50 === 0)
    console.log(`step ${event.step}  perplexity ${Math.exp(event.loss).toFixed(2)} of a word`);

/** The words that may follow, the likeliest first, with their chances. */
async function nextWords(text) {
  const { logits, state } = await model.step(tokenizer.encode(text));
  model.release(state);
  const total = logits.reduce((sum, score) => sum + Math.exp(score), 0);
  const words = Array.from(logits, (score, id) => ({ word: tokenizer.tokenOf(id), chance: Math.exp(score) / total }));
  return words.sort((a, b) => b.chance - a.chance);
}

model.eval();
for (const thing of things) {
  const { text } = unseen.find((one) => one.thing === thing);
  const top = (await nextWords(text)).slice(0, 3).map(({ word, chance }) => `${word} ${(100 * chance).toFixed(1)} %`);
  console.log(`\n${text} ..\n  ${top.join("   ")}`);
}

let right = 0;
for (const { thing, text } of unseen) right += (await nextWords(text))[0].word === ends[thing];
// Which word follows "a" the most often, whatever stood before: all that counting pairs can say.
const followers = tokenizer
  .encode(text)
  .reduce((counts, id, i, ids) => counts.set(id, (counts.get(id) ?? 0) + (ids[i - 1] === tokenizer.idOf("a"))), new Map());
const [commonest] = [...followers].sort(([, a], [, b]) => b - a)[0];
const counted = unseen.filter(({ thing }) => ends[thing] === tokenizer.tokenOf(commonest)).length;
const percent = (n) => `${((100 * n) / unseen.length).toFixed(1)} %`;
console.log(`\nright for ${unseen.length} unseen beginnings: LSTM ${percent(right)}, pairs of words ${percent(counted)}`);
assert(right >= 0.95 * unseen.length && counted < 0.4 * unseen.length, "it looks further back than a word");
