import { expect, test } from "vitest";
import * as nn from "../../src/nn/index.js";
import { init } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";

/** What parameters begin as: `uniform` within +- a bound, `normal` of a deviation, or one number. */
type Law = { uniform: number } | { normal: number } | { constant: number };

const H = 64;
const bound: Law = { uniform: 1 / Math.sqrt(H) };
const glorot = (out: number, inputs: number): Law => ({ uniform: Math.sqrt(6 / (out + inputs)) });
const [zero, one]: Law[] = [{ constant: 0 }, { constant: 1 }];

// By the beginning of a parameter's name, PyTorch's laws where it has the layer.
const layers: [string, () => nn.Module, Record<string, Law>][] = [
  ["Linear", () => new nn.Linear(H, 30), { weight: bound, bias: bound }],
  ["Embedding", () => new nn.Embedding(30, H), { weight: { normal: 1 } }],
  ["LearnedPositionalEmbedding", () => new nn.LearnedPositionalEmbedding(30, H), { weight: { normal: 0.02 } }],
  ["RNN", () => new nn.RNN(20, H), { "": bound }],
  ["GRU", () => new nn.GRU(20, H, { bidirectional: true }), { "": bound }],
  ["LSTM", () => new nn.LSTM(20, H, { numLayers: 2 }), { "": bound }],
  ["RNNCell", () => new nn.RNNCell(20, H), { "": bound }],
  ["GRUCell", () => new nn.GRUCell(20, H), { "": bound }],
  ["LSTMCell", () => new nn.LSTMCell(20, H), { "": bound }],
  ["CRF", () => new nn.CRF(30), { "": { uniform: 0.1 } }],
  ["AdditiveAttention", () => new nn.AdditiveAttention(H, H, H), { "": bound }],
  ["LayerNorm", () => new nn.LayerNorm(H), { weight: one!, bias: zero! }],
  ["RMSNorm", () => new nn.RMSNorm(H), { weight: one! }],
  ["BatchNorm", () => new nn.BatchNorm(H), { weight: one!, bias: zero! }],
  [
    "MultiheadAttention",
    () => new nn.MultiheadAttention(H, 2),
    { in_proj_weight: glorot(3 * H, H), in_proj_bias: zero!, "out_proj.weight": bound, "out_proj.bias": zero! },
  ],
  [
    "MultiheadAttention of other keys and values",
    () => new nn.MultiheadAttention(H, 2, { kdim: 20, vdim: 30 }),
    { q_proj: glorot(H, H), k_proj: glorot(H, 20), v_proj: glorot(H, 30), "out_proj.weight": bound, "": zero! },
  ],
];

test.each(layers)("%s begins with values of its law", async (_, make, laws) => {
  await init({ device: "wasm" });
  manualSeed(4);
  for (const [name, parameter] of make().namedParameters()) {
    const [, law] = Object.entries(laws).find(([start]) => name.startsWith(start))!;
    const values = Array.from(parameter.dataSync());
    if ("constant" in law) {
      expect(values, name).toEqual(values.map(() => law.constant));
      continue;
    }
    const deviation = "uniform" in law ? law.uniform / Math.sqrt(3) : law.normal;
    const mean = values.reduce((a, b) => a + b) / values.length;
    const moment = Math.sqrt(values.reduce((a, b) => a + b ** 2, 0) / values.length);
    // Five deviations of what a sample of this size shows.
    const share = 5 / Math.sqrt(values.length);
    expect(Math.abs(mean), name).toBeLessThan(share * deviation);
    expect(Math.abs(moment / deviation - 1), name).toBeLessThan(share);
    if ("uniform" in law) expect(Math.max(...values.map(Math.abs)), name).toBeLessThanOrEqual(law.uniform * (1 + 1e-6));
  }
});
