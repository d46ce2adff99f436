import { isRecording } from "../autograd/tape.js";
import { type InternalTensor, internal } from "../tensor/internal.js";
import { drawRandom } from "../tensor/random.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkFinite, checkInteger, checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { checkOptions, namesOf } from "../util/options.js";
import type { RandomStart } from "../util/philox.js";
import { broadcastStrides, dimsOf, sameShape } from "../util/shape.js";
import { counting } from "./alignment.js";
import { less, lessEqual } from "./binary.js";
import { addSamples, checkTensors, contiguous, defineOp, type Handles, type Inputs, type SampleInput } from "./define-op.js";
import { dropoutFrom, growthOf } from "./dropout.js";
import { expand } from "./expand.js";
import { asBias, checkMasks, type Masks, maskedScores, softmaxOfVisible } from "./masks.js";
import { matmul } from "./matmul.js";
import { checkLengths } from "./recurrent.js";
import { affine } from "./unary.js";
import { permute, reshape, slice, transpose, unsqueeze } from "./views.js";
import { where } from "./where.js";

/** The keys that queries see, and how scores become weights; mask and bias broadcast to `[B, N, T, S]`. */
export interface ScoreOptions extends Masks {
  /** Query t sees the keys s <= t + offset only. */
  causal?: boolean | undefined;
  /** The number of keys before the first query: with a key-value cache, the tokens before. Needs `causal`. Default 0. */
  offset?: number | undefined;
  /** int32 `[B]`, each in 0..S: keys from there on are padding, which no query sees. */
  lengths?: Tensor | undefined;
  /** The factor of the products of queries and keys. Default 1 / sqrt(D). */
  scale?: number | undefined;
}

export interface ScaledDotProductOptions extends ScoreOptions {
  /** The probability of zeroing a weight, while the others grow by 1 / (1 - dropout). Default 0. */
  dropout?: number | undefined;
  /** True if there is dropout. Default true. */
  training?: boolean | undefined;
}

export interface Heads {
  /** N, the heads of the queries. */
  heads: number;
  /** K, the heads of keys and values, each shared by N / K neighboring heads of queries. Default N. */
  keyValueHeads?: number | undefined;
}

export type AttentionOptions = ScaledDotProductOptions & Heads;

const scores = { causal: 1, offset: 1, lengths: 1, mask: 1, bias: 1, scale: 1 } as const;
const heads = { heads: 1, keyValueHeads: 1 } as const;
const scaledDotProductNames = namesOf<ScaledDotProductOptions>({ ...scores, dropout: 1, training: 1 });
const attentionNames = namesOf<AttentionOptions>({ ...scores, ...heads, dropout: 1, training: 1 });

interface Attrs extends RandomStart {
  /** Its name in errors. */
  readonly op: string;
  /** True if heads have a dimension of their own, as in [B, N, T, D]. */
  readonly apart: boolean;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly causal: boolean;
  readonly offset: number;
  readonly scale: number | undefined;
  readonly p: number;
}

interface Sizes {
  readonly B: number;
  readonly N: number;
  readonly K: number;
  readonly T: number;
  readonly S: number;
  readonly D: number;
  readonly E: number;
}

const attentionInputs = ["q", "k", "v", "qkv", "mask", "bias", "lengths"] as const;

/** `q`, `k` and `v`, or `qkv`; of the weights alone there is no `v`. */
type Operands = Inputs<never, (typeof attentionInputs)[number]>;
/** The same as kernels take them. */
type Held = Handles<never, (typeof attentionInputs)[number]>;

/** Queries, keys and values: tensors apart, or thrice the one that holds them all. */
function triple<X extends Tensor>({
  qkv,
  q = qkv,
  k = qkv,
  v = k,
}: { readonly [K in keyof Operands]?: X | undefined }): Record<"q" | "k" | "v", X> {
  if (!q || !k || !v)
    throw new SeqgradError("value", "attention: got neither q, k and v nor qkv; give the three, or the one that holds them.");
  return { q, k, v };
}

/** Sizes of the problem; D and E are fractions if the heads do not divide the last dimension evenly. */
function sizesOf(inputs: Operands, { apart, heads: N, keyValueHeads: K }: Attrs): Sizes {
  const { q, k, v } = triple(inputs);
  const [T, width] = dimsOf(q.shape.slice(-2), 2);
  const [S] = dimsOf(k.shape.slice(-2), 2);
  const D = width / (apart ? 1 : inputs.qkv ? N + 2 * K : N);
  return { B: q.shape[0] ?? 0, N, K, T, S, D, E: inputs.qkv ? D : (v.shape.at(-1) ?? 1) / (apart ? 1 : K) };
}

/** The sizes; throws unless everything fits. */
function checkedSizes(inputs: Operands, attrs: Attrs): Sizes {
  const { op, apart } = attrs;
  const { qkv, lengths } = inputs;
  const { q, k, v } = triple(inputs);
  const misfit = (name: string, x: Tensor, expected: string) =>
    new SeqgradError("shape", `${op}: ${name} has shape ${formatShape(x.shape)}; expected ${expected}.`);
  for (const [name, x] of Object.entries(qkv ? { qkv } : { q, k, v })) {
    if (x.rank !== (apart ? 4 : 3)) throw misfit(name, x, apart ? "[B, heads, T, D], as q" : "[B, T, heads side by side]");
    if (x.dtype !== "float32") throw new SeqgradError("dtype", `${op}: ${name} is ${x.dtype}; expected float32.`);
    if (x.size === 0) throw misfit(name, x, "at least 1 of everything");
  }
  const size = sizesOf(inputs, attrs);
  const { B, N, K, T, S, D, E } = size;
  if (N % K !== 0) throw new SeqgradError("value", `${op}: ${N} heads cannot share ${K} keyValueHeads evenly; give a divisor of ${N}.`);
  const even = (heads: number) => `a last dimension that ${heads} heads share evenly`;
  if (D % 1 !== 0) throw qkv ? misfit("qkv", qkv, even(N + 2 * K)) : misfit("q", q, even(N));
  if (E % 1 !== 0) throw misfit("v", v, even(K));
  if (!qkv) {
    const shapes = apart ? { q: [B, N, T, D], k: [B, K, S, D], v: [B, K, S, E] } : { q: q.shape, k: [B, S, K * D], v: [B, S, K * E] };
    for (const name of ["q", "k", "v"] as const) {
      const [x, shape] = [{ q, k, v }[name], shapes[name]];
      if (!sameShape(x.shape, shape)) throw misfit(name, x, `${formatShape(shape)} for q ${formatShape(q.shape)}`);
    }
  }
  checkMasks(op, inputs, [B, N, T, S], "[B, N, T, S]");
  if (lengths) {
    if (lengths.rank !== 1 || lengths.size !== B) throw misfit("lengths", lengths, `[${B}], a number for each row of the batch`);
    if (lengths.dtype !== "int32") throw new SeqgradError("dtype", `${op}: lengths are ${lengths.dtype}; expected int32.`);
  }
  return size;
}

/** x with its heads apart: [B, T, heads of D] as [B, heads, T, D]. */
function split(x: Tensor, heads: number): Tensor {
  if (x.rank === 4) return x;
  const [B, T, width] = dimsOf(x.shape, 3);
  return permute(reshape(x, [B, T, heads, width / heads]), [0, 2, 1, 3]);
}

/** Heads of keys or values repeated for each head of queries that reads them. */
function repeat(x: Tensor, heads: number): Tensor {
  const [B, K, S, D] = dimsOf(x.shape, 4);
  return K === heads ? x : reshape(expand(reshape(x, [B, K, 1, S, D]), [B, K, heads / K, S, D]), [B, heads, S, D]);
}

/** The weights [B, N, T, S] of queries and keys with their heads apart, before dropout. */
function weigh(q: Tensor, k: Tensor, inputs: Operands, { B, N, T, S, D }: Sizes, attrs: Attrs): Tensor {
  const { op, causal, offset, scale = 1 / Math.sqrt(D) } = attrs;
  const { lengths } = inputs;
  if (lengths) checkLengths(op, lengths, 0, S);
  let scores = maskedScores(affine(matmul(q, transpose(repeat(k, N))), scale), inputs);
  const keys = counting(q, S);
  if (causal) scores = where(lessEqual(keys, unsqueeze(counting(q, T, offset), { axis: 1 })), scores, Number.NEGATIVE_INFINITY);
  if (lengths) scores = where(less(keys, reshape(lengths, [B, 1, 1, 1])), scores, Number.NEGATIVE_INFINITY);
  return softmaxOfVisible(scores);
}

/** The parts of a composition: the weights as they are applied, and the values they came from. */
function weights(inputs: Operands, attrs: Attrs) {
  const size = checkedSizes(inputs, attrs);
  const { N, K, D } = size;
  const { qkv } = inputs;
  const part = (x: Tensor, start: number, heads: number) => slice(x, { axis: 2, start: start * D, end: (start + heads) * D });
  const { q, k, v } = qkv ? { q: part(qkv, 0, N), k: part(qkv, N, K), v: part(qkv, N + K, K) } : triple(inputs);
  const w = weigh(split(q, N), split(k, K), inputs, size, attrs);
  return { w: attrs.p > 0 ? dropoutFrom(w, attrs) : w, v, size };
}

/** Output and weights, in primitives. */
function composed(inputs: Operands, attrs: Attrs): { output: Tensor; weights: Tensor } {
  const { w, v, size } = weights(inputs, attrs);
  const { B, N, K, T, E } = size;
  const y = matmul(w, repeat(split(v, K), N));
  return { output: attrs.apart ? y : reshape(permute(y, [0, 2, 1, 3]), [B, T, N * E]), weights: w };
}

/** The inputs as the kernels read them: lengths one after another, mask and bias by their strides, all else as `rows` makes it. */
const readable = ({ q, k, v, qkv, mask, bias, lengths }: Held, rows: (x: InternalTensor) => InternalTensor): Held => {
  const shown = { mask, bias, lengths: lengths && contiguous(lengths) };
  return qkv ? { qkv: rows(qkv), ...shown } : { q: q && rows(q), k: k && rows(k), v: v && rows(v), ...shown };
};

/** The places at which queries, keys and values, or their gradients, begin: heads side by side if one tensor, `qkv`, holds them all. */
function placesOf<X>(qkv: InternalTensor | undefined, { q, k, v }: { readonly [name in "q" | "k" | "v"]: X }, { N, K, D }: Sizes) {
  const part = (x: X, heads: number) => (qkv ? qkv.address + heads * D * 4 : x);
  return { q: part(q, 0), k: part(k, N), v: part(v, N + K) };
}

/** The arguments that both kernels have. */
function argumentsOf(inputs: Held, y: InternalTensor, attrs: Attrs) {
  const size = sizesOf(inputs, attrs);
  const { B, N, T, S, D, E } = size;
  const { causal, offset, scale = 1 / Math.sqrt(D), p, apart, key0, key1, counter0, counter1 } = attrs;
  const { lengths } = inputs;
  const { q, k, v } = triple(inputs);
  const starts = placesOf(inputs.qkv, { q, k, v }, size);
  const stridesOf = ({ strides }: InternalTensor, width: number) => {
    const [batch, second, third] = dimsOf(strides, 3);
    return apart ? ([batch, second, third] as const) : ([batch, width, second] as const);
  };
  const [qB, qN, qT] = stridesOf(q, D);
  const [kB, kN, kS] = stridesOf(k, D);
  const [vB, vN, vS] = stridesOf(v, E);
  const [yB, yN, yT] = stridesOf(y, E);
  const added = asBias(inputs);
  const bias = added && internal(added);
  const [bB, bN, bT, bS] = dimsOf(bias ? broadcastStrides(bias.shape, bias.strides, [B, N, T, S]) : [0, 0, 0, 0], 4);
  const strides = { qB, qN, qT, kB, kN, kS, vB, vN, vS, yB, yN, yT, bB, bN, bT, bS };
  const settings = { causal: Number(causal), offset: Math.min(offset, S), key0, key1, counter0, counter1, scale, p, growth: growthOf(p) };
  return { bias, lengths, y, ...starts, ...size, ...strides, ...settings };
}

/** A sample of sizes [B, N, K, T, S, D, E], of the inputs in the list. */
function sample([B, heads, keyValueHeads, T, S, D, E]: Seven, list: string, changes: Partial<Attrs> = {}) {
  const { apart = false } = changes;
  const shape = (n: number, rows: number, width: number) => (apart ? [B, n, rows, width] : [B, rows, n * width]);
  const all: Readonly<Record<string, SampleInput>> = {
    q: shape(heads, T, D),
    k: shape(keyValueHeads, S, D),
    v: shape(keyValueHeads, S, E),
    qkv: [B, T, (heads + 2 * keyValueHeads) * D],
    mask: { shape: [T, S], below: 2 },
    bias: { shape: [heads, T, S], from: -2, to: 2, constant: true },
    lengths: { shape: [B], below: S + 1 },
  };
  const plain = { op: "attention", apart, heads, keyValueHeads, causal: false, offset: 0, scale: undefined, p: 0 };
  return {
    inputs: Object.fromEntries(list.split(" ").map((name) => [name, all[name] ?? []])),
    attrs: { ...plain, key0: 0, key1: 0, counter0: 0, counter1: 0, ...changes },
  };
}

type Seven = readonly [number, number, number, number, number, number, number];

const attentionOp = defineOp({
  name: "attention",
  optional: attentionInputs,
  inputs: [],
  saves: ["largest", "total"],
  kernels: ["attentionForward", "attentionBackward"],
  strided: true,
  shape(inputs, attrs: Attrs) {
    const { B, N, T, E } = checkedSizes(inputs, attrs);
    return { y: attrs.apart ? [B, N, T, E] : [B, T, N * E], largest: [B, N, T], total: [B, N, T] };
  },
  compose: (inputs, attrs) => ({ y: composed(inputs, attrs).output }),
  forward(run, inputs, { y, largest, total }, attrs) {
    const call = argumentsOf(
      readable(inputs, (x) => (x.strides.at(-1) === 1 ? x : contiguous(x))),
      y,
      attrs,
    );
    run("attentionForward", { largest, total, begin: 0, end: call.B * call.N, ...call });
  },
  backward({ run, inputs, outputs: { y, largest, total }, dOutputs: { y: dy }, attrs, gradientLike }) {
    // Gradients are contiguous, and lie as what they are of.
    const call = argumentsOf(readable(inputs, contiguous), y, attrs);
    const gradients = { q: gradientLike("q"), k: gradientLike("k"), v: gradientLike("v"), qkv: gradientLike("qkv") };
    const { q: dq, k: dk, v: dv } = placesOf(gradients.qkv, gradients, call);
    run("attentionBackward", { largest, total, dy, dq, dk, dv, begin: 0, end: call.B * call.K, ...call });
    return gradients;
  },
});
addSamples(attentionOp, () => [
  sample([1, 1, 1, 1, 1, 1, 1], "q k v"),
  sample([2, 4, 2, 5, 7, 4, 6], "q k v lengths", { causal: true, offset: 2 }),
  sample([1, 2, 1, 26, 26, 8, 8], "qkv", { causal: true, p: 0.2, key0: 3, counter0: 9 }),
  sample([3, 2, 2, 3, 9, 5, 3], "q k v mask lengths", { apart: true, scale: 0.5 }),
  sample([2, 2, 1, 6, 11, 4, 3], "q k v bias lengths", { p: 0.3, key0: 5 }),
  sample([1, 2, 2, 50, 130, 33, 17], "q k v mask"),
  sample([2, 2, 1, 5, 9, 4, 4], "q k v mask bias lengths", { causal: true, offset: 4 }),
  sample([1, 4, 4, 1, 70, 16, 16], "q k v", { causal: true, offset: 69 }),
  sample([2, 4, 4, 64, 64, 16, 16], "qkv", { causal: true }),
]);

/** Checks the options, and makes what they and the inputs say together. */
function prepare(
  op: string,
  operands: Operands,
  options: AttentionOptions = {} as AttentionOptions,
  apart = false,
): { inputs: Operands; attrs: Attrs } {
  checkOptions(op, options, attentionNames);
  const { heads, keyValueHeads = heads, causal = false, offset = 0, lengths, mask, bias, scale, dropout = 0, training = true } = options;
  checkInteger(op, "heads", heads, 1);
  checkInteger(op, "keyValueHeads", keyValueHeads, 1);
  checkInteger(op, "offset", offset);
  if (offset > 0 && !causal) throw new SeqgradError("value", `${op}: an offset of ${offset} means nothing without causal: true.`);
  if (scale !== undefined) checkFinite(op, "scale", scale);
  checkBoolean(op, "causal", causal);
  checkBoolean(op, "training", training);
  checkInterval(op, "dropout", dropout, 0, 1);
  const inputs = { mask, bias, lengths, ...operands };
  const there = Object.entries(inputs).filter(([name, x]) => name in operands || x !== undefined);
  checkTensors(
    op,
    there.map(([, x]) => x),
    there.map(([name]) => name),
  );
  const p = training ? dropout : 0;
  const settings = { op, apart, heads, keyValueHeads, causal, offset, scale, p };
  const attrs = { key0: 0, key1: 0, counter0: 0, counter1: 0, ...settings };
  if (p === 0) return { inputs, attrs };
  const { B, N, T, S } = checkedSizes(inputs, attrs);
  return { inputs, attrs: { ...settings, ...drawRandom(B * N * T * S) } };
}

function attend(op: string, operands: Operands, options: AttentionOptions, apart = false): Tensor {
  const { inputs, attrs } = prepare(op, operands, options, apart);
  const { bias } = inputs;
  // No kernel gives the gradient of a bias.
  return bias && isRecording([bias]) ? composed(inputs, attrs).output : attentionOp(inputs, attrs).y;
}

/**
 * Attends with N heads: each query gets the mean of the values that it sees, weighted by how well their keys fit it.
 *
 * y_t = sum_s w_ts v_s, w_t = softmax_s(scale q_t . k_s + bias_ts) over the keys that query t sees, for every head. A key is hidden where
 * the mask is 0, whatever its type, where the bias is -Infinity, by `causal` and behind `lengths`. No `[T, S]` matrix is stored, unless the
 * bias needs a gradient. A query that sees no key gives 0.
 *
 * @param q `[B, T, N D]`, float32, heads side by side, as a projection leaves them
 * @param k `[B, S, K D]`, float32; head n of the queries reads head floor(n K / N)
 * @param v `[B, S, K E]`, float32
 * @param options heads, visible keys and dropout: see AttentionOptions
 * @returns `[B, T, N E]`
 * @throws SeqgradError `shape`, `dtype` also for a bias of int32, `value` for heads that cannot share the width, `range` for a length outside 0..S or a dropout
 *   outside [0, 1]
 * @see Vaswani et al. 2017, "Attention Is All You Need"; Rabe and Staats 2021 and Dao et al. 2022 for the memory
 * @example
 * const [q, k, v] = [sg.randn([2, 5, 32]), sg.randn([2, 7, 16]), sg.randn([2, 7, 16])];
 * sg.attention(q, k, v, { heads: 4, keyValueHeads: 2 }).shape; // = [2, 5, 32]
 * const even = sg.tensor([1, 0, 1, 0, 1, 0, 1]); // every second key is hidden
 * sg.attention(q, k, v, { heads: 4, keyValueHeads: 2, mask: even, bias: sg.randn([4, 5, 7]) }).shape; // = [2, 5, 32]
 */
export const attention = (q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Tensor => attend("attention", { q, k, v }, options);

/**
 * Attends as attention() does, to queries, keys and values side by side in one tensor, as one projection makes them.
 *
 * @param qkv `[B, T, (N + 2 K) D]`, float32: N heads of queries, then K of keys, then K of values
 * @param options heads, visible keys and dropout: see AttentionOptions
 * @returns `[B, T, N D]`
 * @throws SeqgradError `shape`, `dtype`, `value` for heads that cannot share the width, `range` for a length outside 0..T or a dropout
 *   outside [0, 1]
 * @example
 * sg.selfAttention(sg.randn([2, 5, 3 * 32]), { heads: 4, causal: true }).shape; // = [2, 5, 32]
 */
export const selfAttention = (qkv: Tensor, options: AttentionOptions): Tensor => attend("selfAttention", { qkv }, options);

/**
 * Attends as attention() does, with heads in a dimension of their own; without that dimension there is one head.
 *
 * @param q `[B, N, T, D]` or `[B, T, D]`, float32
 * @param k `[B, K, S, D]` or `[B, S, D]`, float32
 * @param v `[B, K, S, E]` or `[B, S, E]`, float32
 * @param options visible keys, scale and dropout: see ScaledDotProductOptions
 * @returns `[B, N, T, E]` or `[B, T, E]`
 * @throws SeqgradError `shape`, `dtype`, `value` for heads that cannot share the width, `range` for a length outside 0..S or a dropout
 *   outside [0, 1]
 * @see PyTorch's scaled_dot_product_attention
 * @example
 * const x = sg.tensor([1, 0, 0, 1], [1, 2, 2]); // the average of what came so far
 * sg.scaledDotProductAttention(x, x, x, { scale: 0, causal: true }); // = [[[1, 0], [0.5, 0.5]]]
 */
export function scaledDotProductAttention(q: Tensor, k: Tensor, v: Tensor, options: ScaledDotProductOptions = {}): Tensor {
  checkOptions("scaledDotProductAttention", options, scaledDotProductNames);
  const apart = q?.rank === 4;
  const heads = apart ? nth(q.shape, 1) : 1;
  const keyValueHeads = k?.rank === 4 ? nth(k.shape, 1) : heads;
  return attend("scaledDotProductAttention", { q, k, v }, { ...options, heads, keyValueHeads }, apart);
}

/**
 * Returns the weights of attention(), stored whole, before dropout; a gradient flows through them.
 *
 * @param q `[B, T, N D]`, float32
 * @param k `[B, S, K D]`, float32
 * @param options heads and visible keys: see ScoreOptions and Heads
 * @returns `[B, N, T, S]`; each row adds up to 1, or is 0 where it sees no key
 * @throws SeqgradError `shape`, `dtype`, `value` for heads that cannot share the width, `range` for a length outside 0..S
 * @example
 * const q = sg.randn([1, 3, 4]);
 * sg.select(sg.attentionWeights(q, q, { heads: 1, causal: true }), 0, { axis: 2 }); // = [[[1, 0, 0]]]
 */
export function attentionWeights(q: Tensor, k: Tensor, options: ScoreOptions & Heads): Tensor {
  const { inputs, attrs } = prepare("attentionWeights", { q, k }, { ...options, dropout: 0 });
  return weights(inputs, attrs).w;
}

/**
 * Attends as attention() does, and returns the weights too, stored whole, after dropout; gradients flow through both.
 *
 * @param q `[B, T, N D]`, float32
 * @param k `[B, S, K D]`, float32
 * @param v `[B, S, K E]`, float32
 * @param options heads, visible keys and dropout: see AttentionOptions
 * @returns output `[B, T, N E]` and weights `[B, N, T, S]`
 * @throws SeqgradError `shape`, `dtype`, `value` for heads that cannot share the width, `range` for a length outside 0..S or a dropout
 *   outside [0, 1]
 * @example
 * const x = sg.randn([2, 5, 32]);
 * const { output, weights } = sg.attentionWithWeights(x, x, x, { heads: 4 });
 */
export function attentionWithWeights(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): { output: Tensor; weights: Tensor } {
  const { inputs, attrs } = prepare("attentionWithWeights", { q, k, v }, options);
  return composed(inputs, attrs);
}
