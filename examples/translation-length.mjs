// Sequence -> sequence, and what a single vector cannot hold. Without attention the encoder's last state is all that the decoder knows of
// the sentence, and translations fall off as sentences grow; with Bahdanau's attention the decoder looks back at every word, and they do
// not (Bahdanau, Cho and Bengio 2015, figure 2).
//
//   the red dog sleeps and the big cat waits -> le chien rouge dort et le gros chat attend
//
// The language is made here: clauses joined by "and", whose colors follow their nouns in the translation and whose sizes do not. Both
// models have the same size; the one without attention reads the source from its end (Sutskever, Vinyals and Le 2014) and trains twice as
// long. Below stands the BLEU of sentences that neither has seen, by their number of words. `--full`: up to 5 clauses, 128 units.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

const full = process.argv.includes("--full");
const { clauses, count, hidden, batch, lr, epochs } = full
  ? { clauses: 5, count: 3000, hidden: 128, batch: 32, lr: 4e-3, epochs: 12 }
  : { clauses: 4, count: 2500, hidden: 96, batch: 16, lr: 4e-3, epochs: 8 };
await sg.init();
const random = new sg.RandomGenerator(1);

const adjectives = { big: "gros", red: "rouge", green: "vert" };
const nouns = { dog: "chien", cat: "chat", bird: "oiseau", horse: "cheval" };
const verbs = { waits: "attend", sleeps: "dort", leaves: "part" };
const pick = (words) => random.shuffle(Object.entries(words))[0];

/** Four words and their translation. */
function clause() {
  const [[adjective, adjectif], [noun, nom], [verb, verbe]] = [pick(adjectives), pick(nouns), pick(verbs)];
  return [`the ${adjective} ${noun} ${verb}`, adjective === "big" ? `le ${adjectif} ${nom} ${verbe}` : `le ${nom} ${adjectif} ${verbe}`];
}

/** More of short sentences than of long ones, as in a book. */
function sentence() {
  const parts = Array.from({ length: 1 + Math.min(random.integer(clauses), random.integer(clauses)) }, clause);
  return { source: parts.map(([english]) => english).join(" and "), target: parts.map(([, french]) => french).join(" et ") };
}

const sentences = new Map();
while (sentences.size < count + 500) {
  const one = sentence();
  sentences.set(one.source, one);
}
const pairs = random.shuffle([...sentences.values()]);
const unseen = pairs.splice(0, 500);

/** BLEU of the unseen sentences by length, of a model trained with or without attention. */
async function measure(options, epochs) {
  sg.manualSeed(1);
  const task = sg.tasks.Translator.create(pairs, { arch: "gru", unit: "words", hidden, embed: 32, dropout: 0, minCount: 1, ...options });
  const loader = task.loader(pairs, { batch });
  const optimizer = new sg.optim.Adam(task.model.parameters(), { lr, clipNorm: 1 });
  const schedule = sg.optim.cosine(epochs * loader.length, 0.05);
  for await (const event of sg.fit(task.model, loader, { optimizer, epochs, schedule })) {
    if (event.type === "epoch") console.log(`attention ${options.attention}, epoch ${event.epoch}  loss ${event.loss.toFixed(4)}`);
  }
  return task.bleuByLength(unseen, await task.predict(unseen.map(({ source }) => source)));
}
const looking = await measure({ attention: "additive", inputFeeding: false }, epochs);
const blind = await measure({ attention: "none", reverse: true }, 2 * epochs);

const bar = (score) => "#".repeat(Math.round(score / 4)).padEnd(25);
console.log("\nwords   sentences  BLEU with attention             without");
looking.forEach(({ low, high, sentences, score }, i) => {
  const [without, words] = [blind[i].score, `${Math.max(low, 1)} to ${high - 1}`];
  console.log(
    `${words.padEnd(8)} ${String(sentences).padStart(8)}  ${bar(score)} ${score.toFixed(0).padStart(3)}   ${bar(without)} ${without.toFixed(0).padStart(3)}`,
  );
});
assert(Math.min(...looking.map(({ score }) => score)) > 90, "with attention long sentences are translated as well as short ones");
assert(looking.at(-1).score - blind.at(-1).score > 25, "a single vector does not hold long ones");
