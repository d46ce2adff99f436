import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkList, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { maxOf } from "../util/numbers.js";
import { namesOf } from "../util/options.js";
import { dimsOf } from "../util/shape.js";
import { add, div, less } from "./binary.js";
import { concat } from "./copy.js";
import { type LossOptions, reduceLoss, reductionOf } from "./cross-entropy.js";
import { addSamples, constant, defineOp, outOfRange } from "./define-op.js";
import { gather } from "./gather.js";
import { logSumExp } from "./log-sum-exp.js";
import { mean } from "./reduce.js";
import { neg, toFloat } from "./unary.js";
import { select, slice, stack } from "./views.js";
import { where } from "./where.js";

interface Attrs {
  readonly targets: readonly ArrayLike<number>[];
  /** Steps of each row. */
  readonly lengths: readonly number[];
  readonly blank: number;
}

/** The logarithm of an impossible event: finite, so that float32 sums with it stay finite. */
const NEVER = -1e30;

const longest = (targets: Attrs["targets"]) =>
  maxOf(
    targets.map((row) => row.length),
    1,
  );

/** The inputs of the kernels besides the probabilities. */
function placed(like: Tensor, { targets, lengths, blank }: Attrs) {
  const [B, T, C] = dimsOf(like.shape, 3);
  const L = longest(targets);
  const padded = new Int32Array(B * L);
  for (const [b, row] of targets.entries()) padded.set(row, b * L);
  const perRow = (numbers: ArrayLike<number>) => constant(like, Int32Array.from(numbers), [B]);
  const buffers = { targets: constant(like, padded, [B, L]), lengths: perRow(lengths) };
  return { targetLengths: perRow(targets.map((row) => row.length)), B, T, C, L, blank, begin: 0, end: B, ...buffers };
}

const ctcOp = defineOp({
  name: "ctcLoss",
  inputs: ["logProbs"],
  kernels: ["ctcForward", "ctcBackward"],
  shape({ logProbs }, { targets, lengths, blank }: Attrs) {
    const [B, T, C] = dimsOf(logProbs.shape, 3);
    if (logProbs.rank !== 3 || B === 0 || T === 0)
      throw new SeqgradError(
        "shape",
        `ctcLoss: logProbs have shape ${formatShape(logProbs.shape)}; expected [B, T, C], B and T at least 1.`,
      );
    if (!(Number.isInteger(blank) && blank >= 0 && blank < C)) throw outOfRange("ctcLoss", "blank", blank, 0, C - 1);
    for (const [name, { length }] of Object.entries({ targets, lengths })) {
      if (length !== B) throw new SeqgradError("shape", `ctcLoss: ${name} of ${length} rows for logProbs of ${B}.`);
    }
    for (const [b, n] of lengths.entries()) {
      if (!(Number.isInteger(n) && n >= 1 && n <= T)) throw outOfRange("ctcLoss", `lengths[${b}]`, n, 1, T);
    }
    for (const [b, row] of targets.entries()) {
      const bad = Array.from(row).findIndex((c) => !(Number.isInteger(c) && c >= 0 && c < C && c !== blank));
      if (bad < 0) continue;
      if (row[bad] !== blank) throw outOfRange("ctcLoss", `targets[${b}][${bad}]`, row[bad], 0, C - 1);
      throw new SeqgradError("range", `ctcLoss: targets[${b}][${bad}] is ${blank}, the blank; targets are symbols alone.`);
    }
    return { loss: [B] };
  },
  compose({ logProbs }, { targets, lengths, blank }) {
    const [B, T] = dimsOf(logProbs.shape, 3);
    const S = 2 * longest(targets) + 1;
    const symbols = targets.map((row) => Array.from({ length: S }, (_, s) => (s % 2 ? (row[s >> 1] ?? blank) : blank)));
    const table = (of: (b: number, s: number) => number) =>
      constant(
        logProbs,
        Float32Array.from({ length: B * S }, (_, i) => of(Math.floor(i / S), i % S)),
        [B, S],
      );
    const skip = table((b, s) => (s % 2 && s > 1 && nth(symbols, b)[s] !== nth(symbols, b)[s - 2] ? 0 : NEVER));
    const start = table((_, s) => (s < 2 ? 0 : NEVER));
    const last = table((b, s) => (s === 2 * nth(targets, b).length || s === 2 * nth(targets, b).length - 1 ? 0 : NEVER));
    const index = Int32Array.from({ length: B * T * S }, (_, i) => nth(nth(symbols, Math.floor(i / (T * S))), i % S));
    const p = gather(logProbs, constant(logProbs, index, [B, T, S]), { axis: 2 });
    const never = constant(logProbs, new Float32Array(2 * B).fill(NEVER), [B, 2]);
    const steps = constant(logProbs, Int32Array.from(lengths), [B, 1]);
    let alpha = add(start, select(p, 0, { axis: 1 }));
    for (let t = 1; t < T; t++) {
      const one = concat([slice(never, { axis: 1, end: 1 }), slice(alpha, { axis: 1, end: S - 1 })], { axis: 1 });
      const two = add(concat([never, slice(alpha, { axis: 1, end: S - 2 })], { axis: 1 }), skip);
      const next = add(logSumExp(stack([alpha, one, two], { axis: 2 }), { axis: 2 }), select(p, t, { axis: 1 }));
      alpha = where(less(t, steps), next, alpha);
    }
    const loss = neg(logSumExp(add(alpha, last), { axis: 1 }));
    return { loss: where(less(loss, -NEVER / 2), loss, Number.POSITIVE_INFINITY) };
  },
  forward: (run, { logProbs }, { loss }, attrs) => run("ctcForward", { logProbs, loss, ...placed(logProbs, attrs) }),
  backward({ run, inputs: { logProbs }, dOutputs: { loss: dLoss }, attrs, gradientLike }) {
    const dLogProbs = gradientLike("logProbs");
    run("ctcBackward", { logProbs, dLoss, dLogProbs, ...placed(logProbs, attrs) });
    return { logProbs: dLogProbs };
  },
});
addSamples(ctcOp, () => [
  { inputs: { logProbs: [1, 1, 2] }, attrs: { targets: [[1]], lengths: [1], blank: 0 } },
  { inputs: { logProbs: [3, 7, 5] }, attrs: { targets: [[1, 1, 2], [], [3, 4, 3, 2]], lengths: [7, 2, 4], blank: 0 } },
  { inputs: { logProbs: [2, 20, 9] }, attrs: { targets: [[0, 1, 2, 2, 2, 3], [7]], lengths: [20, 13], blank: 8 } },
]);

export interface CtcOptions extends LossOptions {
  /** The number of steps of each row, 1 to T. Default: T each. */
  readonly lengths?: readonly number[];
  /** The class that stands for nothing. Default 0. */
  readonly blank?: number;
  /** Count a row whose targets are too long for any path as 0 instead of Infinity. Default false. */
  readonly zeroInfinity?: boolean;
}

const ctcNames = namesOf<CtcOptions>({ reduction: 1, lengths: 1, blank: 1, zeroInfinity: 1 });

/** Throws unless `rows` is an array of lists. */
export function checkRows(op: string, name: string, rows: readonly ArrayLike<number>[]): void {
  if (!Array.isArray(rows)) throw new SeqgradError("value", `${op}: ${name} is ${shown(rows)}; give an array, a list for each row.`);
  for (const [b, row] of rows.entries()) checkList(op, rows.length > 1 ? `${name}[${b}]` : name, row, "whole numbers in an array");
}

/**
 * Returns the loss of connectionist temporal classification, which needs no alignment of steps and symbols.
 *
 * loss = -ln of the summed probability of all the ways in which a symbol or a blank per step gives the targets, when repeats are merged and
 * blanks dropped. As PyTorch's CTCLoss; the sums over paths are taken in logarithms. The gradient is with respect to the log-probabilities
 * as they are, 0 for a row without a path. On WebAssembly one kernel runs over all steps in float64; on other devices it is composed of
 * primitives.
 *
 * @param logProbs `[B, T, C]`, float32, as logSoftmax() returns them
 * @param targets the symbols of each row, whole numbers in 0..C-1 without blanks; any number of them
 * @param options `lengths`, `blank`, `zeroInfinity` and `reduction`: see CtcOptions
 * @returns the mean over the rows of the loss divided by the number of targets, as PyTorch's; with the reduction `none` `[B]`, in nats
 * @throws SeqgradError `shape`, `range` for a symbol, length or blank outside its interval
 * @see Graves, Fernández, Gomez and Schmidhuber 2006, "Connectionist Temporal Classification"
 * @example
 * sg.ctcLoss(sg.logSoftmax(sg.zeros([1, 2, 2])), [[1]]); // = -Math.log(3 / 4)
 */
export function ctcLoss(logProbs: Tensor, targets: readonly ArrayLike<number>[], options: CtcOptions = {}): Tensor {
  const reduction = reductionOf("ctcLoss", options, ctcNames);
  const [, T = 0] = checkTensor("ctcLoss", logProbs, "logProbs").shape;
  checkRows("ctcLoss", "targets", targets);
  const { lengths = targets.map(() => T), blank = 0, zeroInfinity = false } = options;
  checkRows("ctcLoss", "lengths", [lengths]);
  checkBoolean("ctcLoss", "zeroInfinity", zeroInfinity);
  const each = ctcOp({ logProbs: toFloat(logProbs) }, { targets, lengths, blank }).loss;
  const loss = zeroInfinity ? where(less(each, Number.POSITIVE_INFINITY), each, 0) : each;
  if (reduction !== "mean") return reduceLoss(loss, reduction);
  return mean(
    div(
      loss,
      constant(
        loss,
        Float32Array.from(targets, (row) => Math.max(1, row.length)),
        loss.shape,
      ),
    ),
  );
}
