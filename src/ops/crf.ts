import type { InternalTensor } from "../tensor/internal.js";
import { empty } from "../tensor/memory.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkObject } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { dimsOf, sameShape } from "../util/shape.js";
import { counting } from "./alignment.js";
import { add, less, sub } from "./binary.js";
import { type LossOptions, reduceLoss, reductionOf } from "./cross-entropy.js";
import { checkRows } from "./ctc.js";
import { addSamples, checkTensors, constant, defineOp, type Handles, outOfRange } from "./define-op.js";
import { indexSelect, pick } from "./gather.js";
import { logSumExp } from "./log-sum-exp.js";
import { sum } from "./reduce.js";
import { toFloat } from "./unary.js";
import { reshape, select, slice, unsqueeze } from "./views.js";
import { where } from "./where.js";

interface Attrs {
  /** The tags of each row; as many as it has steps. */
  readonly tags: readonly ArrayLike<number>[];
}

/** Tags as int32 [B, T], filled up with 0, and lengths int32 [B]. */
function placed(like: Tensor, T: number, tags: Attrs["tags"]): { tags: InternalTensor; lengths: InternalTensor } {
  const padded = new Int32Array(tags.length * T);
  for (const [b, row] of tags.entries()) padded.set(row, b * T);
  const lengths = Int32Array.from(tags, (row) => row.length);
  return { tags: constant(like, padded, [tags.length, T]), lengths: constant(like, lengths, [tags.length]) };
}

/** The arguments that both kernels have. */
function argumentsOf(inputs: Handles<"emissions" | "transitions" | "starts" | "ends">, attrs: Attrs) {
  const [B, T, K] = dimsOf(inputs.emissions.shape, 3);
  return { B, T, K, ...inputs, ...placed(inputs.emissions, T, attrs.tags) };
}

const sample = (B: number, T: number, K: number, tags: number[][]) => ({
  inputs: { emissions: [B, T, K], transitions: [K, K], starts: [K], ends: [K] },
  attrs: { tags },
});

const crfOp = defineOp({
  name: "crfLoss",
  inputs: ["emissions", "transitions", "starts", "ends"],
  kernels: ["crfForward", "crfBackward"],
  shape({ emissions, ...scores }, { tags }: Attrs) {
    const [B, T, K] = dimsOf(emissions.shape, 3);
    if (emissions.rank !== 3 || B === 0 || T === 0 || K === 0)
      throw new SeqgradError("shape", `crfLoss: emissions have shape ${formatShape(emissions.shape)}; expected [B, T, K], none of them 0.`);
    const expected = { transitions: [K, K], starts: [K], ends: [K] };
    for (const name of ["transitions", "starts", "ends"] as const) {
      const { shape } = scores[name];
      if (!sameShape(shape, expected[name]))
        throw new SeqgradError(
          "shape",
          `crfLoss: ${name} has shape ${formatShape(shape)}; expected ${formatShape(expected[name])} for ${K} tags.`,
        );
    }
    if (tags.length !== B) throw new SeqgradError("shape", `crfLoss: tags of ${tags.length} rows for emissions of ${B}.`);
    for (const [b, row] of tags.entries()) {
      if (row.length < 1 || row.length > T) throw outOfRange("crfLoss", `the number of tags of row ${b}`, row.length, 1, T);
      const bad = Array.from(row).findIndex((tag) => !(Number.isInteger(tag) && tag >= 0 && tag < K));
      if (bad >= 0) throw outOfRange("crfLoss", `tags[${b}][${bad}]`, row[bad], 0, K - 1);
    }
    return { loss: [B] };
  },
  compose({ emissions, transitions, starts, ends }, attrs) {
    const [B, T, K] = dimsOf(emissions.shape, 3);
    const { tags, lengths } = placed(emissions, T, attrs.tags);
    let alpha = add(starts, select(emissions, 0, { axis: 1 }));
    for (let t = 1; t < T; t++) {
      // [B, K, 1] + [K, K]
      const next = add(logSumExp(add(unsqueeze(alpha, { axis: 2 }), transitions), { axis: 1 }), select(emissions, t, { axis: 1 }));
      alpha = where(unsqueeze(less(t, lengths), { axis: 1 }), next, alpha);
    }
    const rows = attrs.tags.map((row) => Array.from(row));
    const ids = (numbers: (number | undefined)[]) =>
      constant(
        emissions,
        Int32Array.from(numbers, (id) => id ?? 0),
        [numbers.length],
      );
    const valid = less(counting(emissions, T), unsqueeze(lengths, { axis: 1 }));
    let score = add(
      sum(where(valid, pick(emissions, tags), 0), { axis: 1 }),
      add(indexSelect(starts, ids(rows.map((row) => row[0]))), indexSelect(ends, ids(rows.map((row) => row.at(-1))))),
    );
    if (T > 1) {
      const pairs = rows.flatMap((row) => Array.from({ length: T - 1 }, (_, t) => (row[t] ?? 0) * K + (row[t + 1] ?? 0)));
      const moves = reshape(indexSelect(reshape(transitions, [K * K]), ids(pairs)), [B, T - 1]);
      score = add(score, sum(where(slice(valid, { axis: 1, start: 1 }), moves, 0), { axis: 1 }));
    }
    return { loss: sub(logSumExp(add(alpha, ends), { axis: 1 }), score) };
  },
  forward(run, inputs, { loss }, attrs) {
    const call = argumentsOf(inputs, attrs);
    run("crfForward", { loss, begin: 0, end: call.B, ...call });
  },
  backward({ run, inputs, dOutputs: { loss: dLoss }, attrs, accumulator }) {
    const { emissions } = inputs;
    const dEmissions = empty(emissions.backend, emissions.shape);
    const into = { dTransitions: accumulator("transitions"), dStarts: accumulator("starts"), dEnds: accumulator("ends") };
    run("crfBackward", { dLoss, dEmissions, ...into, ...argumentsOf(inputs, attrs) });
    return { emissions: dEmissions };
  },
});
addSamples(crfOp, () => [
  sample(2, 2, 2, [[0], [1, 1]]),
  sample(1, 3, 2, [[1, 0, 1]]),
  sample(3, 5, 4, [[3, 3, 0, 1, 2], [2], [0, 1, 1]]),
  sample(4, 9, 13, [
    [12, 0, 5, 5, 5, 1, 2, 3, 4],
    [7, 8, 9],
    [1, 1, 1, 1, 1, 1],
    [0, 12],
  ]),
]);

export interface CrfScores {
  /** `[K, K]`: the score of tag j after tag i. */
  readonly transitions: Tensor;
  /** `[K]`: the score of each tag as the first. */
  readonly starts: Tensor;
  /** `[K]`: the score of each tag as the last. */
  readonly ends: Tensor;
}

/**
 * Returns the negative log-likelihood of tag sequences in a conditional random field over a chain.
 *
 * loss = ln sum_y e^score(y) - score(tags), score(y) = starts[y_1] + sum_t emissions[t, y_t] + sum_t transitions[y_{t-1}, y_t] + ends[y_n].
 * On WebAssembly one kernel runs the forward algorithm over all steps; on other devices it is composed of primitives.
 *
 * @param emissions `[B, T, K]`, float32, the score of each tag at each step
 * @param tags the tags of each row, whole numbers in 0..K-1, as many as the row has steps: 1 to T
 * @param scores the tables, as an nn.CRF has them
 * @param options `reduction`: see LossOptions
 * @returns the mean over the rows, in nats; with the reduction `none` `[B]`
 * @throws SeqgradError `shape`, `range` for a tag outside 0..K-1
 * @see Lafferty, McCallum and Pereira 2001, "Conditional Random Fields"
 * @example
 * const scores = { transitions: sg.zeros([3, 3]), starts: sg.zeros([3]), ends: sg.zeros([3]) };
 * sg.crfLoss(sg.zeros([1, 2, 3]), [[0, 2]], scores); // = 2 * Math.log(3)
 */
export function crfLoss(emissions: Tensor, tags: readonly ArrayLike<number>[], scores: CrfScores, options: LossOptions = {}): Tensor {
  const reduction = reductionOf("crfLoss", options);
  checkRows("crfLoss", "tags", tags);
  const { transitions, starts, ends } = checkObject(
    "crfLoss",
    "the scores",
    scores,
    "{ transitions, starts, ends }, as an nn.CRF has them",
  );
  checkTensors("crfLoss", [emissions, transitions, starts, ends], ["emissions", "transitions", "starts", "ends"]);
  const inputs = { emissions: toFloat(emissions), transitions: toFloat(transitions), starts: toFloat(starts), ends: toFloat(ends) };
  return reduceLoss(crfOp(inputs, { tags }).loss, reduction);
}
