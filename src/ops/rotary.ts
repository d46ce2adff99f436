import type { Backend } from "../backend/backend.js";
import { InternalTensor } from "../tensor/internal.js";
import { empty } from "../tensor/memory.js";
import { allocate } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkInteger, checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, namesOf } from "../util/options.js";
import { dimsOf } from "../util/shape.js";
import { add, mul, sub } from "./binary.js";
import { concat } from "./copy.js";
import { addSamples, checkTensors, defineOp } from "./define-op.js";
import { toFloat } from "./unary.js";
import { reshape, select, slice, stack } from "./views.js";

export interface RotaryOptions {
  /** The number of heads that turn, the first of a row. Default: all. */
  heads?: number;
  /** The size D of a head. Default: the width of x divided by `heads`. Elements after the heads that turn pass unchanged. */
  headDim?: number;
  /** The position of the first step. Default 0. */
  offset?: number;
  /** Pair i turns by position / base^(2 i / D). Default 10,000. */
  base?: number;
  /** True if pairs are neighbors (2 i, 2 i + 1), as in the paper, rather than (i, D / 2 + i), as in Llama and Hugging Face's models. */
  interleaved?: boolean;
}

const rotaryNames = namesOf<RotaryOptions>({ heads: 1, headDim: 1, offset: 1, base: 1, interleaved: 1 });

interface Attrs {
  readonly heads: number;
  readonly D: number;
  readonly offset: number;
  readonly base: number;
  readonly interleaved: boolean;
}

/** Cosines and sines of positions `from` to `to`, rows of D: a product of a position and a frequency in float32 would be off by an angle. */
function anglesOf(D: number, base: number, from: number, to: number): Float64Array {
  const table = new Float64Array((to - from) * D);
  const half = D / 2;
  for (let i = 0; i < half; i++) {
    const frequency = base ** ((-2 * i) / D);
    for (let p = from; p < to; p++) {
      const at = (p - from) * D + i;
      table[at] = Math.cos(p * frequency);
      table[at + half] = Math.sin(p * frequency);
    }
  }
  return table;
}

const tables = new WeakMap<Backend, Map<string, InternalTensor>>();
const SHORTEST = 64;

/** The address of the angles of a position: the table of a head size and base grows to the next power of two, and serves every call. */
function tableAddress(backend: Backend, D: number, base: number, offset: number, end: number): number {
  const own = tables.get(backend) ?? new Map<string, InternalTensor>();
  tables.set(backend, own);
  const key = `${D} ${base}`;
  let table = own.get(key);
  if (!table || table.size < end * D) {
    const length = Math.max(SHORTEST, 2 ** Math.ceil(Math.log2(end)));
    const grown = new InternalTensor(allocate(backend, length * D * 4, "buffer", null), [length, D]);
    grown.write(Float32Array.from(anglesOf(D, base, 0, length)));
    table?.dispose();
    own.set(key, grown);
    table = grown;
  }
  return table.address + offset * D * 4;
}

const timesOf = (x: Tensor) => {
  const [T, cols] = dimsOf(x.shape.slice(-2), 2);
  return { T, cols };
};

const rotaryOp = defineOp({
  name: "rotary",
  inputs: ["x"],
  kernels: ["rotary"],
  shape: ({ x }) => ({ y: x.shape }),
  compose({ x }, { heads, D, offset, base, interleaved }: Attrs) {
    const { T, cols } = timesOf(x);
    const table = empty(x.backend, [T, 1, D]);
    table.write(Float32Array.from(anglesOf(D, base, offset, offset + T)));
    const [cos, sin] = [slice(table, { axis: -1, end: D / 2 }), slice(table, { axis: -1, start: D / 2 })];
    const lead = x.shape.slice(0, -1);
    const pairs = reshape(slice(x, { axis: -1, end: heads * D }), [...lead, heads, ...(interleaved ? [D / 2, 2] : [2, D / 2])]);
    const axis = interleaved ? -1 : -2;
    const [x1, x2] = [select(pairs, 0, { axis }), select(pairs, 1, { axis })];
    const turned = stack([sub(mul(x1, cos), mul(x2, sin)), add(mul(x2, cos), mul(x1, sin))], { axis });
    const y = reshape(turned, [...lead, heads * D]);
    return { y: heads * D < cols ? concat([y, slice(x, { axis: -1, start: heads * D })], { axis: -1 }) : y };
  },
  forward: (run, { x }, { y }, attrs) => run("rotary", rotaryCall(x, y, attrs, 0)),
  backward({ run, dOutputs: { y: dy }, attrs, gradientLike }) {
    const dx = gradientLike("x");
    run("rotary", rotaryCall(dy, dx, attrs, 1));
    return { x: dx };
  },
});
addSamples(rotaryOp, () => [
  { inputs: { x: [1, 1, 2] }, attrs: { heads: 1, D: 2, offset: 3, base: 10000, interleaved: false } },
  { inputs: { x: [2, 3, 33] }, attrs: { heads: 3, D: 10, offset: 0, base: 100, interleaved: false } },
  { inputs: { x: [2, 5, 28] }, attrs: { heads: 2, D: 14, offset: 70, base: 10000, interleaved: true } },
  { inputs: { x: [2, 32, 256] }, attrs: { heads: 4, D: 64, offset: 0, base: 10000, interleaved: false } },
]);

function rotaryCall(x: InternalTensor, y: InternalTensor, { heads, D, offset, base, interleaved }: Attrs, inverse: number) {
  const { T, cols } = timesOf(x);
  const table = tableAddress(x.backend, D, base, offset, offset + T);
  return { x, table, y, B: T * cols === 0 ? 0 : x.size / (T * cols), T, cols, heads, D, interleaved: Number(interleaved), inverse };
}

/**
 * Turns pairs of elements by their position, so that products of two such vectors depend on the distance of their positions alone.
 *
 * In each head of D elements, pair i of the step at position p turns by the angle p / base^(2 i / D). Of `heads` and `headDim` one is
 * enough. With both, only the first `heads` heads turn and the rest passes: the queries and keys of a packed projection
 * `[B, T, (N + 2 K) D]` are `{ heads: N + K, headDim: D }`.
 *
 * @param x `[B, T, N D]`, heads side by side
 * @param options heads, first position and base: see RotaryOptions
 * @returns the shape of x, float32
 * @throws SeqgradError `shape` if the heads do not fit the width or D is odd, `range` for a negative offset or a base that is not above 0
 * @see Su et al. 2021, "RoFormer: Enhanced Transformer with Rotary Position Embedding"
 * @example
 * const queriesAndKeys = sg.rotary(sg.randn([2, 16, 3 * 64]), { heads: 8, headDim: 16 }); // 4 heads each; the values pass
 */
export function rotary(x: Tensor, options: RotaryOptions = {}): Tensor {
  checkTensors("rotary", [x], ["x"]);
  checkOptions("rotary", options, rotaryNames);
  const { offset = 0, base = 10000, interleaved = false } = options;
  if (x.rank < 2) throw new SeqgradError("shape", `rotary: x ${formatShape(x.shape)} has no steps; expected [B, T, N D].`);
  const { cols: width } = timesOf(x);
  for (const name of ["heads", "headDim"] as const) if (options[name] !== undefined) checkInteger("rotary", name, options[name], 1);
  const { heads = width / (options.headDim ?? 0), headDim: D = width / (options.heads ?? 0) } = options;
  const isSize = (n: number) => Number.isInteger(n) && n >= 1;
  if (!isSize(heads) || !isSize(D) || heads * D > width || D % 2 !== 0) {
    throw new SeqgradError(
      "shape",
      `rotary: ${options.heads ?? "all"} heads of ${options.headDim ?? "equal"} size do not fit x ${formatShape(x.shape)}; give heads, headDim or both, the size even.`,
    );
  }
  checkInteger("rotary", "offset", offset);
  checkInterval("rotary", "base", base, Number.MIN_VALUE, Number.MAX_VALUE);
  checkBoolean("rotary", "interleaved", interleaved);
  return rotaryOp({ x: toFloat(x) }, { heads, D, offset, base, interleaved }).y;
}
