// Self-attention without parameters: a word's vector becomes the mean of all vectors of its sentence, weighed by likeness,
//
//   s_ij = e_i . e_j      w_ij = softmax_j(s_ij)      y_i = sum_j w_ij e_j
//
// so that the one static vector of "bank" becomes two: one of money, one of rivers.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

await sg.init();

/** The features of a word: money, water, change. An embedding layer would learn them; "bank" has features of both worlds. */
const embeddings = {
  money: [2, 0, 0],
  river: [0, 2, 0],
  bank: [1, 1, 0],
  grows: [0.6, 0, 1.2],
  flows: [0, 0.6, 1.2],
};
const sentences = ["money bank grows", "river bank flows"].map((sentence) => sentence.split(" "));

/** e [B, S, 3] -> what each word becomes [B, S, 3], and of what it is made [B, S, S]. */
function selfAttention(e) {
  const weights = sg.softmax(sg.matmul(e, sg.transpose(e)));
  return { y: sg.matmul(weights, e), weights };
}

const e = sg.fromArray(sentences.map((words) => words.map((word) => embeddings[word])));
const { y, weights } = selfAttention(e);
// The same as a layer: attention by products of the words to themselves.
assert.deepEqual(new sg.nn.DotAttention().forward(e, e).context.dataSync(), y.dataSync());

const format = (numbers) => Array.from(numbers, (v) => v.toFixed(2).padStart(7)).join("");
for (const [b, words] of sentences.entries()) {
  console.log(`  w      ${words.map((word) => word.padStart(7)).join("")}`);
  for (const [i, word] of words.entries()) {
    const row = sg.select(sg.select(weights, b), i).dataSync();
    assert(Math.abs(row.reduce((sum, w) => sum + w) - 1) < 1e-6, "the weights of a word add up to 1");
    console.log(`  ${word.padEnd(7)}${format(row)}   y = ${format(sg.select(sg.select(y, b), i).dataSync())}`);
  }
  console.log();
}

/** How alike two vectors point: 1 the same way, 0 nothing in common. */
function cosine(a, b) {
  const dot = (p, q) => p.reduce((sum, v, i) => sum + v * q[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

const bank = [0, 1].map((b) => Array.from(sg.select(sg.select(y, b), 1).dataSync()));
const likeness = (vector) => ({ money: cosine(vector, embeddings.money), river: cosine(vector, embeddings.river) });
const [still, ofMoney, ofRivers] = [embeddings.bank, ...bank].map(likeness);

console.log("cosine with                    money  river");
const print = (which, { money, river }) => console.log(`  bank, ${which.padEnd(22)}${format([money, river])}`);
print("the static vector", still);
print('of "money bank grows"', ofMoney);
print('of "river bank flows"', ofRivers);
console.log(`the two banks with each other:    ${cosine(...bank).toFixed(2)}`);

assert.equal(still.money, still.river, "the static vector is as near to money as to rivers");
assert(ofMoney.money > 0.85 && ofMoney.river < 0.5, "beside money a bank is one of money");
assert(ofRivers.river > 0.85 && ofRivers.money < 0.5, "beside a river it is one of rivers");
assert(cosine(...bank) < 0.9, "one word, two vectors");
// Nothing here was learned: the likeness of vectors decides, whatever the task. "A piece of cake" would still be about cake. So attention
// layers learn what to ask, what to answer to and what to say: q = W_q e, k = W_k e, v = W_v e.
