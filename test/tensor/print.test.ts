import { expect, test } from "vitest";
import { arange, init, nn, reshape, tensor, transpose, zeros } from "../../src/index.js";

await init({ device: "wasm" });
const inspect = Symbol.for("nodejs.util.inspect.custom");

test("a tensor prints its type, shape and numbers, a view's as they stand in it", () => {
  const x = tensor([1.5, -2.25, 0, 1000], [2, 2]);
  expect(String(x)).toBe("Tensor float32 [2, 2]\n[[   1.5000,   -2.2500],\n [   0.0000, 1000.0000]]");
  expect(String(transpose(x, 0, 1))).toBe("Tensor float32 [2, 2]\n[[   1.5000,    0.0000],\n [  -2.2500, 1000.0000]]");
  expect((x as unknown as Record<symbol, () => string>)[inspect]!()).toBe(String(x));
  expect(String(tensor(Int32Array.of(1, -20)))).toBe("Tensor int32 [2]\n[  1, -20]");
  expect(String(tensor([3], []))).toBe("Tensor float32 []\n3");
  expect(String(zeros([0, 3]))).toBe("Tensor float32 [0, 3]\n[]");
  expect(String(tensor([Number.NaN, 1e-9]))).toBe("Tensor float32 [2]\n[      NaN, 1.0000e-9]");
});

test("a large tensor is abridged, and a disposed one says so", () => {
  const text = String(reshape(arange(2000), [2, 1000]));
  expect(text).toBe("Tensor float32 [2, 1000]\n[[   0,    1,    2, ...,  997,  998,  999],\n [1000, 1001, 1002, ..., 1997, 1998, 1999]]");
  const gone = zeros([2]);
  gone.dispose();
  expect(String(gone)).toBe("Tensor float32 [2], gone: it was disposed of");
});

test("a model prints its layers, the shapes of its parameters, and the total", () => {
  const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Linear(3, 1));
  const text = model.summary();
  expect(String(model)).toBe(text);
  for (const part of [/^Sequential\n/, /Linear +weight \[3, 2\] +6\n/, /bias \[3\] +3\n/, /\ntotal +13$/]) expect(text).toMatch(part);
  model.parameters()[0]!.requiresGrad = false;
  expect(model.summary()).toMatch(/\ntotal +13\nfrozen +6$/);
});
