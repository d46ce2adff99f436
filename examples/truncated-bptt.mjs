// Truncated backpropagation through time (Williams and Peng 1990).
//
// A stream without end cannot be unrolled whole. It is cut into windows of T steps: each window starts from the state in which the
// last one ended, but gradients stop at the cut. So memory may reach further back than any gradient.
//
// The stream here is a play: a speaker comes on, A, B or C, stays for 24 steps, and says "." or, now and then, "?": the next token is
// the speaker's letter. Windows are 8 steps long. Whoever starts each window afresh has forgotten who is on.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

const [B, T, scene] = [16, 8, 24];
const vocabulary = ["A", "B", "C", ".", "?"];
const [SPEAKERS, PAUSE, QUESTION] = [3, 3, 4];
await sg.init();

function play(length, seed) {
  const random = new sg.Generator(seed);
  const tokens = [];
  while (tokens.length < length) {
    const speaker = random.integer(SPEAKERS);
    tokens.push(speaker, PAUSE);
    for (let t = 2; t < scene; t += 2) tokens.push(...(random.integer(4) === 0 ? [QUESTION, speaker] : [PAUSE, PAUSE]));
  }
  return Int32Array.from(tokens.slice(0, length));
}

/** B streams side by side, cut into windows of T: row b of each window goes on where row b of the window before ended. */
function* windowsOf(streams) {
  for (let start = 0; start + T < streams[0].length; start += T) {
    const cut = (from) => Int32Array.from(streams.flatMap((stream) => Array.from(stream.subarray(from, from + T))));
    yield { x: cut(start), y: cut(start + 1), shape: [streams.length, T] };
  }
}

const streamsOf = (seed) => Array.from({ length: B }, (_, row) => play(T * 100 + 1, 1000 * seed + row));
const training = streamsOf(1);
const test = streamsOf(2);

/** How often the token after "?" is foretold, the state carried through all windows or started anew in each. */
async function accuracyOf(model, carryState) {
  let state;
  let [right, asked] = [0, 0];
  for (const { x, y, shape } of windowsOf(test)) {
    const { best, next } = sg.scope(() =>
      sg.noGrad(() => {
        const { logits, state: next } = model.forward(sg.tensor(x, shape), { state: carryState ? state : undefined });
        return { best: sg.argmax(logits, -1), next };
      }),
    );
    const answers = await best.data();
    for (const [i, token] of x.entries()) {
      asked += Number(token === QUESTION);
      right += Number(token === QUESTION && answers[i] === y[i]);
    }
    best.dispose();
    if (state) model.release(state);
    state = next;
  }
  model.release(state);
  return right / asked;
}

const results = [];
for (const carryState of [false, true]) {
  sg.manualSeed(1);
  const model = new sg.models.RecurrentLM({ vocabularySize: vocabulary.length, cell: "lstm", embed: 8, hidden: 32 });
  const optimizer = new sg.optim.Adam(model.parameters(), { lr: 1e-2, clipNorm: 1 });
  // The model's loss() takes a state and answers the next one; fit hands it on, cut off from the graph.
  const epochs = { [Symbol.iterator]: () => windowsOf(training) };
  let loss = 0;
  for await (const event of sg.fit(model, epochs, { optimizer, epochs: 8, carryState })) {
    if (event.event === "step") loss += event.step > 700 ? event.loss / 100 : 0;
  }
  results.push({ carryState, loss, accuracy: await accuracyOf(model, carryState) });
}

console.log(`the play:  ${Array.from(test[0].subarray(0, 2 * scene), (token) => vocabulary[token]).join("")}`);
console.log(`windows:   ${"|".padEnd(T, "-").repeat((2 * scene) / T)}\n`);
console.log("state       loss   speakers named right");
for (const { carryState, loss, accuracy } of results) {
  console.log(`${carryState ? "carried" : "zero   "}     ${loss.toFixed(3)}  ${(100 * accuracy).toFixed(1)} %`);
}
const [zero, carried] = results;
assert(zero.accuracy < 0.75, "a window alone often does not tell who is on");
assert(carried.accuracy > 0.95, "a carried state does");
