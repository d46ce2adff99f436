import type { TensorValue } from "../tensor/value.js";
import { checkObject, checkText, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkShape, type Shape, sizeOf } from "../util/shape.js";

interface Arrays {
  float32: Float32Array;
  float64: Float64Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
}

export type StoredDType = keyof Arrays;
export type StoredArray = Arrays[StoredDType];

/** A tensor as a file holds it: `data` is the array that `dtype` names, row-major. */
export type StoredTensor = {
  readonly [D in StoredDType]: { readonly dtype: D; readonly shape: Shape; readonly data: Arrays[D] };
}[StoredDType];

/** A value that can be written: a `StoredTensor`, whose dtype and data are compared on writing. */
export interface WritableTensor {
  readonly dtype: StoredDType;
  readonly shape: Shape;
  readonly data: StoredArray;
}

export interface ArrayType {
  readonly dtype: StoredDType;
  readonly array: {
    readonly BYTES_PER_ELEMENT: number;
    readonly name: string;
    new (buffer: ArrayBufferLike, byteOffset: number, length: number): StoredArray;
  };
}

/** The format's dtypes that are arrays as they lie. */
export const arrayTypes: ReadonlyMap<string, ArrayType> = new Map<string, ArrayType>([
  ["F64", { dtype: "float64", array: Float64Array }],
  ["I64", { dtype: "int64", array: BigInt64Array }],
  ["U64", { dtype: "uint64", array: BigUint64Array }],
  ["F32", { dtype: "float32", array: Float32Array }],
  ["I32", { dtype: "int32", array: Int32Array }],
  ["U32", { dtype: "uint32", array: Uint32Array }],
  ["I16", { dtype: "int16", array: Int16Array }],
  ["U16", { dtype: "uint16", array: Uint16Array }],
  ["I8", { dtype: "int8", array: Int8Array }],
  ["U8", { dtype: "uint8", array: Uint8Array }],
  ["BOOL", { dtype: "bool", array: Uint8Array }],
]);

const formats = new Map(Array.from(arrayTypes, ([format, { dtype, array }]) => [dtype, { format, array }]));

/** The tensor, when its data are what its dtype and its shape say, and the format's name of its dtype. */
export function checkStored(label: string, tensor: WritableTensor) {
  const { dtype, shape, data } = checkObject(label, "it", tensor, "{ dtype, shape, data }");
  const type = formats.get(dtype);
  if (!type) throw new SeqgradError("dtype", `${label} is ${shown(dtype)}; use one of ${[...formats.keys()].join(", ")}.`);
  if (!(data instanceof type.array))
    throw new SeqgradError("dtype", `${label} is said to be ${dtype}, but its data are not a ${type.array.name}.`);
  checkShape(label, shape);
  if (sizeOf(shape) !== data.length) {
    throw new SeqgradError("shape", `${label} has the shape ${formatShape(shape)} and ${data.length} elements.`);
  }
  return { format: type.format, shape, data };
}

/** The half-width floats, by the function that widens their 16 bits to a float32's. */
export const halfTypes: ReadonlyMap<string, (bits: number) => number> = new Map([
  ["F16", widenFloat16],
  ["BF16", (bits: number) => bits << 16],
]);

/** Dtypes that the format knows and JavaScript has no use for. */
export const unreadTypes: readonly string[] = ["F4", "F6_E2M3", "F6_E3M2", "F8_E4M3", "F8_E5M2", "F8_E8M0", "C64"];

/** IEEE 754 binary16: a sign, 5 bits of exponent with a bias of 15, 10 of fraction; a subnormal is fraction x 2^-24. */
function widenFloat16(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21; // brings the leading 1 to bit 10
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 1023) << 13);
}

/**
 * Converts a stored tensor to float32 or int32: float64 is rounded, integers and booleans become int32.
 *
 * @param name the name of the tensor, for the message
 * @param tensor the stored tensor
 * @returns the value
 * @throws SeqgradError `format` for an integer outside int32
 * @example
 * sg.io.toTensorValue("ids", { dtype: "uint8", shape: [2], data: Uint8Array.of(7, 9) }).data; // = [7, 9]
 */
export function toTensorValue(name: string, tensor: StoredTensor): TensorValue {
  checkStored(`toTensorValue: tensor ${JSON.stringify(checkText("toTensorValue", name, "the name"))}`, tensor);
  const { dtype, shape, data } = tensor;
  if (dtype === "float32") return { dtype, shape, data };
  if (dtype === "int32") return { dtype, shape, data };
  if (dtype === "float64") return { dtype: "float32", shape, data: Float32Array.from(data) };
  const integers = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    integers[i] = Number(data[i]);
    if (integers[i] !== Number(data[i])) {
      throw new SeqgradError(
        "format",
        `tensor "${name}": element ${i} is ${data[i]}, which is not an int32; seqgrad computes in int32 and float32.`,
      );
    }
  }
  return { dtype: "int32", shape, data: integers };
}
