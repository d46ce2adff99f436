// Vanishing and exploding gradients.
//
// Backpropagation through time multiplies one Jacobian a step: dL/dh_t = (dh_100/dh_99 ... dh_{t+1}/dh_t)^T dL/dh_100. Factors
// below 1 make it vanish, factors above 1 make it explode. The loss here looks at the last state alone; a capture shows the norm of
// dL/dh_t at every step, before any training: how much of the error would reach the words at the start of a sentence.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

await sg.init();
sg.manualSeed(1);
const [B, T, D, H] = [16, 101, 8, 64];

/** An RNN whose recurrent weights are normal with deviation gain / sqrt(H): their largest eigenvalue is about `gain`. */
function tanhRNN(gain) {
  const rnn = new sg.nn.RNN(D, H);
  sg.nn.init.normal(rnn.weight("weight_hh_l0"), 0, gain / Math.sqrt(H));
  return rnn;
}

const models = {
  // tanh' <= 1, so weights below 1 can only shrink the gradient.
  "RNN, small W": tanhRNN(0.6),
  // Large weights push the other way, and win while the units are not saturated.
  "RNN, large W": tanhRNN(3),
  // Le, Jaitly and Hinton 2015: ReLU units that start as a plain sum of their inputs; a gradient passes unchanged where h > 0.
  "ReLU, W = 1": sg.nn.identityRNN(D, H),
  // c_t = f_t c_{t-1} + i_t c~_t: along the cell state the factor is the forget gate, here about sigmoid(1) = 0.73.
  "LSTM, b_f = 1": new sg.nn.LSTM(D, H).setForgetBias(1),
  // sigmoid(ln T) = 1 - 1/(T+1): a cell that remembers for some T steps (after Tallec and Ollivier 2018).
  "LSTM, b_f = ln T": new sg.nn.LSTM(D, H).setForgetBias(Math.log(T)),
  // h_t = (1 - z_t) n_t + z_t h_{t-1}: the factor is the update gate, about sigmoid(0) = 0.5.
  GRU: new sg.nn.GRU(D, H),
};

const norms = {};
for (const [name, layer] of Object.entries(models)) {
  const capture = await layer.capture(["hidden.gradientNorm"], (_, { data }) => {
    norms[name] = data;
  });
  sg.scope(() => {
    const { output } = layer.forward(sg.randn([B, T, D]));
    const last = sg.select(output, -1, { axis: 1 });
    sg.sum(sg.mul(last, sg.randn([B, H]))).backward(); // a loss whose gradient at the last step is noise of the same size for all
  });
  await capture.stop(); // the values come when the step has ended
}

const names = Object.keys(models);
console.log("The norm of dL/dh_t, the loss being at t = 100:\n");
console.log(`  t${names.map((name) => name.padStart(18)).join("")}`);
for (let t = 100; t >= 0; t -= 10) {
  console.log(`${String(t).padStart(3)}${names.map((name) => norms[name][t].toExponential(1).padStart(18)).join("")}`);
}

// The same as a picture: up is log10 of the norm, left is the past.
const [top, bottom, rise] = [12, -24, 2];
console.log(`\n${names.map((name, i) => `${i + 1} ${name}`).join("   ")}\n`);
for (let level = top; level >= bottom; level -= rise) {
  const line = Array.from({ length: 51 }, (_, column) => {
    const here = names.flatMap((name, i) => (Math.round(Math.log10(norms[name][2 * column]) / rise) * rise === level ? [i + 1] : []));
    return here.length > 1 ? "*" : (here[0] ?? " ");
  });
  console.log(`${`1e${level}`.padStart(6)} |${line.join("")}`);
}
console.log(`       +${"-".repeat(51)}\n        t = 0${" ".repeat(38)}t = 100     (* more than one)`);

/** The share of the gradient at t = 100 that arrives at t = 0. */
const left = (name) => norms[name][0] / norms[name][100];
assert(left("RNN, small W") < 1e-12, "small weights make the gradient vanish");
assert(left("RNN, large W") > 1e6, "large weights make it explode");
assert(left("ReLU, W = 1") > 1e-3 && left("ReLU, W = 1") < 10, "the identity keeps it");
assert(left("LSTM, b_f = ln T") > 1e-3, "an open forget gate keeps it");
assert(left("LSTM, b_f = 1") > left("RNN, small W"), "a gated cell forgets more slowly than an RNN with small weights");
