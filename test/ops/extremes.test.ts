import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { type Device, withDevice } from "../../src/tensor/device.js";
import { everywhere, forEachDevice } from "../helpers/devices.js";
import { expectClose, normals } from "../helpers/numbers.js";

const INF = Number.POSITIVE_INFINITY;
const NAN = Number.NaN;
const int32 = (...data: number[]) => sg.tensor(Int32Array.from(data), [data.length]);

interface Case {
  readonly name: string;
  readonly x: readonly number[];
  readonly shape?: readonly number[];
  readonly compute: (x: sg.Tensor) => sg.Tensor;
  /** The value in float64, and its gradient where PyTorch's is a sensible one. */
  readonly y: readonly number[];
  readonly dx?: readonly number[];
  readonly tolerance?: number;
}

const softmaxOf = (x: readonly number[]) => {
  const e = x.map((v) => Math.exp(v - Math.max(...x)));
  const total = e.reduce((a, b) => a + b);
  return e.map((v) => v / total);
};
const large = [9999.3, 10000, 9998.1].map(Math.fround);
const p = softmaxOf(large);
const twoOf = 1 / (1 + Math.E);

const cases: Case[] = [
  { name: "logSumExp of Infinity", x: [1, INF, 3], compute: (x) => sg.logSumExp(x), y: [INF] },
  { name: "logSumExp of nothing but -Infinity", x: [-INF, -INF], compute: (x) => sg.logSumExp(x), y: [-INF], dx: [0, 0] },
  { name: "logSumExp with NaN", x: [1, NAN], compute: (x) => sg.logSumExp(x), y: [NAN] },
  { name: "logSumExp of large numbers", x: [88, 1000, 1000], compute: (x) => sg.logSumExp(x), y: [1000 + Math.LN2], dx: [0, 0.5, 0.5] },
  { name: "softmax with -Infinity", x: [-INF, 0, 1], compute: (x) => sg.softmax(x), y: [0, twoOf, 1 - twoOf] },
  { name: "softmax of nothing but -Infinity", x: [-INF, -INF], compute: (x) => sg.softmax(x), y: [NAN, NAN] },
  { name: "logSoftmax with -Infinity", x: [-INF, 0, 1], compute: (x) => sg.logSoftmax(x), y: [-INF, Math.log(twoOf), Math.log(1 - twoOf)] },
  {
    name: "crossEntropy with a logit of -Infinity",
    x: [-INF, 0, 1],
    shape: [1, 3],
    compute: (x) => sg.crossEntropy(x, int32(1)),
    y: [-Math.log(twoOf)],
    dx: [0, twoOf - 1, 1 - twoOf],
  },
  {
    name: "crossEntropy with a target of -Infinity",
    x: [-INF, 0],
    shape: [1, 2],
    compute: (x) => sg.crossEntropy(x, int32(0)),
    y: [INF],
    dx: [-1, 1],
  },
  {
    name: "crossEntropy with weights and a logit of -Infinity",
    x: [-INF, 0, 1],
    shape: [1, 3],
    compute: (x) => sg.crossEntropy(x, int32(1), { weight: sg.tensor([0, 2, 5]), labelSmoothing: 0.1, reduction: "sum" }),
    y: [-1.8 * Math.log(twoOf) - (0.1 / 3) * (2 * Math.log(twoOf) + 5 * Math.log(1 - twoOf))],
  },
  {
    name: "crossEntropy, smoothed fully, with a logit of -Infinity",
    x: [-INF, 0],
    shape: [1, 2],
    compute: (x) => sg.crossEntropy(x, int32(1), { labelSmoothing: 1 }),
    y: [INF],
  },
  {
    name: "crossEntropy of logits of 10,000",
    x: large,
    shape: [1, 3],
    compute: (x) => sg.crossEntropy(x, int32(1)),
    y: [-Math.log(p[1]!)],
    dx: [p[0]!, p[1]! - 1, p[2]!],
    tolerance: 2e-7,
  },
  {
    name: "crossEntropy of targets that are all ignored",
    x: [1, 2, 3, 4],
    shape: [2, 2],
    compute: (x) => sg.crossEntropy(x, int32(-100, -100)),
    y: [0],
    dx: [0, 0, 0, 0],
  },
  {
    name: "crossEntropy of targets whose weight is 0",
    x: [1, 2],
    shape: [1, 2],
    compute: (x) => sg.crossEntropy(x, int32(0), { weight: sg.tensor([0, 1]) }),
    y: [0],
    dx: [0, 0],
  },
  {
    name: "nllLoss of targets that are all ignored, and of a logarithm of 0 that is",
    x: [-INF, 0],
    shape: [1, 2],
    compute: (x) => sg.nllLoss(x, int32(0), { ignoreIndex: 0 }),
    y: [0],
    dx: [0, 0],
  },
  {
    name: "binaryCrossEntropyWithLogits of infinite logits that are right, and wrong",
    x: [INF, -INF, INF, -INF, 1e30],
    compute: (x) => sg.binaryCrossEntropyWithLogits(x, sg.tensor([1, 0, 0, 1, 1]), { reduction: "none" }),
    y: [0, 0, INF, INF, 0],
    dx: [0, 0, 1, -1, 0],
  },
  {
    name: "huberLoss far away",
    x: [INF, -INF, 1e30, 0.5, -2],
    compute: (x) => sg.huberLoss(x, sg.zeros([5]), { reduction: "none" }),
    y: [INF, INF, 1e30, 0.125, 1.5],
    dx: [1, -1, 1, 0.5, -1],
  },
  { name: "relu", x: [NAN, -INF, INF, 0, -1], compute: sg.relu, y: [NAN, 0, INF, 0, 0], dx: [1, 0, 1, 0, 0] },
  { name: "sign", x: [NAN, -INF, INF, 0], compute: sg.sign, y: [0, -1, 1, 0], dx: [0, 0, 0, 0] },
  { name: "abs", x: [-INF, INF, 0], compute: sg.abs, y: [INF, INF, 0], dx: [-1, 1, 0] },
  { name: "softplus", x: [-INF, INF, 100, -100], compute: sg.softplus, y: [0, INF, 100, 0], dx: [0, 1, 1, 0] },
  { name: "sigmoid", x: [-INF, INF, -200, 200], compute: sg.sigmoid, y: [0, 1, 0, 1], dx: [0, 0, 0, 0] },
  { name: "tanh", x: [-INF, INF, NAN], compute: sg.tanh, y: [-1, 1, NAN] },
  {
    name: "variance of numbers far from 0",
    x: Array.from(normals(999, 5, 1e4, 1)),
    compute: (x) => sg.variance(x),
    y: [varianceOf(Array.from(normals(999, 5, 1e4, 1)))],
    tolerance: 1e-6,
  },
  {
    name: "the mean of many numbers",
    x: Array.from(normals(200_000, 6, 100, 1)),
    compute: (x) => sg.mean(x),
    y: [Array.from(normals(200_000, 6, 100, 1)).reduce((a, b) => a + b) / 200_000],
    tolerance: 1e-7,
  },
];

function varianceOf(x: readonly number[]): number {
  const mean = x.reduce((a, b) => a + b) / x.length;
  return x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (x.length - 1);
}

await forEachDevice(everywhere, "infinite, huge and missing numbers", (device: Device) => {
  /** y = compute(x), and the gradient of its sum. */
  async function run(compute: (x: sg.Tensor) => sg.Tensor, data: readonly number[], shape: readonly number[] = [data.length]) {
    const [y, dx] = withDevice(device, () => {
      const x = sg.tensor([...data], shape, { requiresGrad: true });
      const result = compute(x);
      if (result.tracksGradient) result.backward(sg.ones(result.shape));
      return [result.data(), x.grad?.data()];
    });
    return { y: await y, dx: await dx };
  }

  test.each(cases)("$name", async ({ x, shape, compute, y, dx, tolerance = 1e-6 }) => {
    const result = await run(compute, x, shape);
    expectClose(result.y, y, tolerance, "value");
    if (dx) expectClose(result.dx!, dx, tolerance, "gradient");
  });

  test("a mean far from 0 costs layerNorm and batchNorm no digits, forward or backward", async () => {
    const [rows, cols] = [40, 70];
    const data = Array.from(normals(rows * cols, 7, 1e4, 1));
    const dy = Array.from(normals(rows * cols, 8));
    const exact = await sg.createDevice({ device: "reference" });
    for (const norm of [(x: sg.Tensor, g: sg.Tensor) => sg.layerNorm(x, g), (x: sg.Tensor, g: sg.Tensor) => sg.batchNorm(x, g)]) {
      const on = async (where: Device) => {
        const results = withDevice(where, () => {
          const x = sg.tensor([...data], [rows, cols], { requiresGrad: true });
          const gamma = sg.ones([cols]);
          gamma.requiresGrad = true;
          const y = norm(x, gamma);
          y.backward(sg.tensor([...dy], [rows, cols]));
          return [y, x.grad!, gamma.grad!].map((tensor) => tensor.data());
        });
        return Promise.all(results);
      };
      const [actual, expected] = [await on(device), await on(exact)];
      for (const [i, name] of ["y", "dx", "dGamma"].entries()) expectClose(actual[i]!, expected[i]!, 4e-6, name);
    }
  });

  test("a momentum of 1 takes the statistics of the batch as they are", async () => {
    const [mean, variance] = withDevice(device, () => {
      const running = { mean: sg.full([1], 1e8), variance: sg.full([1], 1e8) };
      sg.batchNorm(sg.tensor([1, 3], [2, 1]), undefined, undefined, { running, momentum: 1 });
      return [running.mean.data(), running.variance.data()];
    });
    expect([...(await mean!), ...(await variance!)]).toEqual([2, 2]);
  });

  test("rows that a finite -1e9 hides have the gradients of an average", async () => {
    const [T, S] = [5, 6];
    const [q, k, v] = [1, 2, 3].map((seed) => Array.from(normals(S * 4, seed)));
    const { dx } = await run(
      (x) => {
        const [keys, values] = [sg.tensor(k!, [1, 1, S, 4]), x];
        const queries = sg.tensor(q!.slice(0, T * 4), [1, 1, T, 4]);
        return sg.sum(sg.scaledDotProductAttention(queries, keys, values, { bias: sg.full([T, S], -1e9), scale: 0 }));
      },
      v!,
      [1, 1, S, 4],
    );
    expectClose(dx!, new Array(S * 4).fill(T / S), 1e-6);
  });

  test("a softmax over 80,000 classes adds up to 1, and its logarithm keeps its digits", async () => {
    const n = 80_000;
    const data = Array.from(normals(n, 9));
    const total = data.reduce((sum, v) => sum + Math.exp(v), 0);
    const { y } = await run((x) => sg.logSoftmax(x), data);
    const expected = data.map((v) => v - Math.log(total));
    expectClose(y, expected, 1e-7);
    const { y: weights } = await run((x) => sg.softmax(x), data);
    expect(Math.abs(Array.from(weights).reduce((sum, v) => sum + v) - 1)).toBeLessThan(2e-7);
  });
});
