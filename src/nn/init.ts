import { checkTensor, internal } from "../tensor/internal.js";
import { fill } from "../tensor/memory.js";
import { defaultGenerator, drawRandom } from "../tensor/random.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkChoice, checkFinite, checkInterval, checkNumber } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { normalAt, philoxWords } from "../util/philox.js";

/** Nonlinearities for which `gain` knows the factor that keeps the variance of activations (He et al. 2015). */
export type GainOf = "linear" | "sigmoid" | "tanh" | "relu" | "leakyRelu";

/**
 * Returns the factor that keeps the variance of activations in a layer followed by this nonlinearity.
 *
 * @param nonlinearity "linear", "sigmoid", "tanh", "relu" or "leakyRelu"
 * @param slope the slope of leakyRelu; default 0.01
 * @returns the factor for xavierUniform() and the others
 * @throws SeqgradError `value` for an unknown nonlinearity
 * @see He et al. 2015, "Delving Deep into Rectifiers"
 * @example
 * sg.nn.init.gain("relu"); // = 1.414
 */
export function gain(nonlinearity: GainOf, slope = 0.01): number {
  checkFinite("gain", "slope", slope);
  const gains = { linear: 1, sigmoid: 1, tanh: 5 / 3, relu: Math.SQRT2, leakyRelu: Math.sqrt(2 / (1 + slope * slope)) };
  checkChoice<string>("gain", "nonlinearity", nonlinearity, Object.keys(gains));
  return gains[nonlinearity];
}

/** The tensor, when it is one of float32 whose elements lie side by side. */
function checkFloats(op: string, y: Tensor): Tensor {
  if (checkTensor(op, y, "y").dtype !== "float32" || !y.isContiguous)
    throw new SeqgradError("dtype", `${op}: y is ${y.dtype} or a view with gaps; expected contiguous float32.`);
  return y;
}

/** Inputs and outputs of a weight `[out, in]`; further dimensions count to both. */
function fans(op: string, y: Tensor, gain: number): { fanIn: number; fanOut: number } {
  checkFinite(op, "its factor", gain);
  checkFloats(op, y);
  if (y.rank < 2)
    throw new SeqgradError("shape", `${op}: the shape ${formatShape(y.shape)} has no inputs and outputs; expected [out, in].`);
  const [outputs = 1, inputs = 1] = y.shape;
  const field = y.size / (outputs * inputs);
  return { fanIn: inputs * field, fanOut: outputs * field };
}

/**
 * Fills a tensor with uniform random numbers on [low, high).
 *
 * @param y of any shape, float32, is overwritten
 * @param low default 0
 * @param high default 1
 * @throws SeqgradError `value` for a bound that is not finite, `dtype` unless y is contiguous float32
 * @example
 * const weight = sg.parameter([10, 64], (y) => sg.nn.init.uniform(y, -0.1, 0.1));
 */
export function uniform(y: Tensor, low = 0, high = 1): void {
  const bounds = { low: checkFinite("uniform", "low", low), high: checkFinite("uniform", "high", high) };
  checkFloats("uniform", y).backend.dispatch("randomUniform", { y: internal(y), n: y.size, ...drawRandom(y.size), ...bounds });
}

/**
 * Fills a tensor with normal random numbers.
 *
 * @param y of any shape, float32, is overwritten
 * @param mean default 0
 * @param std the standard deviation; default 1
 * @throws SeqgradError `value` for a number that is not finite, `dtype` unless y is contiguous float32
 * @example
 * const weight = sg.parameter([10, 64], (y) => sg.nn.init.normal(y, 0, 0.02));
 */
export function normal(y: Tensor, mean = 0, std = 1): void {
  const form = { mean: checkFinite("normal", "mean", mean), std: checkFinite("normal", "std", std) };
  checkFloats("normal", y).backend.dispatch("randomNormal", { y: internal(y), n: y.size, ...drawRandom(y.size), ...form });
}

/**
 * Fills a tensor with normal random numbers between two bounds, drawn on the host.
 *
 * @param y of any shape, float32, is overwritten
 * @param options `mean`, default 0; `std`, default 1; `low` and `high`, the bounds, default -2 and 2
 * @throws SeqgradError `range` unless low < high and the deviation is above 0, `dtype` unless y is contiguous float32
 * @example
 * const weight = sg.parameter([10, 64], (y) => sg.nn.init.truncatedNormal(y, { std: 0.02, low: -0.04, high: 0.04 }));
 */
export function truncatedNormal(y: Tensor, options: { mean?: number; std?: number; low?: number; high?: number } = {}): void {
  checkFloats("truncatedNormal", y);
  checkOptions("truncatedNormal", options, ["mean", "std", "low", "high"]);
  const { mean = 0, std = 1, low = -2, high = 2 } = options;
  checkFinite("truncatedNormal", "mean", mean);
  checkInterval("truncatedNormal", "std", std, Number.MIN_VALUE, Number.MAX_VALUE);
  checkNumber("truncatedNormal", "low", low);
  checkNumber("truncatedNormal", "high", high);
  if (!(low < high)) throw new SeqgradError("range", `truncatedNormal: low ${low} is not below high ${high}; raise high.`);
  const [from, to] = [(low - mean) / std, (high - mean) / std];
  // Uniform numbers are kept as often as the density there says, compared with the largest; what is 9 deviations from it has none.
  const mode = Math.min(Math.max(0, from), to);
  const [begin, end] = [Math.max(from, mode - 9), Math.min(to, mode + 9)];
  const generator = defaultGenerator();
  const draw = () => {
    for (;;) {
      const z = begin + (end - begin) * generator.uniform();
      if (generator.uniform() < Math.exp((mode * mode - z * z) / 2)) return Math.min(Math.max(mean + std * z, low), high);
    }
  };
  y.write(Float32Array.from({ length: y.size }, draw));
}

/**
 * Sets all elements to one number.
 *
 * @param y of any shape and dtype, is overwritten
 * @param value the number
 * @throws SeqgradError `state` for a view with gaps
 * @example
 * sg.parameter([2], (y) => sg.nn.init.constant(y, 0.5)); // = [0.5, 0.5]
 */
export function constant(y: Tensor, value: number): void {
  set("constant", y, checkNumber("constant", "value", value));
}

function set(op: string, y: Tensor, value: number): void {
  const to = checkTensor(op, y, "y");
  if (!to.isContiguous) throw new SeqgradError("state", `${op}: y is a view with gaps; give a contiguous tensor.`);
  fill(to, value);
}

/**
 * Sets all elements to 0.
 *
 * @param y of any shape and dtype, is overwritten
 * @example
 * sg.parameter([2], sg.nn.init.zeros); // = [0, 0]
 */
export const zeros = (y: Tensor): void => set("zeros", y, 0);
/**
 * Sets all elements to 1.
 *
 * @param y of any shape and dtype, is overwritten
 * @example
 * sg.parameter([2], sg.nn.init.ones); // = [1, 1]
 */
export const ones = (y: Tensor): void => set("ones", y, 1);

/**
 * Fills a weight with uniform random numbers on +-gain sqrt(6 / (in + out)).
 *
 * @param y `[out, in]`, float32, is overwritten; further dimensions multiply both sizes
 * @param gain default 1; see gain()
 * @throws SeqgradError `shape` for fewer than two dimensions, `dtype` unless y is contiguous float32
 * @see Glorot and Bengio 2010, "Understanding the Difficulty of Training Deep Feedforward Neural Networks"
 * @example
 * const weight = sg.parameter([10, 64], sg.nn.init.xavierUniform);
 */
export function xavierUniform(y: Tensor, gain = 1): void {
  const { fanIn, fanOut } = fans("xavierUniform", y, gain);
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  uniform(y, -bound, bound);
}

/**
 * Fills a weight with normal random numbers of deviation gain sqrt(2 / (in + out)).
 *
 * @param y `[out, in]`, float32, is overwritten; further dimensions multiply both sizes
 * @param gain default 1; see gain()
 * @throws SeqgradError `shape` for fewer than two dimensions, `dtype` unless y is contiguous float32
 * @see Glorot and Bengio 2010, "Understanding the Difficulty of Training Deep Feedforward Neural Networks"
 * @example
 * const weight = sg.parameter([10, 64], sg.nn.init.xavierNormal);
 */
export function xavierNormal(y: Tensor, gain = 1): void {
  const { fanIn, fanOut } = fans("xavierNormal", y, gain);
  normal(y, 0, gain * Math.sqrt(2 / (fanIn + fanOut)));
}

/**
 * Fills a weight with uniform random numbers on +-gain sqrt(3 / in).
 *
 * @param y `[out, in]`, float32, is overwritten; further dimensions multiply the size `in`
 * @param gain default sqrt(2), for relu; see gain()
 * @throws SeqgradError `shape` for fewer than two dimensions, `dtype` unless y is contiguous float32
 * @see He et al. 2015, "Delving Deep into Rectifiers"
 * @example
 * const weight = sg.parameter([10, 64], (y) => sg.nn.init.kaimingUniform(y, sg.nn.init.gain("relu")));
 */
export function kaimingUniform(y: Tensor, gain = Math.SQRT2): void {
  const bound = gain * Math.sqrt(3 / fans("kaimingUniform", y, gain).fanIn);
  uniform(y, -bound, bound);
}

/**
 * Fills a weight with normal random numbers of deviation gain / sqrt(in).
 *
 * @param y `[out, in]`, float32, is overwritten; further dimensions multiply the size `in`
 * @param gain default sqrt(2), for relu; see gain()
 * @throws SeqgradError `shape` for fewer than two dimensions, `dtype` unless y is contiguous float32
 * @see He et al. 2015, "Delving Deep into Rectifiers"
 * @example
 * const weight = sg.parameter([10, 64], (y) => sg.nn.init.kaimingNormal(y, sg.nn.init.gain("relu")));
 */
export function kaimingNormal(y: Tensor, gain = Math.SQRT2): void {
  normal(y, 0, gain / Math.sqrt(fans("kaimingNormal", y, gain).fanIn));
}

/**
 * Sets a matrix to `scale` times the identity, and a taller one to such blocks, one below the other.
 *
 * @param y `[rows, cols]`, float32, is overwritten
 * @param scale default 1
 * @throws SeqgradError `shape` for fewer than two dimensions, `dtype` unless y is contiguous float32
 * @example
 * sg.parameter([2, 2], (y) => sg.nn.init.identity(y)); // = [[1, 0], [0, 1]]
 */
export function identity(y: Tensor, scale = 1): void {
  const { fanIn: cols } = fans("identity", y, scale);
  const data = new Float32Array(y.size);
  const [rows = 0] = y.shape;
  for (let row = 0; row < rows; row++) data[row * cols + (row % cols)] = scale;
  y.write(data);
}

/**
 * Fills a matrix with orthonormal rows or columns, whichever are fewer, times `gain`.
 *
 * The vectors are normal random numbers, made orthogonal by Gram and Schmidt twice, which is enough in float64 (Giraud et al. 2005).
 *
 * @param y `[rows, cols]`, float32, is overwritten
 * @param gain default 1; see gain()
 * @throws SeqgradError `shape` for fewer than two dimensions, `dtype` unless y is contiguous float32
 * @see Saxe, McClelland and Ganguli 2014, "Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear Neural Networks"
 * @example
 * const weight = sg.parameter([10, 64], sg.nn.init.orthogonal);
 */
export function orthogonal(y: Tensor, gain = 1): void {
  const { fanIn: cols } = fans("orthogonal", y, gain);
  const [rows = 0] = y.shape;
  const [count, length] = rows < cols ? [rows, cols] : [cols, rows];
  const vectors = normalVectors(count, length);
  for (const [i, v] of vectors.entries()) {
    for (let pass = 0; pass < 2; pass++) {
      for (const u of vectors.slice(0, i)) {
        const along = dot(u, v);
        for (let k = 0; k < length; k++) v[k]! -= along * u[k]!;
      }
    }
    const scale = 1 / Math.sqrt(dot(v, v));
    for (let k = 0; k < length; k++) v[k]! *= scale;
  }
  y.write(
    Float32Array.from({ length: y.size }, (_, at) => {
      const row = Math.floor(at / cols);
      const col = at % cols;
      return gain * (rows < cols ? nth(nth(vectors, row), col) : nth(nth(vectors, col), row));
    }),
  );
}

function normalVectors(count: number, length: number): Float64Array[] {
  const n = count * length;
  const { key0, key1, counter0, counter1 } = defaultGenerator().next(n + 1);
  const words = philoxWords(n + 1, [counter0, counter1, 0, 0], [key0, key1]);
  return Array.from({ length: count }, (_, r) => Float64Array.from({ length }, (_, k) => normalAt(words, r * length + k)));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
