// Word vectors: a word is known by the company it keeps.
//   node examples/word-vectors.mjs [FILE]
// word2vec reads a text and gives each word a vector, the same in every sentence, such that words which stand among the same others
// lie near each other. Without a file it reads sentences made here, whose words fall into classes that nobody tells it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import * as sg from "seqgrad";

const [file] = process.argv.slice(2);
await sg.init({ device: "wasm" });
const random = new sg.RandomGenerator(1);
const pick = (text) => {
  const words = text.split(" ");
  return words[random.integer(words.length)];
};

const classes = { animal: "cat dog horse cow", city: "paris rome delhi london", food: "bread rice soup cake" };
const sentence = () =>
  [
    () => `the ${pick(classes.animal)} ${pick("eats sleeps runs")} in the ${pick("barn field yard")}`,
    () => `they travel ${pick("to from")} ${pick(classes.city)} by ${pick("train plane car")}`,
    () => `we cook ${pick("fresh warm good")} ${pick(classes.food)} for ${pick("lunch dinner guests")}`,
  ][random.integer(3)]();

const text = file ? sg.text.decodeText(await readFile(file), file) : Array.from({ length: 4000 }, sentence).join("\n");
const splitter = new sg.text.WordSplitter({ punctuation: "drop" });
const sentences = text.split("\n").map((line) => splitter.split(line));

// A small text is read more often, at a higher rate, and no frequent word is skipped.
const options = file ? {} : { dimension: 20, window: 3, epochs: 8, lr: 0.05, subsample: 0 };
const vectors = await sg.text.trainWord2Vec(sentences, { ...options, seed: 1 });
console.log(`${vectors.words.length} words, ${vectors.dimension} numbers each\n`);

const show = (word) => {
  const near = vectors.nearest(word, 5).map(({ word, similarity }) => `${word} ${similarity.toFixed(2)}`);
  console.log(`${word.padEnd(8)} ${near.join(", ")}`);
};
if (file) for (const word of vectors.words.slice(50, 60)) show(word);
else {
  for (const group of Object.values(classes)) {
    const words = group.split(" ");
    show(words[0]);
    for (const word of words) {
      const nearest = vectors.nearest(word, words.length - 1).map((neighbor) => neighbor.word);
      assert.deepEqual([word, ...nearest].sort(), words.toSorted(), "the nearest words are the words of its class");
    }
  }
}

// A model may begin with the vectors: frozen, no optimizer changes them.
const embedding = sg.nn.Embedding.fromVectors(vectors, { frozen: true });
const row = embedding.forward(sg.tensor([3], [1], { dtype: "int32" }));
assert.deepEqual(await row.data(), vectors.vectorOf(vectors.words[3]));
