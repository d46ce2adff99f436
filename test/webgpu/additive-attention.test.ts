import { expect, test } from "vitest";
import type { Backend } from "../../src/backend/backend.js";
import type { Device } from "../../src/tensor/device.js";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { runKernel } from "../helpers/kernel.js";
import { expectClose, normals } from "../helpers/numbers.js";

const { backend: wasm } = await openDevice("simd");

interface Case {
  readonly sizes: readonly [B: number, T: number, S: number, A: number];
  readonly lengths?: readonly number[];
  readonly window?: number;
  readonly positions?: readonly number[];
  readonly start?: number;
  readonly range?: readonly [begin: number, end: number];
}

const cases: Case[] = [
  { sizes: [1, 1, 1, 1] },
  { sizes: [3, 2, 7, 5], lengths: [0, 7, 3] },
  { sizes: [2, 4, 6, 3], window: 3, start: 4, lengths: [6, 5] },
  { sizes: [2, 3, 6, 5], window: 2, positions: [0, 5, 6, 7, -1, -9], lengths: [6, 5] },
  { sizes: [4, 3, 5, 4], range: [1, 3], lengths: [5, 2, 0, 5] },
  { sizes: [1, 2, 150, 4], lengths: [140] },
];

/** Forward and backward on a backend; what each wrote. */
async function run(on: Backend, { sizes: [B, T, S, A], lengths, window = 0, positions, start = 0, range = [0, B] }: Case) {
  const call = {
    ...{ q: normals(B * T * A, 1), k: normals(B * S * A, 2), v: normals(A, 3), B, T, S, A, window, start, begin: range[0], end: range[1] },
    ...(lengths && { lengths: Int32Array.from(lengths) }),
    ...(positions && { positions: Int32Array.from(positions) }),
  };
  const { weights } = await runKernel(on, "additiveAttentionForward", { ...call, weights: new Float32Array(B * T * S).fill(7) });
  const gradients = await runKernel(on, "additiveAttentionBackward", {
    ...{ ...call, weights: weights!, dWeights: normals(B * T * S, 4) },
    ...{ dq: new Float32Array(B * T * A).fill(7), dk: normals(B * S * A, 5), dv: new Float32Array(B * A).fill(7) },
  });
  return { weights: weights!, ...gradients };
}

function suite({ backend: gpu }: Device): void {
  test.each(cases)("$sizes, lengths $lengths, window $window around $positions, rows $range", async (c) => {
    const [actual, expected] = [await run(gpu, c), await run(wasm, c)];
    expect(Object.keys(actual)).toEqual(["weights", "dq", "dk", "dv"]);
    for (const [name, data] of Object.entries(expected)) expectClose(actual[name as keyof typeof actual]!, data, 5e-6, name);
  });
}

await forEachDevice(["webgpu", "webgpu as in hardware"], "additive attention equals that of WebAssembly", suite);
