import { describe, expect, it } from "vitest";
import { recurrentCells } from "../../src/backend/kernels.js";
import type { WasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { expectClose, GuardedBuffers } from "../helpers/guarded.js";
import { generator, type RecurrentGradientInput, recurrentGradientReference } from "../helpers/recurrent-reference.js";
import { describeVariants } from "../helpers/variants.js";

interface Case {
  cell: (typeof recurrentCells)[number];
  B: number;
  T: number;
  I: number;
  H: number;
  G: number;
  width: number;
  reverse?: boolean;
  lengths?: number[];
  /** Leaves out h0. */
  bare?: boolean;
}

const plain = (B: number, T: number, I: number, H: number, G: number) => ({ cell: "plain" as const, B, T, I, H, G, width: G });
const gru = (cell: "gruResetAfter" | "gruResetBefore", B: number, T: number, I: number, H: number) => ({
  cell,
  B,
  T,
  I,
  H,
  G: 3 * H,
  width: 4 * H,
});

const cases: Case[] = [
  plain(1, 1, 1, 1, 1),
  { ...plain(1, 33, 7, 9, 9), bare: true },
  { ...plain(3, 9, 8, 7, 28), lengths: [9, 1, 4] },
  { ...plain(7, 9, 3, 33, 132), lengths: [9, 1, 4, 8, 9, 2, 7], reverse: true },
  { ...plain(64, 9, 33, 8, 100), reverse: true },
  { ...plain(2, 3, 100, 64, 64), bare: true, reverse: true },
  { ...plain(8, 64, 9, 5, 28) },
  gru("gruResetAfter", 1, 1, 1, 1),
  { ...gru("gruResetAfter", 3, 9, 8, 33), lengths: [9, 1, 4] },
  { ...gru("gruResetAfter", 33, 9, 7, 7), reverse: true, bare: true },
  gru("gruResetBefore", 1, 3, 7, 3),
  { ...gru("gruResetBefore", 3, 9, 8, 33), lengths: [9, 1, 4], reverse: true },
  { ...gru("gruResetBefore", 33, 9, 7, 7), bare: true },
];

const name = (c: Case) =>
  Object.entries(c)
    .map(([key, value]) => `${key} ${value}`)
    .join(", ");

/** Gates past a length are 0, as the backward kernels leave them, but for the columns that hold r h. */
function sample(c: Case): RecurrentGradientInput {
  const { B, T, I, H, G, width, lengths } = c;
  const zeroed = c.cell === "gruResetBefore" ? G : width;
  const random = generator(B + 31 * T + 97 * I + 101 * H);
  const gates = random(T * B * width);
  lengths?.forEach((length, b) => {
    for (let t = length; t < T; t++) gates.fill(0, (t * B + b) * width, (t * B + b) * width + zeroed);
  });
  const h0 = c.bare ? undefined : random(B * H);
  return { ...c, reverse: c.reverse ?? false, gates, x: random(B * T * I), y: random(B * T * H), h0 };
}

const outputs = ["dwIh", "dwHh", "dbIh", "dbHh"] as const;
type Output = (typeof outputs)[number];

/** What the kernel makes of outputs that hold `start` everywhere; only those in `wanted` are given. */
function run(
  backend: WasmBackend,
  input: RecurrentGradientInput,
  ranges: readonly (readonly [begin: number, end: number])[],
  wanted: readonly Output[] = outputs,
  start = 0,
): { [K in Output]?: Float32Array } {
  const { B, T, I, H, G, width } = input;
  const buffers = new GuardedBuffers(backend);
  const { gates, x, y, h0, lengths } = buffers.writeAll(input);
  const sizes = { dwIh: G * I, dwHh: G * H, dbIh: G, dbHh: G };
  const writes = Object.fromEntries(wanted.map((key) => [key, buffers.write(new Float32Array(sizes[key]).fill(start))]));
  const dims = { B, T, I, H, G, width, reverse: Number(input.reverse), cell: recurrentCells.indexOf(input.cell) };
  for (const [begin, end] of ranges) {
    backend.dispatch("recurrentGradient", { gates: gates!, x: x!, y: y!, h0, lengths, ...writes, ...dims, begin, end });
  }
  const results = Object.fromEntries(Object.entries(writes).map(([key, address]) => [key, buffers.read(address)]));
  buffers.free();
  return results;
}

await describeVariants("recurrentGradient", (backend) => {
  describe.each(cases.map((c) => [name(c), c] as const))("%s", (_, c) => {
    const input = sample(c);

    it("agrees with float64, and adds", () => {
      const expected = recurrentGradientReference(input);
      const actual = run(backend, input, [[0, c.G]], outputs, 3);
      for (const key of outputs)
        expectClose(
          actual[key]!,
          expected[key].map((value) => value + 3),
          key,
        );
    });

    it("gives the same bits however the rows are split", () => {
      const cuts = [0, c.G >> 3, (5 * c.G) >> 3, c.G];
      const split = run(
        backend,
        input,
        cuts.slice(1).map((end, i) => [cuts[i]!, end] as const),
      );
      expect(split).toEqual(run(backend, input, [[0, c.G]]));
    });
  });

  it.each(outputs.map((key) => [key]))("gives %s alone", (key) => {
    const input = sample({ ...gru("gruResetAfter", 3, 5, 4, 6), lengths: [5, 2, 4] });
    expectClose(run(backend, input, [[0, 18]], [key])[key]!, recurrentGradientReference(input)[key], key);
  });

  it("ignores what lies past a length, NaN included", () => {
    const input = sample({ ...gru("gruResetBefore", 2, 4, 3, 5), lengths: [2, 4] });
    const x = Float32Array.from(input.x).fill(Number.NaN, 2 * 3, 4 * 3);
    expect(run(backend, { ...input, x }, [[0, 15]])).toEqual(run(backend, input, [[0, 15]]));
  });
});
