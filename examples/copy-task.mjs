// The copy task (Hochreiter and Schmidhuber 1997; Graves, Wayne and Danihelka 2014): 30 random symbols, a delimiter, and then the same
// 30 again. A recurrent network must carry all of them in its state; attention looks each one up where it stands.
//
//   reads   c a f b .. d | c a f b ..
//   writes               c a f b .. d
//
// Both models have two layers and some hundred thousand weights, and read the same 200 batches.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

const [symbols, length, B, steps] = ["abcdefgh", 30, 32, 200];
const [V, T] = [symbols.length + 1, 2 * length]; // the delimiter is the last token
await sg.init();

/** x [B, T]: the symbols, the delimiter, the symbols but the last; y: the copy, and -100, which counts for nothing, before it. */
function batchOf(random) {
  const x = new Int32Array(B * T);
  const y = new Int32Array(B * T).fill(-100);
  for (let row = 0; row < B; row++) {
    const text = Int32Array.from({ length }, () => random.integer(V - 1));
    x.set([...text, V - 1, ...text.subarray(0, -1)], row * T);
    y.set(text, row * T + length);
  }
  return { x, y, shape: [B, T] };
}

/** The share of symbols that the model predicts correctly, in new batches. */
function accuracyOf(model) {
  const random = new sg.RandomGenerator(2);
  let [right, count] = [0, 0];
  for (let i = 0; i < 5; i++) {
    const { x, y, shape } = batchOf(random);
    const guesses = sg.scope(() => sg.noGrad(() => sg.argmax(model.forward(sg.tensor(x, shape)).logits, { axis: -1 }).dataSync()));
    right += y.filter((token, at) => token >= 0 && token === guesses[at]).length;
    count += B * length;
  }
  return right / count;
}

async function learn(name, model) {
  const random = new sg.RandomGenerator(1);
  const optimizer = new sg.optim.AdamW(model.parameters(), { lr: 4e-3, betas: [0.9, 0.99], weightDecay: 0, clipNorm: 1 });
  const schedule = sg.optim.sequence([sg.optim.linearWarmup(25, 0.04), 25], [sg.optim.cosine(steps - 25, 0.1), steps - 25]);
  console.log(`\n${name}, ${model.parameterCount()} weights`);
  for await (const event of sg.fit(model, { batch: () => batchOf(random) }, { optimizer, steps, schedule })) {
    if (event.type !== "step" || event.step % 25 > 0) continue;
    const accuracy = accuracyOf(model.eval());
    model.train();
    const line = `step ${String(event.step).padStart(3)}  loss ${event.loss.toFixed(3)}  right ${(100 * accuracy).toFixed(1).padStart(5)} %`;
    console.log(`${line}  ${"#".repeat(40 * accuracy)}`);
  }
  return accuracyOf(model.eval());
}

sg.manualSeed(1);
const transformer = new sg.models.TransformerLM({ vocab: V, context: T, layers: 2, heads: 4, hidden: 64 });
const attention = await learn("Transformer", transformer);
const lstm = new sg.models.RecurrentLM({ vocab: V, arch: "lstm", layers: 2, embed: 64, hidden: 80 });
lstm.rnn.setForgetBias(1); // start with gates that remember
const recurrence = await learn("LSTM", lstm);

// What the Transformer writes it then reads: no teacher corrects it.
const read = symbols.repeat(4).slice(0, length).split("").toReversed().join("");
const prompt = [...[...read].map((symbol) => symbols.indexOf(symbol)), V - 1];
let written = "";
for await (const token of sg.generate(transformer, prompt, { temperature: 0, maxTokens: length })) written += symbols[token] ?? "|";
console.log(`\nreads   ${read} |\nwrites  ${written}`);

assert(attention >= 0.99, "attention copies");
assert(recurrence < 0.5, "the LSTM, of equal size and taught as long, does not");
assert.equal(written, read);
