// Truncated backpropagation through time (Williams and Peng 1990).
//
// A stream without end cannot be unrolled whole. It is cut into windows of T steps: each window starts from the state in which the
// last one ended, but gradients stop at the cut. So memory may reach further back than any gradient.
//
// The stream here is a play: a speaker comes on, A, B or C, and stays for 24 steps. Now and then somebody asks "?", and the next
// character is the speaker's letter. Windows are 8 steps long: whoever starts each one afresh has often forgotten who is on.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

const [B, T, scene] = [16, 8, 24];
await sg.init();

function play(scenes, seed) {
  const random = new sg.RandomGenerator(seed);
  let text = "";
  for (let i = 0; i < scenes; i++) {
    const speaker = "ABC"[random.integer(3)];
    text += `${speaker}.`;
    for (let t = 2; t < scene; t += 2) text += random.integer(4) === 0 ? `?${speaker}` : "..";
  }
  return text;
}

const text = play(600, 1);
const tokenizer = sg.text.CharTokenizer.fromText(text);
const [question] = tokenizer.encode("?");
// B streams side by side: row b of each window continues where row b of the window before ended.
const training = new sg.data.ContinuousWindows(tokenizer.encode(text), { batch: B, context: T });
const test = new sg.data.ContinuousWindows(tokenizer.encode(play(600, 2)), { batch: B, context: T });

/** How often the letter after "?" is predicted, with the state carried through all windows or reset in each. */
async function accuracyOf(model, carryState) {
  let state;
  let [right, asked] = [0, 0];
  for (let i = 0; i < test.length; i++) {
    const { x, y, shape } = test.batch(i);
    const now = sg.scope(() =>
      sg.noGrad(() => {
        const { logits, state: next } = model.forward(sg.tensor(x, shape), { state: carryState ? state : undefined });
        return { best: sg.argmax(logits, { axis: -1 }), next };
      }),
    );
    const best = await now.best.data();
    for (const [at, token] of x.entries()) {
      asked += Number(token === question);
      right += Number(token === question && best[at] === y[at]);
    }
    now.best.dispose();
    if (state) model.release(state);
    state = now.next;
  }
  model.release(state);
  return right / asked;
}

/** Trains a model of its own either way; answers what it knows of a play that it has not seen. */
async function learn(carryState) {
  sg.manualSeed(1);
  const model = new sg.models.RecurrentLM({ vocab: tokenizer.size, arch: "lstm", embed: 8, hidden: 32 });
  const optimizer = new sg.optim.Adam(model.parameters(), { lr: 1e-2, clipNorm: 1 });
  // The model's loss() takes a state and answers the next one; fit hands it on, cut off from the graph.
  for await (const event of sg.fit(model, training, { optimizer, steps: 800, carryState })) {
    if (event.type === "step" && event.step % 200 === 0) console.log(`  step ${event.step}  loss ${event.loss.toFixed(3)}`);
  }
  return accuracyOf(model.eval(), carryState);
}

console.log(`the play:  ${text.slice(0, 2 * scene)}`);
console.log(`windows:   ${"|".padEnd(T, "-").repeat((2 * scene) / T)}`);
console.log("\nevery window starts from zero");
const zero = await learn(false);
console.log("the state is carried");
const carried = await learn(true);
console.log(`\nspeakers named right: ${(100 * zero).toFixed(1)} % from zero, ${(100 * carried).toFixed(1)} % carried`);
assert(zero < 0.75, "a window alone often does not tell who is on");
assert(carried > 0.95, "a carried state does");
