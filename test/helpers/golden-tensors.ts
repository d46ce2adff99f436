import { tensor } from "../../src/tensor/create.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import type { TensorValue } from "../../src/tensor/value.js";
import type { Spec, Values } from "../golden/golden.js";

/** A fixture's array on the default device. */
export const toTensor = ({ shape, data }: Values): Tensor => tensor(data as Float32Array | Int32Array, shape);

/** A fixture's inputs on the default device; inputs that have a gradient in PyTorch need one here. */
export function toInputs(values: ReadonlyMap<string, Values>, specs: Readonly<Record<string, Spec>>): Map<string, Tensor> {
  return new Map(
    Array.from(values, ([name, value]) => {
      const x = toTensor(value);
      x.requiresGrad = x.dtype === "float32" && !specs[name]!.constant;
      return [name, x];
    }),
  );
}

/** What golden.ts's expectClose compares. */
export const toValues = async (x: Tensor): Promise<Values> => ({ shape: x.shape, data: await x.data() });

/** A fixture's parameters as loadStateDict takes them. */
export function toState(values: ReadonlyMap<string, Values>): Map<string, TensorValue> {
  return new Map(Array.from(values, ([name, { shape, data }]) => [name, { dtype: "float32", shape, data: data as Float32Array }]));
}
