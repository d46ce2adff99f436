import type { DType, TensorData } from "../backend/backend.js";
import type { Shape } from "../util/shape.js";
import type { Tensor } from "./tensor.js";

/** A tensor's content on the host: what a state dict and a safetensors file hold. */
export interface TensorValue {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TensorData;
}

/** A tensor's content as a file may hold it, in types that no tensor has. */
export interface ForeignValue {
  readonly dtype: string;
  readonly shape: Shape;
  readonly data: ArrayLike<number | bigint>;
}

/** The content of a tensor, read from its device. */
export async function readValue(x: Tensor): Promise<TensorValue> {
  const data = await x.data();
  return { dtype: x.dtype, shape: x.shape, data: data instanceof Float64Array ? Float32Array.from(data) : data };
}
