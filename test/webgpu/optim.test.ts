import { test } from "vitest";
import type { Backend, TensorData } from "../../src/backend/backend.js";
import type { KernelName } from "../../src/backend/kernels.js";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { assembled, runKernel } from "../helpers/kernel.js";
import { expectClose, normals } from "../helpers/numbers.js";

const { backend: wasm } = await openDevice("simd");

const n = 133;
const array = (seed: number) => normals(n, seed);
const positive = (seed: number) => array(seed).map(Math.abs);
const common = { n, lr: 0.01, weightDecay: 0.1 };

const calls: [string, KernelName, Record<string, number | TensorData>][] = [
  ["sgd", "sgd", { ...common, nesterov: 0, first: 1, momentum: 0, oneMinusDampening: 1 }],
  ["sgd, first step", "sgd", { ...common, buffer: array(3), nesterov: 0, first: 1, momentum: 0.9, oneMinusDampening: 0.9 }],
  ["sgd with momentum", "sgd", { ...common, buffer: array(3), nesterov: 0, first: 0, momentum: 0.9, oneMinusDampening: 0.9 }],
  ["sgd, nesterov", "sgd", { ...common, buffer: array(3), nesterov: 1, first: 0, momentum: 0.9, oneMinusDampening: 1 }],
  ...[1, 0.999].map((kept): [string, KernelName, Record<string, number | TensorData>] => [
    kept < 1 ? "adamw" : "adam",
    "adam",
    {
      ...{ n, rate: 0.037, m: array(3), v: positive(4), oneMinusBeta1: 0.1, beta2: 0.999, oneMinusBeta2: 0.001, rootCorrection: 18.3 },
      ...{ eps: 1e-8, weightDecay: kept < 1 ? 0 : 0.1, kept },
    },
  ]),
  ["rmsprop", "rmsprop", { ...common, v: positive(3), alpha: 0.99, oneMinusAlpha: 0.01, eps: 1e-8, momentum: 0 }],
  [
    "rmsprop, all",
    "rmsprop",
    {
      ...common,
      v: positive(3),
      average: array(4).map((x) => x / 50),
      buffer: array(5),
      alpha: 0.9,
      oneMinusAlpha: 0.1,
      eps: 1e-8,
      momentum: 0.5,
    },
  ],
  ["adagrad", "adagrad", { ...common, sum: positive(3), eps: 1e-10 }],
];

await forEachDevice(["webgpu"], "optimizers equal those of WebAssembly", ({ backend: gpu }) => {
  const norms: [string, Record<string, number | TensorData>][] = [
    ["without a norm", { clipNorm: 0 }],
    ["clipped", { norm: Float32Array.of(4), clipNorm: 1 }],
    ["not clipped", { norm: Float32Array.of(0.5), clipNorm: 1 }],
    ["with a norm that is infinite", { norm: Float32Array.of(Number.POSITIVE_INFINITY), clipNorm: 1 }],
    ["with a norm that is NaN", { norm: Float32Array.of(Number.NaN), clipNorm: 0 }],
  ];
  for (const [how, norm] of norms) {
    test.each(calls)(`%s, ${how}`, async (_, kernel, call) => {
      const run = (on: Backend) => runKernel(on, kernel, assembled({ ...call, ...norm, parameter: array(1), gradient: array(2) }));
      const [actual, expected] = [await run(gpu), await run(wasm)];
      for (const [name, data] of Object.entries(expected)) expectClose(actual[name]!, data, 1e-6, name);
    });
  }
});
