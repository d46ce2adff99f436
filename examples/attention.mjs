// Sequence -> sequence with attention (Bahdanau, Cho and Bengio 2015): the decoder no longer lives on one vector of the whole input
// (encoder-decoder.mjs). Before each step it scores how well its state s fits each state h_j of the encoder, e_j = v . tanh(W s + U h_j),
// and reads the mean of all h_j by the softmax of the scores, the context c. It is never told where to look: that is learned.
//
//   y_{i-1}, s_{i-1}, c_i --LSTM--> s_i -> y_i        c_i = sum_j a_ij h_j        h: a bidirectional LSTM over the input
//
// The task is the one of encoder-decoder.mjs, "3 1 4" -> "4 1 3", with strings twice as long.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

const [SOS, EOS, V] = [10, 11, 12]; // the digits are 0 to 9
const IGNORE = -100;
const [longest, D, H] = [16, 16, 48];
await sg.init();
sg.manualSeed(1);
const random = new sg.RandomGenerator(1);
const digits = (length) => Array.from({ length }, () => random.integer(10));
const ints =
  (...shape) =>
  (numbers) =>
    sg.tensor(Int32Array.from(numbers), shape);
const padTo = (row, length, filler) => [...row, ...new Array(length - row.length).fill(filler)];

class Reverser extends sg.nn.Module {
  embedding = new sg.nn.Embedding(V, D);
  encoder = new sg.nn.LSTM(D, H / 2, { bidirectional: true });
  attention = new sg.nn.AdditiveAttention(H, H, H);
  decoder = new sg.nn.LSTMCell(D + H, H);
  head = new sg.nn.Linear(H + H, V);

  /** Strings of digits -> what the decoder attends to, and its first state. */
  encode(strings) {
    const S = Math.max(...strings.map((string) => string.length)) + 1;
    const tokens = ints(strings.length, S)(strings.flatMap((string) => padTo([...string, EOS], S, EOS)));
    const lengths = ints(strings.length)(strings.map((string) => string.length + 1));
    const { output } = this.encoder.forward(this.embedding.forward(tokens), { lengths });
    const zeros = sg.zeros([strings.length, H]);
    return { source: this.attention.project(output), lengths, state: { h: zeros, c: zeros } };
  }

  /** One step: the last tokens int32 [B] and the state -> the scores of the next [B, V], the state, and where it looked [B, S]. */
  step(tokens, state, { source, lengths }) {
    const { context, weights } = this.attention.forward(sg.unsqueeze(state.h, { axis: 1 }), source, { lengths });
    const c = sg.squeeze(context, { axis: 1 });
    const next = this.decoder.forward(sg.concat([this.embedding.forward(tokens), c], { axis: 1 }), state);
    return { logits: this.head.forward(sg.concat([next.h, c], { axis: 1 })), state: next, weights: sg.squeeze(weights, { axis: 1 }) };
  }

  loss(strings) {
    const B = strings.length;
    const answers = strings.map((string) => [...string.toReversed(), EOS]);
    const T = Math.max(...answers.map((answer) => answer.length));
    const encoded = this.encode(strings);
    let { state } = encoded;
    const logits = [];
    for (let t = 0; t < T; t++) {
      const last = answers.map((answer) => (t === 0 ? SOS : (answer[t - 1] ?? EOS))); // teacher forcing
      const next = this.step(ints(B)(last), state, encoded);
      state = next.state;
      logits.push(next.logits);
    }
    const targets = answers.flatMap((answer) => padTo(answer, T, IGNORE));
    return { loss: sg.crossEntropy(sg.stack(logits, { axis: 1 }), ints(B, T)(targets)) };
  }

  /** The text that the decoder writes on its own, and its attention at each step. */
  predict(string) {
    return sg.scope(() =>
      sg.noGrad(() => {
        const encoded = this.encode([string]);
        let { state } = encoded;
        const [written, looks] = [[], []];
        for (let token = SOS; token !== EOS && written.length <= longest; written.push(token)) {
          const next = this.step(ints(1)([token]), state, encoded);
          state = next.state;
          token = sg.argmax(next.logits).itemSync();
          looks.push(Array.from(next.weights.dataSync()));
        }
        return { written, looks };
      }),
    );
  }
}

const model = new Reverser();
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 1e-2, clipNorm: 1 });
const steps = 300;
const strings = { batch: () => Array.from({ length: 32 }, () => digits(1 + random.integer(longest))) };
for await (const event of sg.fit(model, strings, { optimizer, steps, schedule: sg.optim.linearDecay(steps, 0.1) })) {
  if (event.type === "step" && event.step % 50 === 0) console.log(`step ${event.step}  loss ${event.loss.toFixed(3)}`);
}
model.eval();

/** A matrix of weights in [0, 1]: a row for each word that was written, a column for each that was read. */
function draw(read, { written, looks }) {
  const name = (token) => (token === EOS ? "." : String(token));
  console.log(`\n      ${read.map((token) => name(token).padStart(3)).join("")}`);
  for (const [i, row] of looks.entries()) {
    const shades = row.map((weight) => " .:-=+*#@"[Math.min(8, Math.floor(9 * weight))].repeat(2).padStart(3));
    console.log(`  ${name(written[i]).padStart(3)} ${shades.join("")}`);
  }
}

console.log("\nWhere the decoder looks: down, what it writes; across, what the encoder read. The darker, the more.");
for (const string of [[3, 1, 4], digits(12)]) draw([...string, EOS], model.predict(string));

console.log("\nstrings of a length reversed without a fault, of 50:");
let [seen, aligned] = [0, 0];
for (let length = 2; length <= longest; length += 2) {
  const tests = Array.from({ length: 50 }, () => digits(length));
  let right = 0;
  for (const string of tests) {
    const { written, looks } = model.predict(string);
    right += Number(written.join() === [...string.toReversed(), EOS].join());
    for (let i = 0; i < Math.min(length, looks.length); i++) {
      seen++;
      aligned += Number(looks[i].indexOf(Math.max(...looks[i])) === length - 1 - i);
    }
  }
  console.log(`  ${String(length).padStart(2)}  ${String(right).padStart(2)}  ${"#".repeat(right)}`);
  assert(right >= 40, `strings of ${length} are reversed`);
}
console.log(`\nit looks most at the digit that it has to write in ${((100 * aligned) / seen).toFixed(1)} % of all steps`);
assert(aligned / seen > 0.8, "the decoder has learned where to look");
