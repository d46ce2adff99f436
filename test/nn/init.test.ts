import { describe, expect, test } from "vitest";
import { LSTM } from "../../src/nn/index.js";
import * as init from "../../src/nn/init.js";
import { slice } from "../../src/ops/index.js";
import { zeros } from "../../src/tensor/create.js";
import { createDevice, withDevice } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { forEachDevice, immediate, on, wasmDevice } from "../helpers/devices.js";
import { expectClose } from "../helpers/numbers.js";

function moments(y: Tensor) {
  const data = Array.from(y.dataSync());
  const mean = data.reduce((a, b) => a + b) / data.length;
  const variance = data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length;
  const fourth = data.reduce((a, b) => a + (b - mean) ** 4, 0) / data.length;
  return { mean, std: Math.sqrt(variance), kurtosis: fourth / variance ** 2, low: Math.min(...data), high: Math.max(...data) };
}

/** Drawn on [200, 100]: 20,000 numbers, whose sample moments lie within some 2 % of the distribution's. */
const [OUT, IN] = [200, 100];
const uniforms: [string, (y: Tensor) => void, number][] = [
  ["uniform", (y) => init.uniform(y, -0.5, 0.5), 0.5],
  ["xavierUniform", (y) => init.xavierUniform(y), Math.sqrt(6 / (IN + OUT))],
  ["xavierUniform with a gain", (y) => init.xavierUniform(y, 2), 2 * Math.sqrt(6 / (IN + OUT))],
  ["kaimingUniform", (y) => init.kaimingUniform(y), Math.SQRT2 * Math.sqrt(3 / IN)],
];
const normals: [string, (y: Tensor) => void, number][] = [
  ["normal", (y) => init.normal(y, 0, 0.3), 0.3],
  ["xavierNormal", (y) => init.xavierNormal(y, init.gain("tanh")), (5 / 3) * Math.sqrt(2 / (IN + OUT))],
  ["kaimingNormal", (y) => init.kaimingNormal(y), Math.sqrt(2 / IN)],
  ["kaimingNormal for leakyRelu", (y) => init.kaimingNormal(y, init.gain("leakyRelu", 0.2)), Math.sqrt(2 / 1.04 / IN)],
];

/** The rows, or the columns, whichever are fewer. */
function shorter(y: Tensor): number[][] {
  const data = Array.from(y.dataSync());
  const [rows, cols] = y.shape as [number, number];
  const row = (r: number) => data.slice(r * cols, (r + 1) * cols);
  if (rows <= cols) return Array.from({ length: rows }, (_, r) => row(r));
  return Array.from({ length: cols }, (_, c) => Array.from({ length: rows }, (_, r) => row(r)[c]!));
}

await forEachDevice(immediate, "initializers", (device) => {
  const it = on(device);

  it("uniform: from 0 to 1 by default", () => {
    const y = zeros([OUT, IN]);
    init.uniform(y);
    const { low, high, mean } = moments(y);
    expect([low, high].map(Math.round)).toEqual([0, 1]);
    expect(low).toBeGreaterThanOrEqual(0);
    expect(high).toBeLessThan(1);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  });

  for (const [name, fill, bound] of uniforms) {
    it(`${name}: bounds and moments`, () => {
      manualSeed(1);
      const y = zeros([OUT, IN]);
      fill(y);
      const { mean, std, kurtosis, low, high } = moments(y);
      expect(low).toBeGreaterThanOrEqual(-bound * (1 + 1e-6));
      expect(high).toBeLessThanOrEqual(bound * (1 + 1e-6));
      expect(high - low).toBeGreaterThan(1.99 * bound);
      expect(Math.abs(mean)).toBeLessThan(0.02 * bound);
      expect(Math.abs(std / (bound / Math.sqrt(3)) - 1)).toBeLessThan(0.02);
      expect(Math.abs(kurtosis - 1.8)).toBeLessThan(0.05);
    });
  }

  for (const [name, fill, deviation] of normals) {
    it(`${name}: moments`, () => {
      manualSeed(2);
      const y = zeros([OUT, IN]);
      fill(y);
      const { mean, std, kurtosis } = moments(y);
      expect(Math.abs(mean)).toBeLessThan(0.03 * deviation);
      expect(Math.abs(std / deviation - 1)).toBeLessThan(0.02);
      expect(Math.abs(kurtosis - 3)).toBeLessThan(0.15);
    });
  }

  for (const shape of [
    [8, 8],
    [3, 33],
    [64, 5],
    [1, 1],
    [100, 100],
  ]) {
    it(`orthogonal [${shape}]: to 1e-5`, () => {
      manualSeed(3);
      const y = zeros(shape);
      init.orthogonal(y, 2);
      const vectors = shorter(y);
      for (const [i, u] of vectors.entries()) {
        for (const [j, v] of vectors.entries()) {
          const product = u.reduce((sum, a, k) => sum + (a / 2) * (v[k]! / 2), 0);
          expect(Math.abs(product - Number(i === j))).toBeLessThan(1e-5);
        }
      }
    });
  }

  it("identity, also of stacked blocks", () => {
    const y = zeros([6, 3]);
    init.identity(y, 0.5);
    expect(Array.from(y.dataSync())).toEqual([0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5]);
    const wide = zeros([2, 3]);
    init.identity(wide);
    expect(Array.from(wide.dataSync())).toEqual([1, 0, 0, 0, 1, 0]);
  });

  it("constant, zeros, ones", () => {
    const y = zeros([3]);
    for (const [fill, value] of [
      [init.ones, 1],
      [init.zeros, 0],
      [(x: Tensor) => init.constant(x, 0.5), 0.5],
    ] as const) {
      fill(y);
      expect(Array.from(y.dataSync())).toEqual([value, value, value]);
    }
  });

  it("the forget gate's bias is 1 in all, the other gates' is not touched", () => {
    const H = 5;
    const lstm = new LSTM(3, H, { numLayers: 2, bidirectional: true });
    const biases = () =>
      [...lstm.namedParameters()].filter(([name]) => name.startsWith("bias")).map(([name, b]) => ({ name, b: Array.from(b.dataSync()) }));
    const before = biases();
    expect(lstm.setForgetBias()).toBe(lstm);
    const after = biases();
    expect(after.length).toBe(8);
    for (const [i, { name, b }] of after.entries()) {
      expect(b.slice(H, 2 * H)).toEqual(new Array(H).fill(name.startsWith("bias_ih") ? 1 : 0));
      expect(b.toSpliced(H, H)).toEqual(before[i]!.b.toSpliced(H, H));
    }
    expect(() => new LSTM(3, H, { bias: false }).setForgetBias()).toThrow("LSTM.setForgetBias: the layer was made with bias: false");
  });

  it("refuse a shape without inputs and outputs", () => {
    const y = zeros([4]);
    for (const fill of [init.xavierUniform, init.kaimingNormal, init.orthogonal, init.identity])
      expect(() => fill(y)).toThrow("the shape [4] has no inputs and outputs; expected [out, in]");
  });
});

describe("the same seed", async () => {
  const reference = await createDevice({ device: "reference" });
  const wasm = await wasmDevice("simd");
  const fillers: [string, (y: Tensor) => void][] = [...uniforms, ...normals].map(([name, fill]) => [name, fill]);

  test.each([...fillers, ["orthogonal", init.orthogonal] as const])("gives the same weights on wasm and reference: %s", (_, fill) => {
    const [a, b] = [wasm, reference].map((device) =>
      withDevice(device, () => {
        manualSeed(7);
        const y = zeros([9, 13]);
        fill(y);
        return y.dataSync();
      }),
    );
    expectClose(a!, b!, 1e-6);
  });

  test("gives the same layer, bit by bit; another gives another", () => {
    const draw = (seed: number) =>
      withDevice(wasm, () => {
        manualSeed(seed);
        return new LSTM(5, 7).parameters().flatMap((p) => Array.from(p.dataSync()));
      });
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });
});

test("a view with gaps is refused by every one, and nothing around it changes", async () => {
  withDevice(await wasmDevice("simd"), () => {
    const whole = zeros([4, 4]);
    const { gain: _, ...fills } = init;
    for (const [name, fill] of Object.entries(fills)) {
      const column = slice(whole, { axis: 1, start: 1, end: 3 });
      expect(() => (fill as (y: Tensor, value: number) => void)(column, 1), name).toThrow(/view with gaps/);
    }
    expect(Array.from(whole.dataSync())).toEqual(new Array(16).fill(0));
  });
});
