import type { DType, TensorData } from "../backend/backend.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkShape, type Shape, sizeOf } from "../util/shape.js";
import { type Device, defaultDevice } from "./device.js";
import { drawRandom } from "./random.js";
import { allocate } from "./storage.js";
import { empty, fill, Tensor } from "./tensor.js";

export interface CreateOptions {
  /** Default `float32`. */
  dtype?: DType;
  /** Whether backward() shall leave a gradient. Default false. */
  requiresGrad?: boolean;
  /** Default: that of the last init(). */
  device?: Device;
}

/** Numbers, nested as deep as the shape is long. */
export type NestedNumbers = number | readonly NestedNumbers[];

function make(op: string, shape: Shape, options: CreateOptions): Tensor {
  checkShape(op, shape);
  const { dtype = "float32", requiresGrad = false, device = defaultDevice() } = options;
  if (dtype !== "float32" && dtype !== "int32")
    throw new SeqgradError("dtype", `${op}: there is no dtype "${String(dtype)}"; use "float32" or "int32".`);
  if (requiresGrad && dtype !== "float32") throw new SeqgradError("dtype", `${op}: only float32 tensors have gradients.`);
  const tensor = empty(device.backend, [...shape], dtype);
  tensor.requiresGrad = requiresGrad;
  return tensor;
}

/**
 * A tensor from numbers in row-major order.
 *
 * @param data as many numbers as the shape holds
 * @param shape default: `[data.length]`
 * @throws SeqgradError `shape` when the count differs, `value` for nested arrays, `state` before init()
 * @example
 * const x = sg.tensor([1, 2, 3, 4], [2, 2]);
 * const labels = sg.tensor([0, 2], [2], { dtype: "int32" });
 */
export function tensor(data: TensorData | readonly number[], shape: Shape = [data.length], options: CreateOptions = {}): Tensor {
  checkShape("tensor", shape);
  if (typeof data[0] === "object")
    throw new SeqgradError("value", "tensor: the data are nested; give the numbers in one array, or use fromArray().");
  if (data.length !== sizeOf(shape)) {
    throw new SeqgradError(
      "shape",
      `tensor: ${data.length} numbers do not fill the shape ${formatShape(shape)}, which holds ${sizeOf(shape)}.`,
    );
  }
  const dtype = options.dtype ?? (data instanceof Int32Array ? "int32" : "float32");
  const x = make("tensor", shape, { ...options, dtype });
  x.write(data);
  return x;
}

/**
 * A tensor from nested arrays, or a scalar from a number.
 * @throws SeqgradError `shape` when they are ragged, `value` for anything but numbers and arrays
 * @example
 * sg.fromArray([[1, 2], [3, 4]]).shape; // = [2, 2]
 */
export function fromArray(values: NestedNumbers, options: CreateOptions = {}): Tensor {
  const shape: number[] = [];
  for (let v: NestedNumbers | undefined = values; Array.isArray(v); v = v[0]) shape.push(v.length);
  const flat = flatten(values, shape, 0);
  return tensor(flat, shape, options);
}

function flatten(values: NestedNumbers, shape: Shape, depth: number): number[] {
  if (typeof values !== "number" && !Array.isArray(values))
    throw new SeqgradError("value", `fromArray: wants numbers nested in arrays, got ${values === null ? "null" : typeof values}.`);
  if (typeof values === "number" ? depth !== shape.length : values.length !== shape[depth]) {
    throw new SeqgradError(
      "shape",
      `fromArray: the arrays are ragged: dimension ${depth} is not ${shape[depth] ?? "a number"} everywhere.`,
    );
  }
  return typeof values === "number" ? [values] : values.flatMap((v) => flatten(v, shape, depth + 1));
}

/**
 * All elements `value`.
 * @example
 * sg.full([2, 2], 7); // = [[7, 7], [7, 7]]
 */
export const full = (shape: Shape, value: number, options: CreateOptions = {}): Tensor => fill(make("full", shape, options), value);
/**
 * All elements 0.
 * @example
 * sg.zeros([3]); // = [0, 0, 0]
 */
export const zeros = (shape: Shape, options: CreateOptions = {}): Tensor => full(shape, 0, options);
/**
 * All elements 1.
 * @example
 * sg.ones([3]); // = [1, 1, 1]
 */
export const ones = (shape: Shape, options: CreateOptions = {}): Tensor => full(shape, 1, options);

/**
 * `start, start + step, ...` up to but without `end`: arange(n) counts from 0.
 * @throws SeqgradError `range` for a step of 0 or an end that is not finite
 * @example
 * sg.arange(0, 10, 4); // = [0, 4, 8]
 */
export function arange(start: number, end?: number, step = 1, options: CreateOptions = {}): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  if (!(step !== 0 && Number.isFinite((to - from) / step)))
    throw new SeqgradError("range", `arange: cannot go from ${from} to ${to} by ${step}.`);
  const n = Math.max(0, Math.ceil((to - from) / step));
  const data = Array.from({ length: n }, (_, i) => from + i * step);
  return tensor(data, [n], options);
}

/**
 * Uniform on [low, high), from the generator that manualSeed() sets.
 * @example
 * const noise = sg.rand([32, 10], { low: -0.1, high: 0.1 });
 */
export function rand(shape: Shape, options: CreateOptions & { low?: number; high?: number } = {}): Tensor {
  const y = make("rand", shape, options);
  const { low = 0, high = 1 } = options;
  if (y.size > 0) y.backend.dispatch("randomUniform", { y, n: y.size, ...drawRandom(y.size), low, high });
  return y;
}

/**
 * Normal, by default with mean 0 and standard deviation 1, from the generator that manualSeed() sets.
 * @example
 * const x = sg.randn([8, 20, 32], { std: 0.02 });
 */
export function randn(shape: Shape, options: CreateOptions & { mean?: number; std?: number } = {}): Tensor {
  const y = make("randn", shape, options);
  const { mean = 0, std = 1 } = options;
  if (y.size > 0) y.backend.dispatch("randomNormal", { y, n: y.size, ...drawRandom(y.size), mean, std });
  return y;
}

/**
 * A float32 tensor outside every scope that a model owns and training changes.
 * @example
 * const weight = sg.parameter([10, 64], sg.nn.init.xavierUniform);
 */
export function parameter(shape: Shape, init: (y: Tensor) => void, device: Device = defaultDevice()): Tensor {
  checkShape("parameter", shape);
  const p = new Tensor(allocate(device.backend, sizeOf(shape) * 4, "parameter", null), [...shape]);
  p.requiresGrad = true;
  init(p);
  return p;
}

/**
 * A tensor outside every scope that a model owns, saves and moves but that no optimizer changes: statistics, counts.
 * @example
 * const seen = sg.buffer([10], sg.nn.init.zeros);
 */
export function buffer(
  shape: Shape,
  init: (y: Tensor) => void,
  { dtype = "float32", device = defaultDevice() }: Pick<CreateOptions, "dtype" | "device"> = {},
): Tensor {
  checkShape("buffer", shape);
  const b = new Tensor(allocate(device.backend, sizeOf(shape) * 4, "buffer", null), [...shape], dtype);
  init(b);
  return b;
}
