import { reduceOps } from "../backend/kernels.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions } from "../util/options.js";
import { type Shape, sameShape } from "../util/shape.js";
import { alignmentWeights, type VisibleKeys, visibleNames, windowOf } from "./alignment.js";
import { attend } from "./attend.js";
import { add } from "./binary.js";
import { checkTensors, defineOp, type Sample, type SampleInput } from "./define-op.js";
import { matmul } from "./matmul.js";
import { byName, gradients, type Named, present } from "./recurrent.js";
import { tanh } from "./unary.js";
import { unsqueeze } from "./views.js";

interface Attrs {
  /** The names of the inputs, in their order. */
  readonly names: readonly string[];
  /** 0: none. */
  readonly window: number;
  readonly start: number;
}

function sizes({ q, k }: Named) {
  const [B, T, A] = q!.shape as [number, number, number];
  return { B, T, A, S: k!.shape[1]! };
}

const shapes = ({ B, T, S, A }: ReturnType<typeof sizes>): Readonly<Record<string, Shape>> => ({
  ...{ q: [B, T, A], k: [B, S, A], v: [A], lengths: [B], positions: [B, T] },
});

/** Lengths and positions have been checked. */
function checkFactors(named: Named): void {
  const wanted = shapes(sizes(named));
  const forms = { q: "[B, T, A]", k: "[B, S, A]", v: "[A]" };
  for (const [name, form] of Object.entries(forms)) {
    const { shape, size, dtype } = named[name]!;
    if (!sameShape(shape, wanted[name]!) || size === 0) {
      const beside = `q ${formatShape(named.q!.shape)} as [B, T, A] and k ${formatShape(named.k!.shape)} as [B, S, A], not empty`;
      throw new SeqgradError("shape", `additiveAttention: ${name} has shape ${formatShape(shape)}; expected ${form}, with ${beside}.`);
    }
    if (dtype !== "float32") throw new SeqgradError("dtype", `additiveAttention: ${name} is ${dtype}; expected float32.`);
  }
}

function sample([B, T, S, A]: readonly [number, number, number, number], more = "", window = 0, start = 0): Sample<Attrs> {
  const names = `q k v${more}`.split(" ");
  const all = shapes({ B, T, S, A });
  const inputs = names.map((name): SampleInput => {
    const shape = all[name]!;
    return name.length > 1 ? { shape, below: S + 1 } : shape;
  });
  return { inputs, attrs: { names, window, start } };
}

const weightsOp = defineOp<Attrs>({
  name: "additiveAttention",
  kernels: ["additiveAttentionForward", "additiveAttentionBackward"],
  shape(inputs, { names }) {
    const named = byName(names, inputs);
    checkFactors(named);
    const { B, T, S } = sizes(named);
    return [[B, T, S]];
  },
  compose(inputs, { names, window, start }) {
    const { q, k, v, lengths, positions } = byName(names, inputs);
    const scores = matmul(tanh(add(unsqueeze(q!, 2), unsqueeze(k!, 1))), v!);
    return [alignmentWeights("additiveAttention", scores, { lengths, window: window || undefined, positions: positions ?? start })];
  },
  forward(run, inputs, [weights], { names, window, start }) {
    const named = byName(names, inputs);
    const { q, k, v, lengths, positions } = named;
    const { B, ...rest } = sizes(named);
    const dims = { B, ...rest, window, start, begin: 0, end: B };
    run("additiveAttentionForward", { q: q!, k: k!, v: v!, lengths, positions, weights: weights!, ...dims });
  },
  backward(context) {
    const { run, inputs, attrs, needs } = context;
    const { names, window, start } = attrs;
    const named = byName(names, inputs);
    const { q, k, v, lengths, positions } = named;
    const { B, T, S, A } = sizes(named);
    const { fresh, into } = gradients(names, context);
    const scratch = (...shape: number[]) => empty(q!.backend, shape);
    const dq = fresh("q") ?? scratch(B, T, A);
    // A decoder adds to it at every step.
    const dk = into("k") ?? scratch(B, S, A);
    const parts = scratch(B, A);
    const buffers = { q: q!, k: k!, v: v!, lengths, positions, weights: context.outputs[0]!, dWeights: context.dOutputs[0]! };
    run("additiveAttentionBackward", { ...buffers, dq, dk, dv: parts, B, T, S, A, window, start, begin: 0, end: B });
    const dv = fresh("v");
    if (dv) run("reduce", { x: parts, y: dv, op: reduceOps.indexOf("sum"), outer: 1, n: B, inner: A });
    return [needs(0) ? dq : undefined, undefined, dv];
  },
  samples: [
    sample([1, 1, 1, 1]),
    sample([2, 3, 5, 7], " lengths"),
    sample([3, 1, 6, 8], " lengths", 3, 2),
    sample([2, 4, 9, 5], " lengths positions", 4),
    sample([2, 5, 7, 6], "", 3),
    sample([4, 8, 33, 64]),
  ],
});

/**
 * Additive attention (Bahdanau, Cho and Bengio 2015): which keys j a query i attends to, and the mean of their values,
 * e_ij = v . tanh(q_i + k_j), weights_ij = softmax_j(e_ij), context_i = sum_j weights_ij values_j. The tensor of all tanh is never stored:
 * backward computes them again.
 *
 * @param q `[B, T, A]`, the projected queries W s_i
 * @param k `[B, S, A]`, the projected keys U h_j
 * @param v `[A]`
 * @param values `[B, S, E]`
 * @returns context `[B, T, E]` and weights `[B, T, S]`, 0 for what a query does not see; both have gradients
 * @throws SeqgradError `shape`, `dtype`, `range` for a length outside 0..S, a window below 1 or a negative first position
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
  const { names, tensors } = present({ q, k, v, lengths, positions });
  const weights = weightsOp(tensors, { names, window, start })[0]!;
  return { context: attend(weights, values), weights };
}
