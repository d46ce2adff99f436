import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { apply, type SampleInput, samplesOf } from "../../src/ops/define-op.js";
import { forEachDevice, immediate } from "../helpers/devices.js";
import { normals } from "../helpers/numbers.js";
import { ownOperations } from "../helpers/own-operations.js";

const reference = await sg.createDevice({ device: "reference" });

function inputOf(spec: SampleInput, seed: number): sg.Tensor {
  const { shape, ...kind } = "shape" in spec ? spec : { shape: spec };
  const n = shape.reduce((a, b) => a * b, 1);
  if ("below" in kind) {
    const { below, least = 0 } = kind;
    return sg.tensor(
      Int32Array.from({ length: n }, (_, i) => least + (i % (below - least))),
      shape,
    );
  }
  const numbers = normals(n, seed);
  return sg.tensor(
    numbers.map((v) => ("from" in kind ? kind.from + (Math.abs(v) % 1) * (kind.to - kind.from) : v)),
    shape,
  );
}

/** The sum of every output through which a gradient can flow. */
function lossOf(outputs: readonly sg.Tensor[]): sg.Tensor | undefined {
  const sums = outputs.filter((y) => y.tracksGradient).map((y) => sg.sum(y));
  return sums.length > 0 ? sums.reduce((a, b) => sg.add(a, b)) : undefined;
}

/** Calls of operations that are put together from others, each of two tensors of shape [2, 3]. */
const composed: Record<string, (x: sg.Tensor, y: sg.Tensor) => sg.Tensor> = {
  add: (x, y) => sg.add(x, y),
  sub: (x, y) => sg.sub(x, y),
  mul: (x, y) => sg.mul(x, y),
  div: (x, y) => sg.div(x, y),
  maximum: (x, y) => sg.maximum(x, y),
  "sub with a row": (x, y) => sg.sub(x, sg.select(y, 1)),
  concat: (x, y) => sg.concat([x, y]),
  "concat along columns": (x, y) => sg.concat([x, y], { axis: 1 }),
  stack: (x, y) => sg.stack([x, y]),
  where: (x, y) => sg.where(sg.greater(x, 2), x, y),
  matmul: (x, y) => sg.matmul(x, sg.transpose(y)),
  linear: (x, y) => sg.linear(x, y),
  mseLoss: (x, y) => sg.mseLoss(x, y),
};

describe("an input without requiresGrad gets no gradient and no memory for one:", () => {
  const differentiable = ownOperations.filter((op) => op.backward || op.compose);
  test.each(differentiable.map((op) => [op.name, op] as const))("%s", (_, op) => {
    sg.withDevice(reference, () => {
      for (const sample of samplesOf(op)) {
        const specs = Object.entries(sample.inputs);
        const floats = specs.flatMap(([name, spec]) => ("below" in spec ? [] : [name]));
        for (const expected of floats) {
          sg.scope(() => {
            const inputs = Object.fromEntries(specs.map(([name, spec], i) => [name, inputOf(spec, i)]));
            inputs[expected]!.requiresGrad = true;
            lossOf(Object.values(apply(op, inputs, sample.attrs)))?.backward();
            for (const [name, x] of Object.entries(inputs))
              if (name !== expected) expect(x.grad, `the gradient of ${name}`).toBeUndefined();
          });
        }
      }
    });
  });

  test.each(Object.entries(composed))("%s as it is called", (_, call) => {
    sg.withDevice(reference, () =>
      sg.scope(() => {
        for (const expected of [0, 1]) {
          const inputs = [1, 4].map((first) =>
            sg.tensor(
              [0, 1, 2, 3, 4, 5].map((i) => first + i / 2),
              [2, 3],
            ),
          ) as [sg.Tensor, sg.Tensor];
          inputs[expected]!.requiresGrad = true;
          sg.sum(call(...inputs)).backward();
          expect(inputs[expected]!.grad?.shape).toEqual([2, 3]);
          expect(inputs[1 - expected]!.grad).toBeUndefined();
        }
      }),
    );
  });
});

await forEachDevice(immediate, "one gradient that two tensors were given", (device) => {
  const index = () => sg.tensor(Int32Array.of(1, 1), [2]);
  /** Operations that add into the gradient of an input in place; the sum of their result gives x [3, 2] these gradients. */
  const accumulating: [string, (x: sg.Tensor) => sg.Tensor, number[]][] = [
    ["embedding", (x) => sg.embedding(index(), x), [0, 0, 2, 2, 0, 0]],
    ["indexSelect", (x) => sg.indexSelect(x, index()), [0, 0, 2, 2, 0, 0]],
    ["gather", (x) => sg.gather(x, sg.tensor(Int32Array.of(2, 0), [1, 2])), [0, 1, 0, 0, 1, 0]],
    ["linear, by its weight", (x) => sg.linear(sg.tensor([3, 4], [1, 2]), x), [3, 4, 3, 4, 3, 4]],
    ["matmul, by its second factor", (x) => sg.matmul(sg.tensor([5, 6, 7], [1, 3]), x), [5, 5, 6, 6, 7, 7]],
    ["layerNorm, by its bias", (x) => sg.layerNorm(sg.zeros([1, 6]), sg.ones([6]), sg.reshape(x, [6])), [1, 1, 1, 1, 1, 1]],
  ];

  test.each(accumulating)("stays that of the other when %s adds to it", (_, op, own) => {
    sg.withDevice(device, () => {
      for (const isFirst of [true, false]) {
        sg.scope(() => {
          const [a, b] = [0, 1].map(() => sg.tensor([1, 2, 3, 4, 5, 6], [3, 2], { requiresGrad: true })) as [sg.Tensor, sg.Tensor];
          const [x1, x2] = [sg.mul(a, 1), sg.mul(b, 1)];
          // Made before the sum: backward() comes to it after the sum has given both terms one gradient.
          const early = sg.sum(op(x1));
          const y = isFirst ? sg.add(x1, x2) : sg.add(x2, x1);
          sg.add(sg.sum(y), early).backward();
          expect(Array.from(a.grad!.dataSync())).toEqual(own.map((g) => 1 + g));
          expect(Array.from(b.grad!.dataSync())).toEqual([1, 1, 1, 1, 1, 1]);
        });
      }
    });
  });

  test.each(accumulating)("adds up when %s has written first", (_, op, own) => {
    sg.withDevice(device, () =>
      sg.scope(() => {
        const [a, b] = [0, 1].map(() => sg.tensor([1, 2, 3, 4, 5, 6], [3, 2], { requiresGrad: true })) as [sg.Tensor, sg.Tensor];
        const [x1, x2] = [sg.mul(a, 1), sg.mul(b, 1)];
        const y = sg.sum(sg.add(x1, x2));
        sg.add(sg.sum(op(x1)), y).backward();
        expect(Array.from(a.grad!.dataSync())).toEqual(own.map((g) => 1 + g));
        expect(Array.from(b.grad!.dataSync())).toEqual([1, 1, 1, 1, 1, 1]);
      }),
    );
  });

  test("is what the caller gave, also after an operation has added to it", () => {
    sg.withDevice(device, () =>
      sg.scope(() => {
        const a = sg.tensor([1, 2, 3, 4, 5, 6], [3, 2], { requiresGrad: true });
        const dy = sg.tensor([1, 2, 3, 4, 5, 6], [3, 2]);
        const x = sg.mul(a, 1);
        const rows = sg.embedding(sg.tensor(Int32Array.of(0, 1, 1), [3]), x);
        sg.add(x, rows).backward(dy);
        expect(Array.from(dy.dataSync())).toEqual([1, 2, 3, 4, 5, 6]);
        expect(Array.from(a.grad!.dataSync())).toEqual([1 + 1, 2 + 2, 3 + 3 + 5, 4 + 4 + 6, 5, 6]);
      }),
    );
  });
});

await forEachDevice(immediate, "retainGrad", (device) => {
  test("asked twice leaves the gradient once", () => {
    sg.withDevice(device, () =>
      sg.scope(() => {
        const x = sg.tensor([1, 2], [2], { requiresGrad: true });
        const y = sg.retainGrad(sg.retainGrad(sg.mul(x, 2)));
        const z = sg.mul(y, 3);
        for (let i = 0; i < 3; i++) sg.retainGrad(z);
        sg.sum(z).backward();
        expect([x, y, z].map(({ grad }) => Array.from(grad!.dataSync()))).toEqual([
          [6, 6],
          [3, 3],
          [1, 1],
        ]);
      }),
    );
  });
});
