import { expect } from "vitest";
import * as sg from "../../src/index.js";
import { defaultGenerator } from "../../src/tensor/random.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";

const [B, N, T, S, D] = [2, 3, 5, 7, 4];
const of = (...shape: number[]) => sg.zeros(shape);
const p = { dropout: 0.5 };

/** Calls that draw, and how many numbers each takes: those of the next call must be others. */
const draws: [string, () => unknown, number][] = [
  ["randn", () => sg.randn([B, 13]), B * 13],
  ["rand", () => sg.rand([B, 13]), B * 13],
  ["randnLike", () => sg.randnLike(of(B, 13)), B * 13],
  ["randLike", () => sg.randLike(of(B, 13)), B * 13],
  ["randint", () => sg.randint([B, 13], { high: 9 }), B * 13],
  ["dropout", () => sg.dropout(of(B, 13), 0.5), B * 13],
  ["attention", () => sg.attention(of(B, T, N * D), of(B, S, N * D), of(B, S, N * D), { ...p, heads: N, keyValueHeads: N }), B * N * T * S],
  [
    "attention of fewer key heads",
    () => sg.attention(of(B, T, 2 * D), of(B, S, D), of(B, S, D), { ...p, heads: 2, keyValueHeads: 1 }),
    B * 2 * T * S,
  ],
  ["scaledDotProductAttention", () => sg.scaledDotProductAttention(of(B, N, T, D), of(B, N, S, D), of(B, N, S, D), p), B * N * T * S],
  ["selfAttention", () => sg.selfAttention(of(B, T, 3 * N * D), { ...p, heads: N, keyValueHeads: N }), B * N * T * T],
  ["attentionWithWeights", () => sg.attentionWithWeights(of(B, T, D), of(B, S, D), of(B, S, D), { ...p, heads: 1 }), B * T * S],
  ["nn.init.uniform", () => sg.nn.init.uniform(of(B, 13), 0, 1), B * 13],
  ["nn.init.normal", () => sg.nn.init.normal(of(B, 13)), B * 13],
];

await forEachDevice(immediate, "random numbers of one call are not those of the next:", (device) => {
  const it = on(device);
  for (const [name, draw, count] of draws)
    it(name, () => {
      sg.manualSeed(3);
      sg.scope(() => {
        draw();
        return undefined;
      });
      // A block holds four.
      expect(defaultGenerator().state.counter0).toBe(Math.ceil(count / 4));
    });
  it("nothing is drawn without dropout", () => {
    sg.manualSeed(3);
    sg.scope(() => {
      sg.dropout(of(5), 0);
      sg.attention(of(B, T, D), of(B, S, D), of(B, S, D), { heads: 1 });
      return undefined;
    });
    expect(defaultGenerator().state.counter0).toBe(0);
  });
});
