import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { expectError } from "../helpers/errors.js";

await sg.init({ device: "wasm" });

test("a gradient that is set by hand is what an optimizer takes", () => {
  const p = sg.parameter([2], sg.nn.init.zeros);
  p.grad = sg.tensor([1, -2]);
  new sg.optim.SGD([p], { lr: 1 }).step();
  expect(Array.from(p.dataSync())).toEqual([-1, 2]);
  p.grad = undefined;
  expect(p.grad).toBeUndefined();
});

test("refuses a value that cannot be a gradient, and keeps the former one", async () => {
  const other = await sg.createDevice({ device: "reference" });
  const p = sg.parameter([2, 2], sg.nn.init.zeros);
  const before = sg.ones([2, 2]);
  p.grad = before;
  const set = (gradient: unknown) => () => {
    p.grad = gradient as sg.Tensor;
  };
  expectError("shape", set(sg.ones([4])), "grad", "[4]", "[2, 2]");
  expectError("dtype", set(sg.ones([2, 2], { dtype: "int32" })), "grad", "int32");
  expectError("device", set(sg.ones([2, 2], { device: other })), "grad", "another device");
  expectError("value", set(sg.transpose(sg.ones([2, 2]))), "grad", "contiguous()");
  for (const bad of [null, 1, "x", [1, 2, 3, 4], {}]) expectError("value", set(bad), "grad");
  expect(p.grad).toBe(before);
});
