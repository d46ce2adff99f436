import type { Backend, DType } from "../backend/backend.js";
import { checkBoolean, checkFinite, checkFunction, checkInteger, checkList, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, namesOf } from "../util/options.js";
import { checkShape, MOST_DIMENSIONS, type Shape, sizeOf } from "../util/shape.js";
import { checkDevice, type Device, defaultDevice } from "./device.js";
import { copyStrided, InternalTensor } from "./internal.js";
import { empty, fill } from "./memory.js";
import { checkedNumber, checkNumbers, isOfBigints, type Numbers } from "./numbers.js";
import { allOrNothing, checkRoom, noteMade } from "./ownership.js";
import { drawRandom } from "./random.js";
import { scope } from "./scope.js";
import { allocate } from "./storage.js";
import type { Tensor } from "./tensor.js";

export interface CreateOptions {
  /** Default `float32`. */
  dtype?: DType;
  /** True if backward() must store a gradient. Default false. */
  requiresGrad?: boolean;
  /** Default: the device of the last init(). */
  device?: Device;
}

/** Numbers, nested as deep as the shape is long. */
export type NestedNumbers = number | readonly NestedNumbers[];

const createOptions = { dtype: 1, requiresGrad: 1, device: 1 } as const;
const names = namesOf<CreateOptions>(createOptions);

/** Uninitialized, when shape and options are such; `known`: the names of the options that there are. */
function make(op: string, shape: Shape, options: CreateOptions, known = names): InternalTensor {
  checkShape(op, shape);
  checkOptions(op, options, known);
  return makeOn(op, () => checkDevice(op, options.device).backend, shape, options);
}

/** Uninitialized, on the backend that is asked for once the options are right. */
export function makeOn(op: string, backendOf: () => Backend, shape: Shape, { dtype, requiresGrad = false }: CreateOptions): InternalTensor {
  const type = checkDtype(op, dtype);
  if (checkBoolean(op, "requiresGrad", requiresGrad) && type !== "float32")
    throw new SeqgradError("dtype", `${op}: only float32 tensors have gradients.`);
  const tensor = empty(backendOf(), [...shape], type);
  tensor.requiresGrad = requiresGrad;
  return tensor;
}

export function checkDtype(op: string, dtype: DType = "float32"): DType {
  if (dtype !== "float32" && dtype !== "int32")
    throw new SeqgradError("dtype", `${op}: there is no dtype ${shown(dtype)}; use "float32" or "int32".`);
  return dtype;
}

/**
 * Makes a tensor from numbers in row-major order.
 *
 * @param data as many numbers as the shape holds, of the tensor's type: int32 takes whole numbers from -2^31 to 2^31 - 1, also as bigint
 * @param shape default: `[data.length]`
 * @param options the default dtype is int32 for an Int32Array and arrays of 64-bit integers, else float32
 * @returns the tensor
 * @throws SeqgradError `shape` if the count differs, `value` for nested arrays or something that is not a number, `range` for a number that
 *   is not an int32, `memory`, `state` before init()
 * @example
 * const x = sg.tensor([1, 2, 3, 4], [2, 2]);
 * const labels = sg.tensor([0, 2], [2], { dtype: "int32" });
 */
export function tensor(data: Numbers, shape?: Shape, options: CreateOptions = {}): Tensor {
  checkOptions("tensor", options, names);
  const isInteger = data instanceof Int32Array || isOfBigints(data);
  return fromNumbers("tensor", data, shape, { ...options, dtype: options.dtype ?? (isInteger ? "int32" : "float32") });
}

function fromNumbers(op: string, data: Numbers, shape: Shape | undefined, options: CreateOptions): Tensor {
  const nested = Array.isArray(data) && Array.isArray(data[0]);
  if (nested) throw new SeqgradError("value", `${op}: the data are nested; give the numbers in one array, or use fromArray().`);
  const to = shape ?? [checkList(op, "the data", data, "numbers in an array or a typed array").length];
  checkShape(op, to);
  const numbers = checkNumbers(op, data, checkDtype(op, options.dtype));
  if (numbers.length !== sizeOf(to)) {
    const got = `${numbers.length} numbers do not fill the shape ${formatShape(to)}`;
    throw new SeqgradError("shape", `${op}: ${got}, which holds ${sizeOf(to)}.`);
  }
  const x = make(op, to, options);
  x.write(numbers);
  return x;
}

/**
 * Makes a tensor from nested arrays, or a scalar from a number.
 *
 * @param values numbers, nested as deep as the tensor has dimensions
 * @param options dtype, gradient and device: see CreateOptions
 * @returns the tensor
 * @throws SeqgradError `shape` if they are ragged or too deep, `value` for anything but numbers and arrays, `range` for a number that is
 *   not an int32
 * @example
 * sg.fromArray([[1, 2], [3, 4]]).shape; // = [2, 2]
 */
export function fromArray(values: NestedNumbers, options: CreateOptions = {}): Tensor {
  checkOptions("fromArray", options, names);
  const shape: number[] = [];
  for (let v: NestedNumbers | undefined = values; Array.isArray(v) && shape.length <= MOST_DIMENSIONS; v = v[0]) shape.push(v.length);
  checkShape("fromArray", shape);
  return fromNumbers("fromArray", flatten(values, shape), shape, options);
}

/** The elements of nested arrays of this shape, in row-major order. */
function flatten(values: NestedNumbers, shape: Shape): number[] {
  let items: readonly NestedNumbers[] = [values];
  const ragged = (depth: number) => {
    const expected = shape[depth] ?? "a number";
    return new SeqgradError("shape", `fromArray: the arrays are ragged: dimension ${depth} is not ${expected} everywhere.`);
  };
  for (const [depth, n] of shape.entries()) {
    const inner: NestedNumbers[] = [];
    for (const item of items) {
      if (!Array.isArray(item) && typeof item !== "number")
        throw new SeqgradError("value", `fromArray: got ${shown(item)}; give numbers nested in arrays.`);
      if (!Array.isArray(item) || item.length !== n) throw ragged(depth);
      for (const part of item) inner.push(part);
    }
    items = inner;
  }
  if (items.some(Array.isArray)) throw ragged(shape.length);
  return items as number[];
}

/**
 * Makes a tensor of one number.
 *
 * @param shape the shape
 * @param value the number
 * @param options dtype, gradient and device: see CreateOptions
 * @returns the tensor
 * @example
 * sg.full([2, 2], 7); // = [[7, 7], [7, 7]]
 */
export const full = (shape: Shape, value: number, options: CreateOptions = {}): Tensor => filled("full", shape, value, options);

function filled(op: string, shape: Shape, value: number, options: CreateOptions): InternalTensor {
  checkOptions(op, options, names);
  const number = checkedNumber(op, value, checkDtype(op, options.dtype));
  return fill(make(op, shape, options), number);
}

/**
 * Makes a tensor of zeros.
 *
 * @param shape the shape
 * @param options dtype, gradient and device: see CreateOptions
 * @returns the tensor
 * @example
 * sg.zeros([3]); // = [0, 0, 0]
 */
export const zeros = (shape: Shape, options: CreateOptions = {}): Tensor => filled("zeros", shape, 0, options);
/**
 * Makes a tensor of ones.
 *
 * @param shape the shape
 * @param options dtype, gradient and device: see CreateOptions
 * @returns the tensor
 * @example
 * sg.ones([3]); // = [1, 1, 1]
 */
export const ones = (shape: Shape, options: CreateOptions = {}): Tensor => filled("ones", shape, 1, options);

/**
 * Makes the numbers `start, start + step, ...` below `end`; arange(n) counts from 0.
 *
 * @param start the first number; without `end` the number after the last
 * @param end the number that ends them, not included
 * @param step default 1; negative counts down
 * @param options dtype, gradient and device: see CreateOptions
 * @returns `[ceil((end - start) / step)]`
 * @throws SeqgradError `range` for a step of 0, an end that is not finite or, with int32, numbers that are not whole; `memory`
 * @example
 * sg.arange(0, 10, 4); // = [0, 4, 8]
 */
export function arange(start: number, end?: number, step = 1, options: CreateOptions = {}): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  for (const [name, value] of Object.entries({ start: from, end: to, step })) checkFinite("arange", name, value);
  if (step === 0) throw new SeqgradError("range", `arange: cannot go from ${from} to ${to} by 0.`);
  const n = Math.max(0, Math.ceil((to - from) / step));
  checkShape("arange", [n]);
  checkOptions("arange", options, names);
  if (options.dtype === "int32" && n > 0) checkNumbers("arange", [from, step, from + (n - 1) * step], "int32");
  return written("arange", n, (i) => from + i * step, options);
}

/** Numbers that are made on the host at a time. */
const CHUNK = 1 << 16;

/** A vector whose element i is `at(i)`. */
function written(op: string, n: number, at: (i: number) => number, options: CreateOptions): Tensor {
  const x = make(op, [n], options);
  for (let start = 0; start < n; start += CHUNK) {
    const part = Float64Array.from({ length: Math.min(CHUNK, n - start) }, (_, i) => at(start + i));
    x.backend.write(x.address + start * 4, checkNumbers(op, part, x.dtype));
  }
  return x;
}

/**
 * Makes `count` numbers from `start` to `end`, both included, in equal steps.
 *
 * @param start the first number
 * @param end the last number
 * @param count their number; 1 gives `start` alone
 * @param options dtype, gradient and device: see CreateOptions
 * @returns `[count]`
 * @throws SeqgradError `range` for a count that is not a whole number or, with int32, numbers that are not whole; `value` for an end that
 *   is not finite; `memory`
 * @example
 * sg.linspace(0, 1, 5); // = [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(start: number, end: number, count: number, options: CreateOptions = {}): Tensor {
  checkFinite("linspace", "start", start);
  checkFinite("linspace", "end", end);
  checkShape("linspace", [checkInteger("linspace", "count", count)]);
  checkOptions("linspace", options, names);
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  // From the nearer end, so that both ends are exact.
  const at = (i: number) => (i < count / 2 ? start + step * i : end - step * (count - 1 - i));
  if (options.dtype === "int32")
    checkNumbers(
      "linspace",
      Float64Array.from({ length: count }, (_, i) => at(i)),
      "int32",
    );
  return written("linspace", count, at, options);
}

/**
 * Makes a matrix with ones on its diagonal and zeros elsewhere.
 *
 * @param rows the number of rows
 * @param columns the number of columns; default `rows`
 * @param options dtype, gradient and device: see CreateOptions
 * @returns `[rows, columns]`
 * @throws SeqgradError `shape` for sizes that are not whole numbers, `memory`
 * @example
 * sg.eye(2, 3); // = [[1, 0, 0], [0, 1, 0]]
 */
export function eye(rows: number, columns = rows, options: CreateOptions = {}): Tensor {
  const y = filled("eye", [rows, columns], 0, options);
  const n = Math.min(rows, columns);
  if (n === 0) return y;
  scope(() => copyStrided(fill(empty(y.backend, [], y.dtype), 1).view([n], [0], 0), y.address, [columns + 1]));
  return y;
}

type Uniform = CreateOptions & { low?: number; high?: number };
const uniformNames = namesOf<Uniform>({ ...createOptions, low: 1, high: 1 });

/**
 * Draws uniform numbers on [low, high), from the generator that manualSeed() sets.
 *
 * @param shape the shape
 * @param options `low`, default 0, `high`, default 1, and CreateOptions
 * @returns the tensor, float32
 * @throws SeqgradError `value` for a bound that is not finite, `dtype` for int32, `memory`
 * @example
 * const noise = sg.rand([32, 10], { low: -0.1, high: 0.1 });
 */
export function rand(shape: Shape, options: Uniform = {}): Tensor {
  const { y, low, high } = drawn("rand", shape, options, uniformNames, { low: options?.low ?? 0, high: options?.high ?? 1 });
  if (y.size > 0) y.backend.dispatch("randomUniform", { y, n: y.size, ...drawRandom(y.size), low, high });
  return y;
}

type Normal = CreateOptions & { mean?: number; std?: number };
const normalNames = namesOf<Normal>({ ...createOptions, mean: 1, std: 1 });

/**
 * Draws normal numbers, from the generator that manualSeed() sets.
 *
 * @param shape the shape
 * @param options `mean`, default 0, `std`, default 1, and CreateOptions
 * @returns the tensor, float32
 * @throws SeqgradError `value` for a mean or deviation that is not finite, `dtype` for int32, `memory`
 * @example
 * const x = sg.randn([8, 20, 32], { std: 0.02 });
 */
export function randn(shape: Shape, options: Normal = {}): Tensor {
  const { y, mean, std } = drawn("randn", shape, options, normalNames, { mean: options?.mean ?? 0, std: options?.std ?? 1 });
  if (y.size > 0) y.backend.dispatch("randomNormal", { y, n: y.size, ...drawRandom(y.size), mean, std });
  return y;
}

/** Memory to draw into, and the numbers of the distribution, when they are finite. */
function drawn<N extends Readonly<Record<string, number>>>(
  op: string,
  shape: Shape,
  options: CreateOptions,
  known: readonly string[],
  numbers: N,
) {
  checkOptions(op, options, known);
  if (options.dtype === "int32") throw new SeqgradError("dtype", `${op}: random numbers are float32; take toInt() of them.`);
  for (const [name, value] of Object.entries(numbers)) checkFinite(op, name, value);
  return { y: make(op, shape, options, known), ...numbers };
}

/**
 * Makes a tensor that a model owns and training changes, outside every scope.
 *
 * @param shape the shape
 * @param init writes the first values, such as nn.init.zeros
 * @param device default the default device
 * @returns the parameter, float32
 * @throws SeqgradError `value` for an init that is not a function, `shape`, `memory`
 * @example
 * const weight = sg.parameter([10, 64], sg.nn.init.xavierUniform);
 */
export function parameter(shape: Shape, init: (y: Tensor) => void, device: Device = defaultDevice()): Tensor {
  checkRoom(shape);
  checkShape("parameter", shape);
  checkFunction("parameter", "init", init, "a function that writes the tensor, such as nn.init.zeros");
  checkDevice("parameter", device);
  const p = new InternalTensor(allocate(device.backend, sizeOf(shape) * 4, "parameter", null), [...shape]);
  p.role = "parameter";
  p.requiresGrad = true;
  return initialized(p, init);
}

/**
 * Makes a tensor that a model owns, saves and moves but that no optimizer changes, outside every scope: statistics, counts.
 *
 * @param shape the shape
 * @param init writes the first values, such as nn.init.zeros
 * @param options `dtype` and `device`: see CreateOptions
 * @returns the buffer
 * @throws SeqgradError `value` for an init that is not a function, `shape`, `memory`
 * @example
 * const seen = sg.buffer([10], sg.nn.init.zeros);
 */
export function buffer(shape: Shape, init: (y: Tensor) => void, options: Pick<CreateOptions, "dtype" | "device"> = {}): Tensor {
  checkRoom(shape);
  checkShape("buffer", shape);
  checkFunction("buffer", "init", init, "a function that writes the tensor, such as nn.init.zeros");
  checkOptions("buffer", options, ["dtype", "device"]);
  const dtype = checkDtype("buffer", options.dtype);
  const device = checkDevice("buffer", options.device);
  const b = new InternalTensor(allocate(device.backend, sizeOf(shape) * 4, "buffer", null), [...shape], dtype);
  b.role = "buffer";
  return initialized(b, init);
}

const initialized = (tensor: Tensor, init: (y: Tensor) => void): Tensor =>
  allOrNothing(() => {
    noteMade(tensor);
    init(tensor);
    return tensor;
  });
