import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { forEachDevice, immediate } from "../helpers/devices.js";
import { full } from "../helpers/full.js";

await forEachDevice(immediate, "scopes", (device) => {
  const run = <T>(fn: () => T): T => sg.withDevice(device, fn);
  const alive = () => sg.memory(device).tensors;
  const make = () => sg.tensor([1, 2, 3, 4], [2, 2], { device });

  /** Runs `fn` and expects as many tensors alive after it as before. */
  function expectNoLeak(fn: () => void): void {
    const before = alive();
    run(fn);
    expect(alive()).toBe(before);
  }

  test("free what was made in them and not returned", () => {
    expectNoLeak(() => {
      let inner: sg.Tensor | undefined;
      const y = sg.scope(() => {
        inner = sg.exp(make());
        return sg.add(inner, 1);
      });
      expect(() => inner!.dataSync()).toThrow("the tensor of shape [2, 2] is gone: the scope that it was made in has ended");
      expect(y.dataSync()[0]).toBeCloseTo(Math.E + 1, 5);
      y.dispose();
    });
  });

  test("return tensors in arrays and objects, and views of what they made", () => {
    expectNoLeak(() => {
      const { list, deep } = sg.scope(() => {
        const x = make();
        return { list: [sg.transpose(x), x], deep: { row: sg.select(x, 1), number: 3 } };
      });
      expect(list.map((x) => Array.from(x.dataSync()))).toEqual([
        [1, 3, 2, 4],
        [1, 2, 3, 4],
      ]);
      for (const x of list) x.dispose();
      expect(Array.from(deep.row.dataSync())).toEqual([3, 4]);
      deep.row.dispose();
    });
  });

  test("give a returned tensor to the scope around", () => {
    expectNoLeak(() => {
      let y: sg.Tensor | undefined;
      sg.scope(() => {
        y = sg.scope(() => sg.transpose(make()));
        expect(Array.from(y.dataSync())).toEqual([1, 3, 2, 4]);
      });
      expect(() => y!.dataSync()).toThrow("has ended");
    });
  });

  test("let a kept tensor, and a kept view, outlive all of them", () => {
    expectNoLeak(() => {
      const kept = sg.scope(() =>
        sg.scope(() => {
          const x = make();
          const outer = [sg.keep(sg.exp(x)), sg.keep(sg.reshape(x, [4]))];
          return () => outer;
        })(),
      );
      expect(kept.map((x) => x.shape)).toEqual([[2, 2], [4]]);
      expect(Array.from(kept[1]!.dataSync())).toEqual([1, 2, 3, 4]);
      for (const x of kept) x.dispose();
    });
  });

  test("end views of tensors from outside, which live on", () => {
    expectNoLeak(() => {
      const x = make();
      let view: sg.Tensor | undefined;
      for (let i = 0; i < 3; i++) {
        sg.scope(() => {
          view = sg.transpose(x);
        });
      }
      expect(() => view!.dataSync()).toThrow("has ended");
      expect(Array.from(x.dataSync())).toEqual([1, 2, 3, 4]);
      const row = sg.scope(() => sg.select(x, 0));
      x.dispose();
      expect(() => x.dataSync()).toThrow("the tensor of shape [2, 2] is gone: it was disposed of.");
      expect(Array.from(row.dataSync())).toEqual([1, 2]);
      row.dispose();
    });
  });

  test("free everything, kept or not, when the function throws", () => {
    expectNoLeak(() => {
      const failing = () =>
        sg.scope(() => {
          sg.keep(sg.exp(make()));
          sg.scope(() => make());
          throw new Error("mine");
        });
      expect(failing).toThrow("mine");
      expect(sg.scope(() => sg.sum(make()).itemSync())).toBe(10);
    });
  });

  test("refuse a promise", () => {
    expectNoLeak(() => {
      expect(() => sg.scope(async () => make())).toThrow(
        "scope: the function returned a promise. Make the tensors in a synchronous function",
      );
    });
  });

  test("leave the graph of a tensor from outside alone", () => {
    expectNoLeak(() => {
      sg.scope(() => {
        const x = sg.tensor([3], [1], { requiresGrad: true });
        const y = sg.square(x);
        expect(sg.scope(() => y)).toBe(y);
        sg.scope(() => sg.mul(y, 2).backward());
        expect(x.grad!.itemSync()).toBe(12);
      });
    });
  });

  describe("and gradients", () => {
    test("those of a leaf outside outlive the scope; those of a leaf inside do not, unless it is returned", () => {
      expectNoLeak(() => {
        const outside = sg.tensor([1, 2], [2], { requiresGrad: true });
        let lost: sg.Tensor | undefined;
        const inside = sg.scope(() => {
          const x = sg.tensor([3, 4], [2], { requiresGrad: true });
          lost = sg.tensor([5, 6], [2], { requiresGrad: true });
          sg.sum(sg.mul(sg.mul(outside, x), lost)).backward();
          return x;
        });
        expect(Array.from(outside.grad!.dataSync())).toEqual([15, 24]);
        expect(Array.from(inside.grad!.dataSync())).toEqual([5, 12]);
        expect(() => lost!.grad!.dataSync()).toThrow("gone");
        inside.dispose();
        outside.dispose();
      });
    });

    test("those of a kept leaf, and of a view that needs one, live as long as it does", () => {
      expectNoLeak(() => {
        const base = make();
        const kept = sg.scope(() => {
          const early = sg.keep(sg.tensor([1], [1], { requiresGrad: true }));
          const late = sg.tensor([2], [1], { requiresGrad: true });
          const cut = base.detach();
          cut.requiresGrad = true;
          sg.sum(sg.mul(sg.mul(early, late), cut)).backward();
          expect(Array.from(cut.grad!.dataSync())).toEqual([2, 2, 2, 2]);
          return [early, sg.keep(late)];
        });
        expect(kept.map((x) => x.grad!.itemSync())).toEqual([20, 10]);
        for (const x of kept) x.dispose();
        base.dispose();
      });
    });
  });

  const lasting = () =>
    test("memory is flat over 10,000 of them", () => {
      run(() => {
        const w = sg.tensor([1, 2, 3, 4], [2, 2], { requiresGrad: true });
        const step = () =>
          sg
            .scope(() => {
              const y = sg.tanh(sg.matmul(sg.transpose(w), make()));
              sg.mean(sg.concat([y, sg.flip(y, { axis: 0 })])).backward();
              return sg.sum(y);
            })
            .dispose();
        for (let i = 0; i < 10; i++) step();
        const before = sg.memory(device);
        for (let i = 0; i < 10_000; i++) step();
        expect(sg.memory(device)).toEqual(before);
        w.dispose();
      });
      expect(alive()).toBe(0);
    });
  if (device.variant === "simd") lasting();
  else full(lasting);
});

await forEachDevice(immediate, "outside a scope", (device) => {
  const operations: Record<string, (x: sg.Tensor, index: sg.Tensor) => sg.Tensor> = {
    "a strided operand": (x) => sg.exp(sg.transpose(x)),
    "a sum": (x) => sg.sum(x),
    "a sum over an axis": (x) => sg.sum(x, { axis: 0 }),
    argmax: (x) => sg.argmax(x),
    "a reshape that copies": (x) => sg.reshape(sg.transpose(x), [4]),
    embedding: (x, index) => sg.embedding(index, x),
    "one-hot rows": (_, index) => sg.oneHot(index, 3),
    "a strided matmul": (x) => sg.matmul(sg.slice(x, { axis: 1, end: 1 }), sg.slice(x, { end: 1 })),
  };

  test.each(Object.entries(operations))("the result of %s is all that stays, until it is disposed of", (_, op) => {
    sg.withDevice(device, () => {
      const x = sg.tensor([1, 2, 3, 4], [2, 2]);
      const index = sg.zeros([3], { dtype: "int32" });
      const before = sg.memory(device).tensors;
      const y = op(x, index);
      expect(sg.memory(device).tensors).toBe(before + 1);
      y.dispose();
      expect(sg.memory(device).tensors).toBe(before);
      for (const t of [x, index]) t.dispose();
    });
  });

  test("backward leaves the gradients of leaves alone behind", () => {
    sg.withDevice(device, () => {
      const x = sg.tensor([1, 2, 3, 4], [2, 2], { requiresGrad: true });
      const y = sg.exp(x);
      const z = sg.mul(y, y);
      const loss = sg.sum(z);
      const before = sg.memory(device).tensors;
      loss.backward();
      expect(sg.memory(device).tensors).toBe(before + 1);
      for (const t of [x, y, z, loss]) t.dispose();
      expect(sg.memory(device).bytes.gradient).toBe(0);
    });
  });
});
