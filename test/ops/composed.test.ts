import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { type Device, withDevice } from "../../src/tensor/device.js";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { expectClose, normals } from "../helpers/numbers.js";

type Call = (x: sg.Tensor) => sg.Tensor | readonly sg.Tensor[] | sg.ValuesAndIndices;

const positions = (...index: number[]) => sg.tensor(Int32Array.from(index));

/** Operations that are made of others, as functions of one tensor [3, 4, 5]. */
const calls: Record<string, Call> = {
  pad: (x) => sg.pad(x, [1, 2, 0, -1, 2, 0], { value: 3 }),
  "pad, reflect": (x) => sg.pad(x, [2, 1, 1, 3], { mode: "reflect" }),
  roll: (x) => sg.roll(x, [2, -1], { axis: [1, 2] }),
  "roll, all": (x) => sg.roll(x, 7),
  tril: (x) => sg.tril(x, { diagonal: -1 }),
  triu: (x) => sg.triu(x),
  repeat: (x) => sg.repeat(x, [2, 1, 2, 1]),
  repeatInterleave: (x) => sg.repeatInterleave(x, [2, 0, 1, 1], { axis: 1 }),
  "repeatInterleave, all": (x) => sg.repeatInterleave(x, 2),
  chunk: (x) => sg.chunk(x, 2, { axis: 2 }),
  unbind: (x) => sg.unbind(x, { axis: 1 }),
  "cumsum, first": (x) => sg.cumsum(x, { axis: 0 }),
  "cumsum, last": (x) => sg.cumsum(x),
  cumprod: (x) => sg.cumprod(x, { axis: 1 }),
  prod: (x) => sg.prod(x, { axis: [0, 2] }),
  "prod of all": (x) => sg.prod(sg.affine(x, 0.1, 1)),
  std: (x) => sg.std(x, { axis: [0, 1] }),
  "all and any": (x) => [sg.all(sg.relu(x), { axis: 1 }), sg.any(sg.relu(x), { axis: [0, 1], keepDims: true })],
  argmin: (x) => [sg.argmin(x), sg.argmin(x, { axis: 1, keepDims: true }), sg.argmin(sg.toInt(sg.affine(x, 5)), { axis: 0 })],
  maxWithIndices: (x) => sg.maxWithIndices(x, { axis: 1 }),
  minWithIndices: (x) => sg.minWithIndices(x),
  "round, ceil and trunc": (x) => [sg.round(x), sg.ceil(x), sg.trunc(x)],
  "log1p, expm1 and erf": (x) => [sg.log1p(sg.abs(x)), sg.expm1(x), sg.erf(x), sg.rsqrt(sg.affine(sg.square(x), 1, 0.5))],
  remainder: (x) => sg.remainder(x, sg.tensor([0.5, 0.3, -0.7, 1, 2])),
  logical: (x) => [sg.logicalAnd(sg.relu(x), 1), sg.logicalOr(sg.relu(x), 0), sg.logicalXor(sg.relu(x), 1), sg.logicalNot(sg.relu(x))],
  "isNaN and isFinite": (x) => [sg.isNaN(sg.log(x)), sg.isFinite(sg.log(sg.relu(x)))],
  activations: (x) => [sg.elu(x), sg.selu(x), sg.mish(x), sg.logSigmoid(x), sg.glu(x, { axis: 1 })],
  cosineSimilarity: (x) => sg.cosineSimilarity(x, sg.tensor([1, -2, 0.5, 3, 1])),
  sort: (x) => sg.sort(x, { axis: 1, descending: true }),
  "argsort, of few numbers": (x) => sg.argsort(sg.round(x), { axis: 0 }),
  topk: (x) => sg.topk(x, 2, { axis: 0 }),
  median: (x) => [sg.median(x), sg.median(x, { axis: 1 })],
  scatter: (x) => sg.scatter(x, sg.randint([3, 2, 5], { high: 4 }), sg.ones([3, 2, 5]), { axis: 1 }),
  indexAdd: (x) => sg.indexAdd(x, positions(1, 1, 0), sg.slice(x, { axis: 1, end: 3 }), { axis: 1 }),
  scatterAdd: (x) => sg.scatterAdd(sg.zeros(shape), sg.randint(shape, { high: 3 }), x, { axis: 0 }),
  einsum: (x) => [sg.einsum("ijk,ilk->jl", [x, x]), sg.einsum("...k,k", [x, sg.arange(5)]), sg.einsum("ijk->kj", [x])],
  "draws, by a seed": (x) => [sg.bernoulli(sg.sigmoid(x)), sg.gumbelSoftmax(x, { axis: 1, hard: true })],
  "multinomial, by a seed": (x) => sg.multinomial(sg.exp(sg.reshape(x, [12, 5])), 3),
  "multinomial with replacement": (x) => sg.multinomial(sg.exp(sg.reshape(x, [12, 5])), 3, { replacement: true }),
  maskedFill: (x) => sg.maskedFill(x, positions(0, 1, 0, 0, 1), -2),
};

const shape = [3, 4, 5];
const data = normals(60, 17);

/** Views that show the same numbers, by the way in which they lie in memory. */
const layouts: Record<string, () => sg.Tensor> = {
  plain: () => sg.tensor(data, shape),
  permuted: () => sg.permute(sg.copyOf(sg.permute(sg.tensor(data, shape), [2, 0, 1])), [1, 2, 0]),
  flipped: () => sg.flip(sg.copyOf(sg.flip(sg.tensor(data, shape), { axis: [0, 2] })), { axis: [0, 2] }),
  "every second": () => sg.slice(sg.repeatInterleave(sg.tensor(data, shape), 2, { axis: 2 }), { axis: 2, start: 1, end: 10, step: 2 }),
};

const listed = (made: ReturnType<Call>): readonly sg.Tensor[] => (made instanceof sg.Tensor ? [made] : Object.values(made));

/** The outputs, and the gradient of x where one flows, of a loss that weighs every element by another number. */
async function evaluate(device: Device, call: Call, layout: () => sg.Tensor): Promise<ArrayLike<number>[]> {
  return Promise.all(
    withDevice(device, () =>
      sg.scope(() => {
        const x = layout().detach();
        x.requiresGrad = true;
        sg.manualSeed(5);
        const outputs = listed(call(x));
        const terms = outputs.filter((y) => y.tracksGradient).map((y) => sg.sum(sg.mul(y, sg.reshape(sg.cos(sg.arange(y.size)), y.shape))));
        if (terms.length > 0) terms.reduce((a, b) => sg.add(a, b)).backward();
        return [...outputs, ...(x.grad ? [x.grad] : [])].map((y) => y.data());
      }),
    ),
  );
}

const reference = await openDevice("reference");

await forEachDevice(["simd", "webgpu"], "operations made of others", (device) => {
  test.each(Object.entries(calls))("%s of every layout is as on the reference device", async (name, call) => {
    const expected = await evaluate(reference, call, layouts.plain!);
    for (const [layout, view] of Object.entries(device.type === "webgpu" ? { permuted: layouts.permuted! } : layouts)) {
      const actual = await evaluate(device, call, view);
      expect(actual.length).toBe(expected.length);
      for (const [i, y] of expected.entries()) expectClose(actual[i]!, y, 1e-5, `${name}, ${layout}, result ${i}`);
    }
  });
});
