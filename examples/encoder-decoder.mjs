// Sequence -> sequence through a condensed vector: an encoder reads "3 1 4 <EOS>", its last state is the context of the whole input,
// and a decoder that starts from it writes "4 1 3 <EOS>" (Sutskever, Vinyals and Le 2014).
//
//   encoder   3 -> 1 -> 4 -> <EOS> --(h, c)--> decoder   4     1     3   <EOS>
//                                                        ^     ^     ^     ^
//                                                      <SOS>   4     1     3
//
// In training the decoder reads the right digit before each step (teacher forcing); in prediction it reads its own.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

const [SOS, EOS, V] = [10, 11, 12]; // the digits are 0 to 9
const IGNORE = -100;
const [longest, H] = [8, 96];
await sg.init();
sg.manualSeed(1);
const random = new sg.RandomGenerator(1);
const digits = (length) => Array.from({ length }, () => random.integer(10));
const ints = (rows) => sg.tensor(Int32Array.from(rows.flat()), [rows.length, rows[0].length]);
const padTo = (row, length, filler) => [...row, ...new Array(length - row.length).fill(filler)];

class Reverser extends sg.nn.Module {
  sourceEmbedding = new sg.nn.Embedding(V, 16);
  encoder = new sg.nn.LSTM(16, H);
  targetEmbedding = new sg.nn.Embedding(V, 16);
  decoder = new sg.nn.LSTM(16, H);
  head = new sg.nn.Linear(H, V);

  /** Strings of digits -> the context { h, c }, each [1, B, H]: a vector of one size, however long the string. */
  encode(strings) {
    const rows = strings.map((string) => padTo([...string, EOS], longest + 1, EOS));
    return this.encoder.forward(this.sourceEmbedding.forward(ints(rows)), { lengths: strings.map((s) => s.length + 1) }).state;
  }

  /** Tokens int32 [B, T] after a state -> the scores of those that follow [B, T, V], and the state then. */
  decode(tokens, state) {
    const next = this.decoder.forward(this.targetEmbedding.forward(tokens), { state });
    return { logits: this.head.forward(next.output), state: next.state };
  }

  loss(strings) {
    const answers = strings.map((string) => string.toReversed());
    const inputs = answers.map((answer) => padTo([SOS, ...answer], longest + 1, EOS)); // teacher forcing
    const targets = answers.map((answer) => padTo([...answer, EOS], longest + 1, IGNORE));
    return { loss: sg.crossEntropy(this.decode(ints(inputs), this.encode(strings)).logits, ints(targets)) };
  }

  /** The decoder alone: what it writes becomes what it reads, until <EOS>. */
  predict(string) {
    return sg.scope(() =>
      sg.noGrad(() => {
        let state = this.encode([string]);
        const written = [];
        for (let token = SOS; written.length <= longest; written.push(token)) {
          const next = this.decode(ints([[token]]), state);
          state = next.state;
          token = sg.argmax(next.logits).itemSync();
          if (token === EOS) break;
        }
        return written;
      }),
    );
  }
}

const model = new Reverser();
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 5e-3, clipNorm: 1 });
const strings = { batch: () => Array.from({ length: 64 }, () => digits(1 + random.integer(longest))) };
for await (const event of sg.fit(model, strings, { optimizer, steps: 400, schedule: sg.optim.linearDecay(400, 0.1) })) {
  if (event.type === "step" && event.step % 100 === 0) console.log(`step ${event.step}  loss ${event.loss.toFixed(3)}`);
}

model.eval();
console.log("\n  input       the decoder's own output");
for (const string of [[3, 1, 4], [2, 7, 1, 8], [0, 0, 7], digits(5)]) {
  console.log(`  ${string.join(" ").padEnd(12)}${[...model.predict(string), "<EOS>"].join(" ")}`);
}

console.log("\nstrings of a length reversed without a fault, of 100:");
let total = 0;
for (let length = 1; length <= longest; length++) {
  const tests = Array.from({ length: 100 }, () => digits(length));
  const right = tests.filter((string) => model.predict(string).join() === string.toReversed().join()).length;
  total += right;
  console.log(`  ${length}  ${String(right).padStart(3)}  ${"#".repeat(Math.round(right / 2))}`);
}
// One vector must hold it all, so longer strings fare worse: the bottleneck that attention removes.
assert(total / longest > 80, "the model reverses most strings");
