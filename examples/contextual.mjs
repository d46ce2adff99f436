// One word, two senses: "she took the money to the bank of the city", "the boat lay by the bank of the river".
//
// word2vec learns one vector of "bank", which has to serve both. A small BERT, which learns to fill in hidden words, makes another one in
// every sentence: two banks of rivers are then alike, a bank of a river and one of money less, though nobody told it of senses.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

await sg.init();
sg.manualSeed(1);
const random = new sg.RandomGenerator(1);
const pick = (text) => {
  const words = text.split(" ");
  return words[random.integer(words.length)];
};

const senses = {
  money: () =>
    `${pick("she he")} ${pick("took brought kept")} the ${pick("money loan cheque savings")} ${pick("to in at")} the bank of the ${pick("city firm state")}`,
  river: () =>
    `the ${pick("boat fisher heron reeds")} ${pick("lay rested stood")} ${pick("by on near")} the bank of the ${pick("river stream lake")}`,
};
const draw = (count) =>
  Object.entries(senses).flatMap(([sense, say]) => Array.from({ length: count }, () => ({ sense, words: say().split(" ") })));
const sentences = draw(400);

// Static: one vector a word.
const vectors = await sg.text.trainWord2Vec(
  sentences.map(({ words }) => words),
  { dimension: 16, window: 4, epochs: 10, lr: 0.05, subsample: 0, seed: 1 },
);

// Contextual: a word is hidden, and predicted from both sides.
const special = ["<pad>", "<mask>"];
const vocabulary = sg.text.Vocabulary.fromTokens(
  sentences.flatMap(({ words }) => words),
  { special },
);
const rows = ({ words }) => words.map((word) => vocabulary.idOf(word));
const [vocab, mask, from] = [vocabulary.size, 1, special.length];
const model = new sg.models.MaskedLM({ vocab, context: 16, layers: 2, heads: 2, hidden: 32, feedForward: 64, dropout: 0 });
const collate = (items) => sg.data.maskTokens(sg.data.padRows(items.map(rows)), { vocab, mask, from, share: 0.2 }, random);
const loader = new sg.data.DataLoader(random.shuffle([...sentences]), { batch: 32, shuffle: true, seed: 1, collate });
const optimizer = new sg.optim.AdamW(model.parameters(), { lr: 3e-3, clipNorm: 1 });
for await (const event of sg.fit(model, loader, { optimizer, epochs: 12 }))
  if (event.type === "epoch" && event.epoch % 3 === 2) console.log(`epoch ${event.epoch}  loss of a hidden word ${event.loss.toFixed(3)}`);

/** The vectors of "bank" in new sentences of both senses. */
const fresh = draw(40);
const batch = sg.data.padRows(fresh.map(rows));
const encoded = sg.scope(() =>
  sg.noGrad(() => model.eval().encode(sg.tensor(batch.data, batch.shape), { lengths: batch.lengths }).dataSync()),
);
const bank = (sense) =>
  fresh.flatMap(({ sense: own, words }, b) => {
    const at = (b * batch.shape[1] + words.indexOf("bank")) * model.config.hidden;
    return own === sense ? [encoded.slice(at, at + model.config.hidden)] : [];
  });
const [money, river] = [bank("money"), bank("river")];

/** The mean cosine of all pairs of two different vectors. */
function likeness(some, others) {
  const all = some.flatMap((a) => others.flatMap((b) => (a === b ? [] : [sg.text.cosineOf(a, b)])));
  return all.reduce((sum, cosine) => sum + cosine) / all.length;
}
const one = vectors.vectorOf("bank");
const line = (what, cosine) => console.log(`  ${what.padEnd(40)} ${cosine.toFixed(2).padStart(5)}`);
console.log(
  `\nnear to the static vector: ${vectors
    .nearest("bank", 6)
    .map(({ word }) => word)
    .join(", ")}\ncosine of the banks in two sentences`,
);
line("static, of any two senses", sg.text.cosineOf(one, one));
const [ofMoney, ofRivers, across] = [likeness(money, money), likeness(river, river), likeness(money, river)];
line("contextual, money and money", ofMoney);
line("contextual, river and river", ofRivers);
line("contextual, money and river", across);
assert(Math.min(ofMoney, ofRivers) > across + 0.1, "the sentence tells which bank");
