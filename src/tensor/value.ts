import type { DType, TensorData } from "../backend/backend.js";
import { kindOf, shown } from "../util/check.js";
import { messageOf, SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { type Shape, sameShape, sizeOf } from "../util/shape.js";
import { checkNumbers } from "./numbers.js";

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

/** The tensor that a value is the content of. */
interface Holder {
  readonly dtype: DType;
  readonly shape: Shape;
  data(): Promise<TensorData>;
}

/** The content of a tensor, read from its device. */
export async function readValue(x: Holder): Promise<TensorValue> {
  const data = await x.data();
  return { dtype: x.dtype, shape: x.shape, data: data instanceof Float64Array ? Float32Array.from(data) : data };
}

/**
 * Why a saved value cannot become the content of a tensor: `bias is int32, expected float32`; undefined where it can. int64, as which PyTorch
 * stores counts, can become int32.
 */
export function valueFault(name: string, value: unknown, { dtype, shape }: Pick<Holder, "dtype" | "shape">): string | undefined {
  const record: { dtype?: unknown; shape?: unknown; data?: unknown } = Object(value);
  if (typeof value !== "object" || value === null || !Array.isArray(record.shape)) return `${name} is not a { dtype, shape, data }`;
  if (!sameShape(record.shape, shape)) return `${name} is ${formatShape(record.shape)}, expected ${formatShape(shape)}`;
  const type = dtype === "int32" && record.dtype === "int64" ? "int64" : dtype;
  if (record.dtype !== type) return `${name} is ${shown(record.dtype).replaceAll('"', "")}, expected ${dtype}`;
  const kind = ArrayBuffer.isView(record.data) ? Object.prototype.toString.call(record.data).slice(8, -1) : "Array";
  if (!arrays[type].includes(kind)) return `${name} is ${type}, but holds ${kindOf(record.data)}`;
  try {
    const { length } = checkNumbers(name, record.data, dtype);
    return length === sizeOf(shape) ? undefined : `${name} holds ${length} numbers, expected ${sizeOf(shape)}`;
  } catch (error) {
    return type === "int64" ? `${name} is int64, expected int32, which cannot hold its numbers` : messageOf(error);
  }
}

/** A container for the numbers of a dtype. */
const arrays = { float32: ["Array", "Float32Array", "Float64Array"], int32: ["Array", "Int32Array"], int64: ["BigInt64Array"] };

/** The data of a value in which valueFault() found nothing. */
export const contentOf = ({ data }: ForeignValue, dtype: DType): TensorData => checkNumbers("", data, dtype);

/**
 * Throws unless all numbers are finite.
 * @throws SeqgradError `not-finite`, which names the tensor
 */
export function checkFiniteValues(op: string, tensors: ReadonlyMap<string, ForeignValue>): void {
  for (const [name, { data }] of tensors) {
    if (!(data instanceof Float32Array || data instanceof Float64Array)) continue;
    const bad = data.findIndex((x) => !Number.isFinite(x));
    if (bad < 0) continue;
    const advice = "Nothing was written. Load the last good weights, and lower the learning rate.";
    throw new SeqgradError("not-finite", `${op}: ${name} holds ${data[bad]} at position ${bad}, expected finite numbers. ${advice}`);
  }
}
