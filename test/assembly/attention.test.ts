import { describe, expect, it } from "vitest";
import {
  type AttentionInput,
  type AttentionSizes,
  attentionReference,
  attentionReferenceBackward,
} from "../helpers/attention-reference.js";
import { forEachDevice, variants } from "../helpers/devices.js";
import { assembled, blank, expectSameBits, runKernel } from "../helpers/kernel.js";
import { expectClose } from "../helpers/numbers.js";
import { generator, type Numbers } from "../helpers/recurrent-reference.js";
import { gradientError, runSplits, weigh } from "../helpers/sequence-cases.js";

type Kind = "causal" | "offset" | "lengths" | "bias" | "row bias" | "hidden" | "dropout" | "apart" | "slices";
type Four = readonly [number, number, number, number];
type Strides = readonly [number, number, number];

/** [B, N, K, T, S, D, E]. */
const sizes = [
  [1, 1, 1, 1, 1, 1, 1],
  [2, 1, 1, 3, 1, 8, 3],
  [3, 2, 1, 1, 5, 8, 8],
  [2, 2, 2, 5, 3, 5, 7],
  [1, 4, 2, 3, 64, 32, 33],
  [1, 2, 2, 4, 65, 17, 16],
  [2, 2, 1, 24, 24, 8, 8],
  [1, 3, 3, 25, 23, 9, 15],
  [1, 2, 1, 64, 64, 16, 16],
  [1, 1, 1, 65, 130, 64, 64],
  [1, 2, 1, 130, 65, 31, 8],
  [1, 1, 1, 49, 300, 8, 5],
  [1, 2, 1, 2, 600, 3, 40],
  [1, 1, 1, 270, 270, 4, 4],
] as const;

const options: readonly (readonly Kind[])[] = [
  [],
  ["causal", "slices"],
  ["causal", "offset", "lengths", "apart"],
  ["lengths", "bias", "slices"],
  ["causal", "row bias", "dropout"],
  ["hidden", "dropout", "lengths", "apart"],
];

/** Memory in which an array [B, heads, T, D] lies as a kernel may meet it, and where: heads side by side, apart, or a slice of more. */
function laid(values: ArrayLike<number>, [B, heads, T, D]: Four, kinds: readonly Kind[]): { data: Float32Array; strides: Strides } {
  const row = kinds.includes("slices") ? heads * D + 3 : heads * D;
  const strides: Strides = kinds.includes("apart")
    ? [heads * T * D, T * D, D]
    : [T * row + (kinds.includes("slices") ? 2 * row : 0), D, row];
  const data = new Float32Array(B * strides[0]).fill(Number.NaN);
  for (let i = 0; i < values.length; i++) data[placeOf(i, [B, heads, T, D], strides)] = values[i]!;
  return { data, strides };
}

function placeOf(i: number, [, heads, T, D]: Four, [b, n, t]: Strides): number {
  return Math.floor(i / (heads * T * D)) * b + (Math.floor(i / (T * D)) % heads) * n + (Math.floor(i / D) % T) * t + (i % D);
}

/** The elements of [B, heads, T, D] from where they lie; what lies between them must still be NaN. */
function gathered(data: ArrayLike<number>, shape: Four, strides: Strides): Float32Array {
  const places = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => placeOf(i, shape, strides));
  const between = Float32Array.from(data);
  for (const place of places) between[place] = Number.NaN;
  expect(between.every(Number.isNaN), "what lies between the rows is untouched").toBe(true);
  return Float32Array.from(places, (place) => data[place]!);
}

function draw([B, N, K, T, S, D, E]: readonly number[], kinds: readonly Kind[], seed: number) {
  const random = generator(seed);
  const size = { B, N, K, T, S, D, E } as AttentionSizes;
  const has = (kind: Kind) => kinds.includes(kind);
  const full = size.B * size.N * size.T * size.S;
  const bias = has("bias") || has("row bias") || has("hidden") ? random(full) : undefined;
  // One row of all queries and heads; of the other kind, whole rows and single keys hidden.
  if (has("row bias")) for (let i = 0; i < full; i++) bias![i] = bias![i % size.S]!;
  if (has("hidden")) {
    for (let i = 0; i < full; i++) if (Math.floor(i / size.S) % 3 === 0 || bias![i]! > 0.5) bias![i] = Number.NEGATIVE_INFINITY;
  }
  const input: AttentionInput = {
    ...size,
    q: random(size.B * size.N * size.T * size.D),
    k: random(size.B * size.K * size.S * size.D),
    v: random(size.B * size.K * size.S * size.E),
    bias,
    lengths: has("lengths") ? Int32Array.from({ length: size.B }, (_, b) => (b === 1 ? 0 : Math.ceil(size.S / (1 + b)))) : undefined,
    offset: has("causal") ? (has("offset") ? Math.max(0, size.S - size.T) : 0) : undefined,
    scale: 1.5 / Math.sqrt(size.D),
    dropout: has("dropout") ? { key0: 5, key1: seed, counter0: 0xfffffffe, counter1: 1, p: 0.25 } : undefined,
  };
  return { input, dy: random(size.B * size.N * size.T * size.E) };
}

/** The arguments of both kernels. */
function callOf({ input, dy }: ReturnType<typeof draw>, kinds: readonly Kind[]) {
  const { B, N, K, T, S, D, E, q, k, v, bias, lengths, offset, scale, dropout } = input;
  const shapes = { q: [B, N, T, D], k: [B, K, S, D], v: [B, K, S, E], y: [B, N, T, E] } as const;
  const parts = {
    q: laid(q, shapes.q, kinds),
    k: laid(k, shapes.k, kinds),
    v: laid(v, shapes.v, kinds),
    y: laid(dy, shapes.y, kinds),
  };
  const [bB, bN, bT, bS] = !bias || kinds.includes("row bias") ? [0, 0, 0, bias ? 1 : 0] : [N * T * S, T * S, S, 1];
  const dims: Record<string, number> = { B, N, K, T, S, D, E, causal: Number(offset !== undefined), offset: offset ?? 0, bB, bN, bT, bS };
  for (const [name, { strides }] of Object.entries(parts)) {
    dims[`${name}B`] = strides[0];
    dims[`${name}N`] = strides[1];
    dims[`${name}${name === "k" || name === "v" ? "S" : "T"}`] = strides[2];
  }
  const { key0 = 0, key1 = 0, counter0 = 0, counter1 = 0, p = 0 } = dropout ?? {};
  Object.assign(dims, { key0, key1, counter0, counter1, scale, p, growth: 1 / (1 - p) });
  const reads: Record<string, Numbers | undefined> = { q: parts.q.data, k: parts.k.data, v: parts.v.data, bias, lengths };
  return { shapes, parts, dims, reads };
}

describe("the float64 attention that the kernels are compared with", () => {
  it("has the gradients that finite differences give", () => {
    const { input, dy } = draw([2, 4, 2, 5, 6, 3, 4], ["causal", "lengths", "bias", "dropout"], 7);
    const names = ["q", "k", "v", "bias"] as const;
    const precise = { ...input, ...Object.fromEntries(names.map((name) => [name, Float64Array.from(input[name]!)])) };
    const g = attentionReferenceBackward(precise, dy);
    const arrays = names.map((name) => precise[name] as Float64Array);
    expect(gradientError(() => weigh(attentionReference(precise).y, dy), arrays, [g.dq, g.dk, g.dv, g.dBias])).toBeLessThan(1e-7);
  });
});

await forEachDevice(variants, "attention", ({ backend }) => {
  const cases = sizes.flatMap((size, i) =>
    options.map((kinds, j) => ({ name: `[${size}] ${kinds.join(", ")}`, size, kinds, seed: i * 10 + j + 1 })),
  );

  // Whole blocks of keys, and one key less and more, for few queries and for many.
  const whole = [128, 255, 256, 257, 512, 513].flatMap((S) =>
    [3, 5].map((T) => ({ name: `[1,1,1,${T},${S},2,3]`, size: [1, 1, 1, T, S, 2, 3], kinds: [] as Kind[], seed: S + T })),
  );

  it.each([...cases, ...whole])("$name", async ({ size, kinds, seed }) => {
    const drawn = draw(size, kinds, seed);
    const { input, dy } = drawn;
    const { B, N, K, T } = input;
    const { shapes, parts, dims, reads } = callOf(drawn, kinds);
    const forward = await runSplits(B * N, (ranges) => {
      const writes = blank({ y: parts.y.data.length, largest: B * N * T, total: B * N * T });
      return runKernel(backend, "attentionForward", assembled({ ...reads, ...writes, ...dims }), { ranges });
    });
    const expected = attentionReference(input);
    expectClose(gathered(forward[0]!.y!, shapes.y, parts.y.strides), expected.y, 1e-5, "y");
    const finite = (x: ArrayLike<number>) => Array.from(x, (v) => (v === Number.POSITIVE_INFINITY ? 1e9 : v));
    expectClose(finite(forward[0]!.largest!), finite(expected.largest), 1e-5, "largest");
    expectClose(forward[0]!.total!, expected.total, 1e-5, "total");
    expectSameBits(forward[1]!, forward[0]!);

    const backward = await runSplits(B * K, (ranges) => {
      const writes = blank({ dq: parts.q.data.length, dk: parts.k.data.length, dv: parts.v.data.length });
      const { y, largest, total } = forward[0]!;
      const saved = { y: y!, dy: parts.y.data, largest: largest!, total: total! };
      return runKernel(backend, "attentionBackward", assembled({ ...reads, ...saved, ...writes, ...dims }), {
        ranges,
      });
    });
    const gradients = attentionReferenceBackward(input, dy);
    expectClose(gathered(backward[0]!.dq!, shapes.q, parts.q.strides), gradients.dq, 1e-5, "dq");
    expectClose(gathered(backward[0]!.dk!, shapes.k, parts.k.strides), gradients.dk, 1e-5, "dk");
    expectClose(gathered(backward[0]!.dv!, shapes.v, parts.v.strides), gradients.dv, 1e-5, "dv");
    expectSameBits(backward[1]!, backward[0]!);
  });

  it.each([["dq"], ["dk"], ["dv"]] as const)("gives %s alone, the same", async (only) => {
    const drawn = draw([1, 2, 1, 26, 26, 8, 8], ["causal"], 3);
    const { shapes, parts, dims, reads } = callOf(drawn, ["causal"]);
    const { y, largest, total } = attentionReference(drawn.input);
    const saved = { y: laid(y, shapes.y, ["causal"]).data, dy: parts.y.data, largest, total };
    const name = only === "dq" ? "q" : only === "dk" ? "k" : "v";
    const call = assembled({ ...reads, ...saved, ...blank({ [only]: parts[name].data.length }), ...dims });
    const values = await runKernel(backend, "attentionBackward", call, { ranges: [[0, 1]] });
    const expected = attentionReferenceBackward(drawn.input, drawn.dy)[only];
    expectClose(gathered(values[only]!, shapes[name], parts[name].strides), expected, 1e-5, only);
  });

  it("lets large scores, infinities and NaN be what they are", async () => {
    const big = { ...draw([1, 1, 1, 3, 2, 1, 1], [], 3) };
    // Scores 300 and -300; Infinity; NaN.
    const input = { ...big.input, scale: 1, q: [300, Number.POSITIVE_INFINITY, Number.NaN], k: [1, -1], v: [5, 7] };
    const { dims, reads } = callOf({ input, dy: big.dy }, []);
    const call = assembled({ ...reads, ...blank({ y: 3, largest: 3, total: 3 }), ...dims });
    const values = await runKernel(backend, "attentionForward", call, { ranges: [[0, 1]] });
    expect(Array.from(values.y!)).toEqual([5, NaN, NaN]);
    expect([values.largest![0], values.total![0]]).toEqual([300, 1]);
  });

  it.each([-1, 6])("refuses a length of %i of 5 keys and writes nothing", async (length) => {
    const drawn = draw([3, 2, 2, 4, 5, 3, 3], [], 4);
    const { dims, reads } = callOf(drawn, []);
    const lengths = Int32Array.of(0, 5, length);
    const writes = blank({ y: 3 * 2 * 4 * 3, largest: 3 * 2 * 4, total: 3 * 2 * 4 });
    const call = assembled({ ...reads, lengths, ...writes, ...dims });
    const values = await runKernel(backend, "attentionForward", call, { ranges: [[0, 6]], result: 2 });
    for (const output of Object.values(values)) expect(output.every(Number.isNaN)).toBe(true);
  });
});
