import type { DType, TensorData } from "../backend/backend.js";
import { firstNotInt32, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";

/** Numbers as a caller may hand them over. */
export type Numbers = ArrayLike<number> | BigInt64Array | BigUint64Array;

/** Typed arrays that hold nothing but what int32 holds. */
const isWithinInt32 = (data: unknown) =>
  data instanceof Int32Array || data instanceof Int16Array || data instanceof Uint16Array || data instanceof Int8Array || isBytes(data);
const isBytes = (data: unknown) => data instanceof Uint8Array || data instanceof Uint8ClampedArray;
export const isOfBigints = (data: unknown): data is BigInt64Array | BigUint64Array =>
  data instanceof BigInt64Array || data instanceof BigUint64Array;

type NumberArray = Float32Array | Float64Array | Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array;

/** True for a typed array of numbers, of any kind. */
const isOfNumbers = (data: unknown): data is NumberArray => ArrayBuffer.isView(data) && !(data instanceof DataView) && !isOfBigints(data);

/**
 * The numbers in the type of a tensor's memory, when each is one of that type: int32 takes whole numbers from -2^31 to 2^31 - 1, also as
 * bigint; float32 takes numbers, which the device rounds. Nothing else is made a number. Typed arrays of the right type are handed back
 * as they are.
 * @throws SeqgradError `value` or `range` with the position of the first that is not
 */
export function checkNumbers(op: string, data: unknown, dtype: DType): TensorData {
  if (!isOfNumbers(data)) return fromList(op, data, dtype);
  if (dtype === "float32") return data instanceof Float32Array || data instanceof Float64Array ? data : Float32Array.from(data);
  const bad = isWithinInt32(data) ? -1 : firstNotInt32(data);
  if (bad >= 0) throw notInt32(op, bad, data[bad]);
  return data instanceof Int32Array ? data : Int32Array.from(data);
}

/** The number, when it is one of the type. */
export const checkedNumber = (op: string, value: number, dtype: DType): number => nth(checkNumbers(op, [value], dtype), 0);

function fromList(op: string, data: unknown, dtype: DType): TensorData {
  if (!Array.isArray(data) && !isOfBigints(data))
    throw new SeqgradError("value", `${op}: the data are ${shown(data)}; give numbers in an array or a typed array.`);
  const typed = dtype === "int32" ? new Int32Array(data.length) : new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value: unknown = data[i];
    if (typeof value !== "number" && !(dtype === "int32" && typeof value === "bigint")) {
      if (dtype === "int32") throw notInt32(op, i, value);
      const advice = "Give numbers; convert others yourself, as by Number(x).";
      throw new SeqgradError("value", `${op}: number ${i} is ${shown(value)}, not a number. ${advice}`);
    }
    const number = Number(value);
    if (dtype === "int32" && number !== (number | 0)) throw notInt32(op, i, value);
    typed[i] = number;
  }
  return typed;
}

function notInt32(op: string, at: number, value: unknown): SeqgradError {
  const isNumber = typeof value === "number" || typeof value === "bigint";
  const advice = "int32 holds whole numbers from -2147483648 to 2147483647. Round or convert them yourself.";
  return new SeqgradError(isNumber ? "range" : "value", `${op}: number ${at} is ${shown(value)}; ${advice}`);
}
