import { expect, test } from "vitest";
import type { Backend, TensorData } from "../../src/backend/backend.js";
import type { Device } from "../../src/tensor/device.js";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { full } from "../helpers/full.js";
import { assembled, runKernel } from "../helpers/kernel.js";
import { expectClose, normals } from "../helpers/numbers.js";

const { backend: wasm } = await openDevice("simd");

interface Case {
  readonly sizes: readonly [B: number, N: number, K: number, T: number, S: number, D: number, E: number];
  readonly causal?: boolean;
  /** Of the causal mask; default S - T. */
  readonly offset?: number;
  readonly lengths?: readonly number[];
  /** Which of the axes B, N, T, S the bias has; the others repeat. */
  readonly bias?: string;
  readonly p?: number;
  /** Matrices lie as [B, rows, heads, columns], as a layer's projections do. */
  readonly headsInside?: boolean;
}

const cases: Case[] = [
  { sizes: [2, 4, 2, 9, 9, 8, 8], causal: true, headsInside: true },
  { sizes: [2, 2, 1, 3, 300, 5, 7], causal: true, lengths: [300, 258], p: 0.2 },
  { sizes: [2, 2, 1, 40, 37, 17, 33], causal: true, offset: -4, lengths: [37, 30], bias: "NTS", p: 0.3 },
  { sizes: [1, 1, 1, 20, 33, 128, 130] },
];
/** What the compiler of a driver in software takes too long for in the form that is for hardware. */
const more: Case[] = [
  { sizes: [1, 1, 1, 1, 1, 1, 1] },
  { sizes: [2, 2, 1, 5, 7, 3, 5] },
  { sizes: [1, 2, 2, 1, 19, 8, 8], causal: true },
  { sizes: [3, 2, 2, 6, 10, 4, 6], lengths: [10, 0, 3], bias: "BS" },
  { sizes: [1, 2, 1, 70, 70, 32, 32], causal: true, p: 0.5, headsInside: true },
  { sizes: [1, 1, 1, 34, 66, 64, 64], bias: "T" },
  { sizes: [1, 1, 1, 3, 5, 300, 270], causal: true, p: 0.1 },
  { sizes: [1, 1, 1, 18, 20, 9, 80], p: 1 },
];

const label = ({ sizes, causal, offset, lengths, bias, p, headsInside }: Case) =>
  [
    sizes.join("x"),
    causal && `causal ${offset ?? ""}`,
    lengths && `lengths ${lengths}`,
    bias && `bias ${bias}`,
    p && `dropout ${p}`,
    headsInside && "heads inside",
  ]
    .filter(Boolean)
    .join(" ");

const stream = { key0: 0x1234567, key1: -5, counter0: -3, counter1: 7 };
type Call = Record<string, number | TensorData | undefined>;

/** The data of a case, and the dims and scalars of its calls. */
function make({ sizes, causal, offset, lengths, bias, p = 0, headsInside }: Case) {
  const [B, N, K, T, S, D, E] = sizes;
  const strides = (name: string, row: string, heads: number, rows: number, columns: number) =>
    headsInside
      ? { [`${name}B`]: rows * heads * columns, [`${name}N`]: columns, [`${name}${row}`]: heads * columns }
      : { [`${name}B`]: heads * rows * columns, [`${name}N`]: rows * columns, [`${name}${row}`]: columns };
  const biasStrides: Record<string, number> = { bB: 0, bN: 0, bT: 0, bS: 0 };
  let biasSize = 1;
  for (const [axis, n] of Object.entries({ S, T, N, B })) {
    if (!bias?.includes(axis)) continue;
    biasStrides[`b${axis}`] = biasSize;
    biasSize *= n;
  }
  // Every fifth number hides its keys.
  const biasData = normals(biasSize, 4).map((v, i) => (i % 5 === 4 ? Number.NEGATIVE_INFINITY : v));
  const dims: Record<string, number> = {
    ...{
      B,
      N,
      K,
      T,
      S,
      D,
      E,
      causal: Number(causal ?? false),
      offset: offset ?? S - T,
      ...stream,
      scale: 1 / Math.sqrt(D),
      p,
      growth: p < 1 ? 1 / (1 - p) : 0,
    },
    ...{ ...strides("q", "T", N, T, D), ...strides("k", "S", K, S, D), ...strides("v", "S", K, S, E), ...strides("y", "T", N, T, E) },
    ...biasStrides,
  };
  const data = {
    q: normals(B * N * T * D, 1, 0, 2),
    k: normals(B * K * S * D, 2),
    v: normals(B * K * S * E, 3),
    dy: normals(B * N * T * E, 5),
  };
  const masks: Call = { bias: bias === undefined ? undefined : biasData, lengths: lengths && Int32Array.from(lengths) };
  return { dims, data, masks };
}

const gradients = ["dq", "dk", "dv"] as const;

/** The forward pass on a backend, and the backward pass to these gradients; if `split`, each in two calls. */
async function run(on: Backend, c: Case, split = false, expected: readonly (typeof gradients)[number][] = gradients) {
  const { dims, data, masks } = make(c);
  const [B, N, K, T] = c.sizes;
  const { q, k, v, dy } = data;
  const parts = (pairs: number) => (split ? [[0, 1] as const, [1, pairs] as const] : [[0, pairs] as const]);
  const empty = (n: number) => new Float32Array(n).fill(7);
  const common: Call = { ...dims, ...masks, q, k, v };
  let forward: Record<string, TensorData> = { y: empty(dy.length), largest: empty(B * N * T), total: empty(B * N * T) };
  for (const [begin, end] of parts(B * N)) {
    forward = await runKernel(on, "attentionForward", assembled({ ...common, ...forward, begin, end }));
  }
  const sizes = { dq: q.length, dk: k.length, dv: v.length };
  let backward: Record<string, TensorData> = Object.fromEntries(expected.map((name) => [name, empty(sizes[name])]));
  for (const [begin, end] of expected.length > 0 ? parts(B * K) : []) {
    backward = await runKernel(on, "attentionBackward", assembled({ ...common, ...forward, dy, ...backward, begin, end }));
  }
  return { forward, backward };
}

async function compare(gpu: Backend, c: Case, names: readonly (typeof gradients)[number][] = gradients) {
  const [actual, expected] = [await run(gpu, c, false, names), await run(wasm, c, false, names)];
  for (const [pass, writes] of Object.entries(expected))
    for (const [name, data] of Object.entries(writes)) expectClose(actual[pass as "forward"][name]!, data, 3e-6, `${pass}: ${name}`);
}

const suite =
  (chosen: readonly Case[]) =>
  ({ backend: gpu }: Device) => {
    test.each(chosen.map((c) => [label(c), c] as const))("%s", (_, c) => compare(gpu, c));

    test("a split range gives the same bits", async () => {
      for (const c of chosen.filter((c) => cases.slice(0, 2).includes(c))) expect(await run(gpu, c, true)).toEqual(await run(gpu, c));
    });
  };

await forEachDevice(["webgpu"], "attention equals that of WebAssembly", suite([cases[1]!]));
await forEachDevice(["full webgpu"], "attention equals that of WebAssembly", suite([cases[0]!, ...cases.slice(2), ...more]));
await forEachDevice(["full webgpu as in hardware"], "attention equals that of WebAssembly", suite(cases));

// A driver in software compiles a pass of this form for a second and more: the sum of a query, and that of a key.
await forEachDevice(["webgpu as in hardware"], "attention equals that of WebAssembly", ({ backend: gpu }) => {
  test("in tiles", () => compare(gpu, cases[2]!, ["dk"]));
  const few: Case = { sizes: [2, 2, 1, 3, 515, 5, 7], causal: true, lengths: [515, 258], bias: "TS", p: 0.2 };
  test("with few queries", () => compare(gpu, few, []));
});

await forEachDevice(["webgpu"], "attention", ({ backend: gpu }) => {
  full(() =>
    test("gradients that are not expected are left out", async () => {
      const c = cases[0]!;
      const { dims, data, masks } = make(c);
      const { forward, backward } = await run(gpu, c);
      for (const name of ["dq", "dk", "dv"]) {
        const call = { ...dims, ...masks, ...data, ...forward, [name]: new Float32Array(backward[name]!.length), begin: 0, end: 4 };
        expect(await runKernel(gpu, "attentionBackward", assembled(call))).toEqual({ [name]: backward[name] });
      }
    }),
  );

  test("a length out of range is reported by the next read", async () => {
    const run_ = run(gpu, { sizes: [2, 1, 1, 2, 3, 2, 2], lengths: [3, 4] });
    await expect(run_).rejects.toThrow(/attentionForward: lengths\[1\] is out of range/);
  });
});
