import { reduceOps } from "../backend/kernels.js";
import { empty } from "../tensor/memory.js";
import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions } from "../util/options.js";
import { dimsOf, sameShape } from "../util/shape.js";
import { alignmentWeights, hasMasks, type VisibleKeys, visibleNames, windowOf } from "./alignment.js";
import { attend } from "./attend.js";
import { add } from "./binary.js";
import { addSamples, checkTensors, defineOp, type Inputs } from "./define-op.js";
import type { Masks } from "./masks.js";
import { matmul } from "./matmul.js";
import { tanh } from "./unary.js";
import { unsqueeze } from "./views.js";

interface Attrs {
  /** 0: none. */
  readonly window: number;
  readonly start: number;
}

type Given = Inputs<"q" | "k" | "v", "lengths" | "positions">;

function sizesOf({ q, k }: Given) {
  const [B, T, A] = dimsOf(q.shape, 3);
  const [, S] = dimsOf(k.shape, 3);
  return { B, T, S, A };
}

const shapes = ({ B, T, S, A }: ReturnType<typeof sizesOf>) => ({
  ...{ q: [B, T, A], k: [B, S, A], v: [A], lengths: [B], positions: [B, T] },
});

/** Lengths and positions have been checked. */
function checkFactors(inputs: Given): void {
  const expected = shapes(sizesOf(inputs));
  const forms = { q: "[B, T, A]", k: "[B, S, A]", v: "[A]" };
  for (const name of ["q", "k", "v"] as const) {
    const { shape, size, dtype } = inputs[name];
    if (!sameShape(shape, expected[name]) || size === 0) {
      const sizes = `q ${formatShape(inputs.q.shape)} as [B, T, A] and k ${formatShape(inputs.k.shape)} as [B, S, A], not empty`;
      throw new SeqgradError(
        "shape",
        `additiveAttention: ${name} has shape ${formatShape(shape)}; expected ${forms[name]}, with ${sizes}.`,
      );
    }
    if (dtype !== "float32") throw new SeqgradError("dtype", `additiveAttention: ${name} is ${dtype}; expected float32.`);
  }
}

type Four = readonly [B: number, T: number, S: number, A: number];

function sample([B, T, S, A]: Four, more: readonly ("lengths" | "positions")[] = [], window = 0, start = 0) {
  const { q, k, v, ...others } = shapes({ B, T, S, A });
  const integers = more.map((name) => [name, { shape: others[name], below: S + 1 }] as const);
  return { inputs: { q, k, v, ...Object.fromEntries(integers) }, attrs: { window, start } };
}

/** The weights in primitives: the oracle, and what runs where a mask or a bias is given, which the kernels do not read. */
function composed({ q, k, v, lengths, positions }: Given, { window, start }: Attrs, masks: Masks): Tensor {
  const scores = matmul(tanh(add(unsqueeze(q, { axis: 2 }), unsqueeze(k, { axis: 1 }))), v);
  const keys = { lengths, window: window || undefined, positions: positions ?? start, ...masks };
  return alignmentWeights("additiveAttention", scores, keys);
}

const weightsOp = defineOp({
  name: "additiveAttention",
  inputs: ["q", "k", "v"],
  optional: ["lengths", "positions"],
  kernels: ["additiveAttentionForward", "additiveAttentionBackward"],
  shape(inputs) {
    checkFactors(inputs);
    const { B, T, S } = sizesOf(inputs);
    return { weights: [B, T, S] };
  },
  compose: (inputs, attrs: Attrs) => ({ weights: composed(inputs, attrs, {}) }),
  forward(run, inputs, { weights }, { window, start }) {
    const { B, T, S, A } = sizesOf(inputs);
    run("additiveAttentionForward", { weights, B, T, S, A, window, start, begin: 0, end: B, ...inputs });
  },
  backward({ run, inputs, outputs, dOutputs, attrs, needs, accumulator, gradientLike }) {
    const { B, T, S, A } = sizesOf(inputs);
    const scratch = (...shape: number[]) => empty(inputs.q.backend, shape);
    const dq = gradientLike("q") ?? scratch(B, T, A);
    // A decoder adds to it at every step.
    const dk = accumulator("k") ?? scratch(B, S, A);
    const parts = scratch(B, A);
    const buffers = { weights: outputs.weights, dWeights: dOutputs.weights, dq, dk, dv: parts };
    run("additiveAttentionBackward", { B, T, S, A, begin: 0, end: B, ...buffers, ...inputs, ...attrs });
    const dv = gradientLike("v");
    if (dv) run("reduce", { x: parts, y: dv, op: reduceOps.indexOf("sum"), outer: 1, n: B, inner: A });
    return { q: needs("q") ? dq : undefined, v: dv };
  },
});
addSamples(weightsOp, () => [
  sample([1, 1, 1, 1]),
  sample([2, 3, 5, 7], ["lengths"]),
  sample([3, 1, 6, 8], ["lengths"], 3, 2),
  sample([2, 4, 9, 5], ["lengths", "positions"], 4),
  sample([2, 5, 7, 6], [], 3),
  sample([4, 8, 33, 64]),
]);

/**
 * Scores each key by a small network of the query and the key, and averages the values by these scores.
 *
 * e_ij = v . tanh(q_i + k_j), weights_ij = softmax_j(e_ij), context_i = sum_j weights_ij values_j. The tensor of all tanh is never stored:
 * backward computes it again; with a mask or a bias it is.
 *
 * @param q `[B, T, A]`, float32, the projected queries W s_i
 * @param k `[B, S, A]`, float32, the projected keys U h_j
 * @param v `[A]`, float32
 * @param values `[B, S, E]`, float32
 * @param keys the visible keys: see VisibleKeys; all by default
 * @returns context `[B, T, E]` and weights `[B, T, S]`, 0 for hidden keys; both have gradients
 * @throws SeqgradError `shape`, `dtype`, `range` for a length outside 0..S, a window below 1 or a negative first position
 * @see Bahdanau, Cho and Bengio 2015, "Neural Machine Translation by Jointly Learning to Align and Translate"
 * @example
 * const [q, k, values] = [sg.zeros([1, 1, 2]), sg.zeros([1, 3, 2]), sg.tensor([1, 2, 6], [1, 3, 1])];
 * const { context, weights } = sg.additiveAttention(q, k, sg.ones([2]), values, { window: 3 });
 * weights; // = [[[0.5, 0.5, 0]]]
 * context; // = [[[1.5]]]
 */
export function additiveAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  values: Tensor,
  keys: VisibleKeys = {},
): { context: Tensor; weights: Tensor } {
  checkOptions("additiveAttention", keys, visibleNames);
  checkTensors("additiveAttention", [q, k, v, values], ["q", "k", "v", "values"]);
  const { window, start, lengths, positions } = windowOf("additiveAttention", q.shape, keys);
  const inputs = { q, k, v, lengths, positions };
  checkFactors(inputs);
  const { B, T, S } = sizesOf(inputs);
  const isMasked = hasMasks("additiveAttention", [B, T, S], keys);
  const { mask, bias } = keys;
  const weights = isMasked ? composed(inputs, { window, start }, { mask, bias }) : weightsOp(inputs, { window, start }).weights;
  return { context: attend(weights, values), weights };
}
