import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { forEachDevice, immediate } from "../helpers/devices.js";

/** The code of the SeqgradError that `fn` throws, and its message. */
function failure(fn: () => unknown): { code: string; message: string } {
  try {
    fn();
  } catch (error) {
    if (error instanceof sg.SeqgradError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("nothing was thrown");
}

await forEachDevice(immediate, "tensors", (device) => {
  const run = (fn: () => void) => () => sg.withDevice(device, () => sg.scope(fn));
  const values = (x: sg.Tensor) => Array.from(x.dataSync());

  test(
    "are made from numbers of any kind, as the type that is asked for",
    run(() => {
      for (const data of [[1, 2, -3], Float32Array.of(1, 2, -3), Float64Array.of(1, 2, -3), Int32Array.of(1, 2, -3)]) {
        for (const dtype of ["float32", "int32"] as const) {
          const x = sg.tensor(data, [3], { dtype });
          expect([x.dtype, ...values(x)]).toEqual([dtype, 1, 2, -3]);
          expect(values(sg.mul(x, 2))).toEqual([2, 4, -6]);
        }
      }
      expect(sg.tensor(Int32Array.of(1)).dtype).toBe("int32");
      expect(failure(() => sg.tensor([1.9, -1.9], [2], { dtype: "int32" }))).toMatchObject({ code: "range" });
      expect(
        values(
          sg.fromArray([
            [1, 2],
            [3, 4],
            [5, 6],
          ]),
        ),
      ).toEqual([1, 2, 3, 4, 5, 6]);
      expect(sg.fromArray([[], []]).shape).toEqual([2, 0]);
      expect(sg.fromArray(7).shape).toEqual([]);
      expect(values(sg.arange(2, 8, 3))).toEqual([2, 5]);
      expect(values(sg.arange(3))).toEqual([0, 1, 2]);
      expect(values(sg.full([2], 7, { dtype: "int32" }))).toEqual([7, 7]);
    }),
  );

  test(
    "say what is wrong with what they are made of",
    run(() => {
      expect(failure(() => sg.tensor([1, 2, 3], [2, 2]))).toEqual({
        code: "shape",
        message: "tensor: 3 numbers do not fill the shape [2, 2], which holds 4.",
      });
      expect(failure(() => sg.zeros([2, -1]))).toMatchObject({ code: "shape", message: /zeros|full: \[2, -1\] is not a shape/ });
      expect(failure(() => sg.ones([2], { dtype: "float64" as "float32" }))).toMatchObject({ code: "dtype" });
      expect(failure(() => sg.zeros([2], { dtype: "int32", requiresGrad: true }))).toMatchObject({ code: "dtype" });
      expect(failure(() => sg.fromArray([[1, 2], [3]]))).toMatchObject({ code: "shape", message: /^fromArray: the arrays are ragged/ });
      expect(failure(() => sg.arange(0, 5, 0))).toMatchObject({ code: "range" });
      const x = sg.tensor([1, 2, 3, 4], [2, 2]);
      expect(failure(() => x.write([1]))).toMatchObject({ code: "shape", message: /^write: 1 values do not fill the shape \[2, 2\]/ });
      expect(failure(() => sg.transpose(x).write([1, 2, 3, 4]))).toMatchObject({ code: "state" });
      expect(failure(() => x.itemSync())).toMatchObject({ code: "shape", message: /^item: the tensor of shape \[2, 2\] has 4 elements/ });
      expect(values(x)).toEqual([1, 2, 3, 4]);
    }),
  );

  test("are gone at the end of the block that is using them", () => {
    sg.withDevice(device, () => {
      const before = sg.memory(device).tensors;
      {
        using x = sg.tensor([1, 2]);
        expect(values(x)).toEqual([1, 2]);
      }
      expect(sg.memory(device).tensors).toBe(before);
    });
  });

  test("are gone after dispose(), together with their gradient, and may be disposed of again", () => {
    sg.withDevice(device, () => {
      const before = sg.memory(device).tensors;
      const x = sg.tensor([1, 2], [2], { requiresGrad: true });
      sg.scope(() => sg.sum(x).backward());
      const { grad } = x;
      const view = sg.reshape(x, [2, 1]);
      x.dispose();
      x.dispose();
      for (const use of [
        () => x.dataSync(),
        () => sg.exp(x),
        () => sg.transpose(view).dataSync() && sg.add(view, x),
        () => grad!.dataSync(),
      ]) {
        expect(failure(use)).toMatchObject({ code: "state", message: /is gone: it was disposed of\.$/ });
      }
      expect(values(view)).toEqual([1, 2]);
      sg.scope(() => expect(values(sg.exp(sg.mul(view, 0)))).toEqual([1, 1]));
      view.dispose();
      expect(sg.memory(device).tensors).toBe(before + 1);
    });
  });

  test("are read in row-major order, later or at once, whatever their strides", async () => {
    const x = sg.withDevice(device, () => sg.tensor([1, 2, 3, 4, 5, 6], [2, 3]));
    const turned = sg.transpose(x);
    expect(Array.from(await turned.data())).toEqual([1, 4, 2, 5, 3, 6]);
    expect(await sg.select(sg.select(turned, 2), 1).item()).toBe(6);
    for (const t of [turned, x]) t.dispose();
  });

  describe("of no elements", () => {
    const empty = () => sg.zeros([0, 3], { requiresGrad: true });

    test(
      "go through what needs none",
      run(() => {
        const shapes = (ys: sg.Tensor[]) => ys.map((y) => y.shape);
        const x = empty();
        const same = [sg.exp(x), sg.add(x, 1), sg.where(x, x, 0), sg.softmax(x), sg.logSoftmax(x), sg.layerNorm(x), sg.dropout(x)];
        expect(shapes(same)).toEqual(same.map(() => [0, 3]));
        const y = [
          ...[
            sg.add(x, sg.ones([1, 3])),
            sg.mul(x, sg.ones([2, 1, 3])),
            sg.transpose(x),
            sg.reshape(x, [3, 0]),
            sg.flip(x, { axis: [0, 1] }),
          ],
          ...[
            sg.slice(x, { axis: 1, start: 1 }),
            sg.concat([x, x]),
            sg.concat([x, sg.ones([2, 3])]),
            sg.stack([x, x]),
            sg.expand(sg.unsqueeze(x, { axis: 0 }), [2, 0, 3]),
          ],
          ...[sg.matmul(x, sg.ones([3, 2])), sg.matmul(sg.transpose(x), x), sg.linear(x, sg.ones([5, 3]), sg.ones([5]))],
          ...[sg.embedding(sg.zeros([0], { dtype: "int32" }), sg.ones([4, 2])), sg.oneHot(sg.zeros([0], { dtype: "int32" }), 4)],
          ...[sg.sum(x, { axis: 0 }), sg.sum(x, { axis: 1 }), sg.max(x, { axis: 1 }), sg.argmax(x, { axis: 1 })],
          ...[sg.gather(x, sg.zeros([0, 3], { dtype: "int32" })), sg.copyOf(x), sg.toInt(x)],
        ];
        expect(shapes(y)).toEqual([
          ...[
            [0, 3],
            [2, 0, 3],
            [3, 0],
            [3, 0],
            [0, 3],
          ],
          ...[
            [0, 2],
            [0, 3],
            [2, 3],
            [2, 0, 3],
            [2, 0, 3],
          ],
          ...[
            [0, 2],
            [3, 3],
            [0, 5],
          ],
          ...[
            [0, 2],
            [0, 4],
          ],
          ...[[3], [0], [0], [0]],
          ...[
            [0, 3],
            [0, 3],
            [0, 3],
          ],
        ]);
        expect(values(sg.matmul(sg.transpose(x), x))).toEqual(new Array(9).fill(0));
        expect(values(sg.sum(x, { axis: 0 }))).toEqual([0, 0, 0]);
        expect(values(sg.mean(x))).toEqual([Number.NaN]);
        for (const t of [...same, ...y]) if (t.tracksGradient) sg.sum(t).backward();
        expect(x.grad!.shape).toEqual([0, 3]);
      }),
    );

    test(
      "leave bare biases and weights without a gradient of their own but 0",
      run(() => {
        const weight = sg.ones([5, 3], { requiresGrad: true });
        const bias = sg.ones([5], { requiresGrad: true });
        sg.sum(sg.linear(empty(), weight, bias)).backward();
        expect([...values(weight.grad!), ...values(bias.grad!)]).toEqual(new Array(20).fill(0));
        const row = sg.ones([1, 3], { requiresGrad: true });
        sg.sum(sg.mul(empty(), row)).backward();
        expect(values(row.grad!)).toEqual([0, 0, 0]);
      }),
    );

    test(
      "have no largest element",
      run(() => {
        for (const [op, name] of [
          [() => sg.max(empty()), "max: there is no max of 0 elements"],
          [() => sg.min(empty(), { axis: 0 }), "min: there is no min of 0 elements"],
          [() => sg.argmax(empty(), { axis: 0 }), "argmax: dimension 0 of [0, 3] is empty"],
          [() => sg.argmin(empty()), "argmin: [0, 3] is empty"],
        ] as const) {
          expect(failure(op)).toMatchObject({ code: "shape", message: expect.stringContaining(name) });
        }
      }),
    );
  });

  test(
    "of integers keep their type where elements only move, and become floats where the result need not be whole",
    run(() => {
      const x = sg.tensor([1, 2, 3, 4, 5, 6], [2, 3], { dtype: "int32" });
      const index = sg.tensor([1, 0], [2], { dtype: "int32" });
      const moved = [
        ...[
          sg.transpose(x),
          sg.reshape(sg.transpose(x), [6]),
          sg.flip(x, { axis: 1 }),
          sg.slice(x, { axis: 1, end: 3, step: 2 }),
          sg.expand(sg.select(x, 0), [2, 3]),
        ],
        ...[sg.concat([x, x]), sg.stack([x, x]), sg.copyOf(x), sg.indexSelect(x, index)],
        ...[sg.add(x, 1), sg.sum(x), sg.where(x, x, 0)],
      ];
      expect(moved.map((y) => y.dtype)).toEqual(moved.map(() => "int32"));
      expect(values(sg.indexSelect(x, index))).toEqual([4, 5, 6, 1, 2, 3]);
      expect(values(sg.gather(x, sg.tensor([2, 0], [2, 1], { dtype: "int32" }), { axis: 1 }))).toEqual([3, 4]);
      expect(values(sg.concat([sg.transpose(x), sg.transpose(x)], { axis: 1 }))).toEqual([1, 4, 1, 4, 2, 5, 2, 5, 3, 6, 3, 6]);
      const computed = [
        sg.exp(x),
        sg.add(x, 0.5),
        sg.mean(x),
        sg.where(x, x, 0.5),
        sg.dropout(x, 0.5),
        sg.softmax(x, { axis: 0 }),
        sg.layerNorm(x),
        sg.norm(x),
      ];
      expect(computed.map((y) => y.dtype)).toEqual(computed.map(() => "float32"));
      expect(values(sg.sum(x))).toEqual([21]);
      expect(values(sg.softmax(sg.mul(x, 0)))).toEqual(values(sg.softmax(sg.zeros([2, 3], { dtype: "int32" }))));
      expect(sg.crossEntropy(sg.zeros([2, 3], { dtype: "int32" }), index).itemSync()).toBeCloseTo(Math.log(3), 6);
    }),
  );

  test(
    "of one number take part in everything",
    run(() => {
      const x = sg.tensor([2], [], { requiresGrad: true });
      expect(x.shape).toEqual([]);
      const y = sg.add(sg.mul(sg.sum(x), sg.mean(x)), sg.max(sg.reshape(x, [1, 1])));
      expect([y.shape, y.itemSync()]).toEqual([[], 6]);
      y.backward();
      expect(x.grad!.itemSync()).toBe(5);
      expect(sg.argmax(sg.tensor([4], [])).itemSync()).toBe(0);
      expect(sg.expand(x, [2, 2]).shape).toEqual([2, 2]);
    }),
  );
});
