import type { Backend, DType } from "../backend/backend.js";
import { nth } from "../util/nth.js";
import { type Shape, sizeOf } from "../util/shape.js";
import { InternalTensor, internal } from "./internal.js";
import { checkedNumber } from "./numbers.js";
import { allocate, release, type TensorStorage } from "./storage.js";
import type { Tensor } from "./tensor.js";

/** Uninitialized memory under a shape, in the current scope. */
export function empty(backend: Backend, shape: Shape, dtype: DType = "float32"): InternalTensor {
  return new InternalTensor(allocate(backend, sizeOf(shape) * 4), shape, dtype);
}

/** Uninitialized memory that lives as long as `owner`: the home of its gradient. */
export function emptyBeside(owner: Tensor, shape: Shape): InternalTensor {
  const { storage } = internal(owner);
  const home = (!storage.kept && storage.frame) || null;
  return new InternalTensor(allocate(owner.backend, sizeOf(shape) * 4, "gradient", home), shape);
}

/** Sets every element, which must lie contiguously. */
export function fill(y: InternalTensor, value: number): InternalTensor {
  if (y.dtype === "int32") y.write(new Int32Array(y.size).fill(checkedNumber("fill", value, "int32")));
  else if (y.size > 0) y.backend.dispatch("fill", { y, n: y.size, value });
  return y;
}

/** Moves tensors to another device with their content; where memory runs out there, all stay where they are. */
export async function moveAll(tensors: readonly Tensor[], backend: Backend): Promise<void> {
  const moving = tensors.map(internal).filter((x) => x.backend !== backend);
  const values = await Promise.all(moving.map((x) => x.data()));
  const made: { x: InternalTensor; memory: TensorStorage }[] = [];
  try {
    for (const [i, x] of moving.entries()) {
      const memory = allocate(backend, x.size * 4, internal(x).storage.kind, null);
      made.push({ x, memory });
      backend.write(memory.address, nth(values, i));
    }
  } catch (error) {
    for (const { memory } of made) release(memory);
    throw error;
  }
  for (const { x, memory } of made) internal(x).place(backend, memory);
}
