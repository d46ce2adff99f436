import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { forEachDevice, immediate } from "../helpers/devices.js";

await forEachDevice(immediate, "backward", (device) => {
  /** Runs in a scope on the device. */
  const run = (fn: () => void) => () => sg.withDevice(device, () => sg.scope(fn));
  const leaf = (data: number[], shape: number[] = [data.length]) => sg.tensor(data, shape, { requiresGrad: true });
  const grad = (x: sg.Tensor) => Array.from(x.grad!.dataSync());

  test(
    "adds up over calls",
    run(() => {
      const x = leaf([1, 2]);
      sg.sum(sg.mul(x, 3)).backward();
      sg.sum(sg.square(x)).backward();
      expect(grad(x)).toEqual([5, 7]);
    }),
  );

  test(
    "adds up over uses of one tensor, leaf or not",
    run(() => {
      const x = leaf([2, 3]);
      const y = sg.square(x);
      sg.sum(sg.add(sg.mul(y, y), sg.add(y, y))).backward();
      expect(grad(x)).toEqual([4 * 8 + 4 * 2, 4 * 27 + 4 * 3]);
    }),
  );

  test(
    "keeps apart what two operands were given as one gradient",
    run(() => {
      const a = leaf([1]);
      const b = leaf([2]);
      const u = sg.mul(a, 1);
      const v = sg.mul(b, 1);
      // add hands its gradient to both; u is used again, so more is added to its.
      sg.add(sg.add(u, v), sg.mul(u, 10)).backward(sg.tensor([1]));
      expect([grad(a), grad(b)]).toEqual([[11], [1]]);
      const twice = leaf([1, 2]);
      const row = sg.mul(twice, 1);
      sg.sum(sg.mul(sg.concat([row, row, sg.mul(row, 2)]), sg.tensor([1, 2, 3, 4, 5, 6]))).backward();
      expect(grad(twice)).toEqual([1 + 3 + 10, 2 + 4 + 12]);
    }),
  );

  test(
    "leaves a gradient that it was given as it was",
    run(() => {
      const x = leaf([1, 2]);
      const dy = sg.tensor([3, 4]);
      const y = sg.mul(x, 1);
      sg.add(y, y).backward(dy);
      expect(Array.from(dy.dataSync())).toEqual([3, 4]);
      expect(grad(x)).toEqual([6, 8]);
    }),
  );

  test(
    "shares weights between operations that add into one gradient",
    run(() => {
      const w = leaf([1, 2, 3, 4], [2, 2]);
      const x = sg.tensor([1, 1], [1, 2]);
      sg.sum(sg.add(sg.linear(sg.linear(x, w), w), sg.embedding(sg.tensor([0], [1], { dtype: "int32" }), w))).backward();
      // y = w (w x) + w[0]: dw = 1 (w x)^T + (w^T 1) x^T, and 1 for row 0.
      expect(grad(w)).toEqual([3 + 4 + 1, 7 + 4 + 1, 3 + 6, 7 + 6]);
      const square = leaf([0.1, 0.2, 0.3, 0.4], [2, 2]);
      const bias = leaf([0.5, 0.6]);
      const apart = [0, 1].map(() => leaf([0.1, 0.2, 0.3, 0.4], [2, 2])) as [sg.Tensor, sg.Tensor];
      const biases = [0, 1].map(() => leaf([0.5, 0.6]));
      const inputs = sg.tensor([1, 2, 3, 4, 5, 6], [1, 3, 2]);
      sg.sum(sg.rnn(inputs, square, square, { bIh: bias, bHh: bias }).y).backward();
      sg.sum(sg.rnn(inputs, ...apart, { bIh: biases[0], bHh: biases[1] }).y).backward();
      for (const [tied, [a, b]] of [[square, apart] as const, [bias, biases] as const]) {
        grad(tied).forEach((g, i) => {
          expect(g).toBeCloseTo(grad(a!)[i]! + grad(b!)[i]!, 5);
        });
      }
    }),
  );

  test(
    "runs once: a second call says that the graph was freed, and changes nothing",
    run(() => {
      const x = leaf([1, 2]);
      const y = sg.square(x);
      const loss = sg.sum(y);
      loss.backward();
      expect(() => loss.backward()).toThrow("backward: the graph through sum was freed by an earlier backward(); compute the loss again.");
      const other = sg.sum(sg.mul(y, 3));
      expect(() => other.backward()).toThrow(/was freed by an earlier backward/);
      expect(grad(x)).toEqual([2, 4]);
    }),
  );

  test(
    "expects one number, or a gradient that fits",
    run(() => {
      const y = sg.mul(leaf([1, 2]), 1);
      expect(() => y.backward()).toThrow("backward: got no gradient for a tensor of shape [2]; reduce the loss to one number");
      expect(() => y.backward(sg.ones([3]))).toThrow("backward: got a gradient of shape [3] for a tensor of shape [2]");
      expect(() => y.backward(sg.ones([2], { dtype: "int32" }))).toThrow("backward: the gradient must be float32");
      expect(() => sg.tensor([1]).backward()).toThrow("backward: no gradient can flow from this tensor: nothing it was made from");
      y.backward(sg.tensor([1, 2]));
    }),
  );

  test("goes through a chain of 50,000 operations", { timeout: 60_000 }, () => {
    sg.withDevice(device, () =>
      sg.scope(() => {
        const x = leaf([1]);
        let y = x;
        for (let i = 0; i < 50_000; i++) y = sg.affine(y, 1, 1e-4);
        y.backward();
        expect(grad(x)).toEqual([1]);
      }),
    );
  });

  test(
    "visits each operation once, however many paths lead there",
    run(() => {
      const x = leaf([1]);
      let y = x;
      for (let i = 0; i < 30; i++) y = sg.add(y, y);
      y.backward();
      expect(grad(x)).toEqual([2 ** 30]);
    }),
  );

  test(
    "leaves gradients of intermediate tensors where retainGrad asks, and where requiresGrad is set",
    run(() => {
      const x = leaf([2]);
      const y = sg.retainGrad(sg.square(x));
      const z = sg.retainGrad(sg.mul(y, 3));
      z.backward();
      expect([grad(x), grad(y), grad(z)]).toEqual([[12], [3], [1]]);
      const plain = sg.retainGrad(sg.tensor([5]));
      sg.square(plain).backward();
      expect(grad(plain)).toEqual([10]);
    }),
  );

  test(
    "does not see what noGrad and detach hide",
    run(() => {
      const x = leaf([2]);
      const hidden = sg.noGrad(() => sg.square(x));
      expect(hidden.tracksGradient).toBe(false);
      expect(() => hidden.backward()).toThrow("no gradient can flow");
      expect(() =>
        sg.noGrad(() => {
          throw new Error("mine");
        }),
      ).toThrow("mine");
      const y = sg.square(x);
      sg.add(sg.mul(y.detach(), x), hidden).backward();
      expect(grad(x)).toEqual([4]);
    }),
  );

  test(
    "gives no gradient to inputs that need none, and zeros nowhere",
    run(() => {
      const x = leaf([1, 2]);
      const constant = sg.tensor([3, 4]);
      const unused = leaf([1]);
      sg.sum(sg.where(sg.greater(x, 1), sg.mul(x, constant), 0)).backward();
      expect(grad(x)).toEqual([0, 4]);
      expect(constant.grad).toBeUndefined();
      expect(unused.grad).toBeUndefined();
    }),
  );

  test(
    "stops at whole numbers and at comparisons",
    run(() => {
      const x = leaf([1.5, 2.5]);
      expect([sg.toInt(x), sg.greater(x, 2), sg.argmax(x), sg.oneHot(sg.toInt(x), 3)].map((y) => y.tracksGradient)).toEqual([
        false,
        false,
        false,
        false,
      ]);
    }),
  );

  test(
    "shares a gradient among equals, and picks a side at kinks",
    run(() => {
      const at = (f: (x: sg.Tensor) => sg.Tensor, ...data: number[]) => {
        const x = leaf(data);
        sg.sum(f(x)).backward();
        return grad(x);
      };
      const other = sg.tensor([1, 1, 1]);
      expect(at((x) => sg.maximum(x, other), 0, 1, 2)).toEqual([0, 0.5, 1]);
      expect(at((x) => sg.minimum(other, x), 0, 1, 2)).toEqual([1, 0.5, 0]);
      expect(at((x) => sg.max(x), 3, 1, 3)).toEqual([0.5, 0, 0.5]);
      expect(at((x) => sg.min(x), 3, 1, 3)).toEqual([0, 1, 0]);
      expect(at(sg.relu, -1, 0, 1)).toEqual([0, 0, 1]);
      expect(at(sg.abs, -1, 0, 1)).toEqual([-1, 0, 1]);
      expect(at((x) => sg.clamp(x, 0, 1), -1, 0, 1, 2)).toEqual([0, 1, 1, 0]);
      expect(at((x) => sg.pow(x, 2), -1, 0, 2)).toEqual([-2, 0, 4]);
      expect(at((x) => sg.pow(x, sg.tensor([0, 1, 2])), 0, 0, 0)).toEqual([0, 1, 0]);
    }),
  );

  test(
    "has the gradient 0, not NaN, of the norm of zeros",
    run(() => {
      const x = leaf([0, 0, 3, 4], [2, 2]);
      sg.sum(sg.norm(x, { axis: 1 })).backward();
      const [a, b, c, d] = grad(x);
      expect([a, b]).toEqual([0, 0]);
      expect(c).toBeCloseTo(0.6, 6);
      expect(d).toBeCloseTo(0.8, 6);
    }),
  );
});
