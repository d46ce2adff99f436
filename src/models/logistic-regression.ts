import type { SparseRows } from "../text/sparse.js";
import { finish, inTurns, type Pieces } from "../util/breath.js";
import { checkInteger, checkInterval, checkList, checkText, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { maxOf } from "../util/numbers.js";
import { checkOptions } from "../util/options.js";

export interface LogisticRegressionOptions {
  /** The weight of the examples relative to the squared weights: the larger, the freer the weights. Default 1. */
  readonly c?: number;
  /** The most steps of the descent. Default 200. */
  readonly iterations?: number;
  /** Stops where no part of the mean loss's gradient is larger. Default 1e-5. */
  readonly tolerance?: number;
}

/** Rows that are looked at in a piece of work. */
const PIECE = 64;

/**
 * Multinomial logistic regression on sparse rows, on the host and without chance.
 *
 * The weights W `[K, n]` and biases b `[K]` minimize mean -ln softmax(W x + b)[y] + |W|^2 / (2 c rows), by accelerated gradient descent
 * with restarts. The loss is convex, so the start does not matter.
 * @see Nesterov 1983; O'Donoghue and Candès 2015, "Adaptive Restart for Accelerated Gradient Schemes"
 * @example
 * const tfidf = sg.text.TfIdf.fit(["good film", "bad film", "good fun", "bad luck"]);
 * const rows = tfidf.transform(["good film", "bad film", "good fun", "bad luck"]);
 * const model = sg.models.LogisticRegression.fit(rows, ["pos", "neg", "pos", "neg"]);
 * model.predict(tfidf.transform(["good luck", "bad fun"])); // = ["pos", "neg"]
 */
export class LogisticRegression {
  private constructor(
    readonly labels: readonly string[],
    /** W `[K, n]`, then b `[K]`. */
    readonly parameters: Float64Array,
  ) {}

  /**
   * Finds the weights.
   *
   * @param rows N sparse rows of n columns, as `text.TfIdf` makes them
   * @param labels the label of each row, of at least two different ones
   * @param options see LogisticRegressionOptions
   * @returns the model
   * @throws SeqgradError `shape` for another number of labels than rows, `value` for fewer than two labels, `range` for an option
   */
  static fit(rows: SparseRows, labels: readonly string[], options: LogisticRegressionOptions = {}): LogisticRegression {
    return finish(LogisticRegression.#fitting(rows, labels, options));
  }

  /**
   * Finds the weights in turns: timers, clicks and other work of a page run in between.
   *
   * @param rows N sparse rows of n columns, as `text.TfIdf` makes them
   * @param labels the label of each row, of at least two different ones
   * @param options see LogisticRegressionOptions
   * @returns the model
   * @throws SeqgradError `shape` for another number of labels than rows, `value` for fewer than two labels, `range` for an option
   * @example
   * const tfidf = sg.text.TfIdf.fit(["good film", "bad film", "good fun", "bad luck"]);
   * const rows = tfidf.transform(["good film", "bad film", "good fun", "bad luck"]);
   * const model = await sg.models.LogisticRegression.fitAsync(rows, ["pos", "neg", "pos", "neg"]);
   * model.predict(tfidf.transform(["good luck", "bad fun"])); // = ["pos", "neg"]
   */
  static fitAsync(rows: SparseRows, labels: readonly string[], options: LogisticRegressionOptions = {}): Promise<LogisticRegression> {
    return inTurns(LogisticRegression.#fitting(rows, labels, options));
  }

  static *#fitting(rows: SparseRows, labels: readonly string[], options: LogisticRegressionOptions): Pieces<LogisticRegression> {
    checkOptions("LogisticRegression", options, ["c", "iterations", "tolerance"]);
    const { c = 1, iterations = 200, tolerance = 1e-5 } = options;
    checkRows(rows);
    checkList("LogisticRegression", "the labels", labels, "a text for each row");
    for (const [r, label] of Array.from(labels).entries()) checkText("LogisticRegression", label, `label ${r}`);
    checkInterval("LogisticRegression", "tolerance", tolerance, 0);
    const [N, n] = rows.shape;
    checkInterval("LogisticRegression", "c", c, Number.MIN_VALUE, Number.MAX_VALUE);
    checkInteger("LogisticRegression", "iterations", iterations, 1);
    if (labels.length !== N)
      throw new SeqgradError("shape", `LogisticRegression: got ${labels.length} labels for ${N} rows; give one each.`);
    const names = [...new Set(labels)].sort();
    const K = names.length;
    if (K < 2) throw new SeqgradError("value", `LogisticRegression: there are ${K} labels; expected at least 2.`);
    const classes = Int32Array.from(labels, (label) => names.indexOf(label));
    const decay = 1 / (c * N);
    // The largest curvature: half the largest squared norm of a row with its 1 for the bias, and the decay.
    let norm = 0;
    for (let r = 0; r < N; r++) {
      let sum = 1;
      for (const [, v] of rows.row(r)) sum += v * v;
      norm = Math.max(norm, sum);
      if (r % PIECE === 0) yield;
    }
    const rate = 1 / (norm / 2 + decay);
    const size = K * n + K;
    let at: Float64Array = new Float64Array(size);
    let ahead = at;
    let momentum = 1;
    for (let i = 0; i < iterations; i++) {
      const gradient = yield* slope(rows, classes, K, ahead, decay);
      if (gradient.every((g) => Math.abs(g) <= tolerance)) break;
      yield;
      const next = ahead.map((w, k) => w - rate * gradient[k]!);
      // A step that goes back against the gradient ends the momentum.
      const along = gradient.reduce((sum, g, k) => sum + g * (next[k]! - at[k]!), 0);
      const faster = along > 0 ? 1 : (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
      const share = along > 0 ? 0 : (momentum - 1) / faster;
      yield;
      const before = at;
      ahead = next.map((w, k) => w + share * (w - before[k]!));
      at = next;
      momentum = faster;
    }
    return new LogisticRegression(names, at);
  }

  /**
   * Returns the probability of each label for each row.
   *
   * @param rows sparse rows of n columns
   * @returns `[rows][K]`, in the order of `labels`; a row adds up to 1
   * @throws SeqgradError `shape` for another number of columns
   */
  probabilities(rows: SparseRows): number[][] {
    checkRows(rows);
    const K = this.labels.length;
    const n = this.parameters.length / K - 1;
    if (rows.shape[1] !== n) throw new SeqgradError("shape", `LogisticRegression: the rows have ${rows.shape[1]} columns; expected ${n}.`);
    return Array.from({ length: rows.shape[0] }, (_, r) => [...shares(rows, r, K, this.parameters)]);
  }

  /**
   * Returns the likeliest label of each row.
   *
   * @param rows sparse rows of n columns
   * @returns a label for each row
   * @throws SeqgradError `shape` for another number of columns
   */
  predict(rows: SparseRows): string[] {
    return this.probabilities(rows).map((row) => nth(this.labels, row.indexOf(maxOf(row))));
  }
}

function checkRows(rows: SparseRows): void {
  if (!Array.isArray(rows?.shape) || typeof rows.row !== "function")
    throw new SeqgradError("value", `LogisticRegression: the rows are ${shown(rows)}; give sparse rows, as TfIdf.transform() answers.`);
}

/** The softmax of a row's scores. */
function shares(rows: SparseRows, r: number, K: number, parameters: Float64Array): Float64Array {
  const n = rows.shape[1];
  const scores = Float64Array.from({ length: K }, (_, k) => parameters[K * n + k]!);
  for (let i = rows.starts[r]!; i < rows.starts[r + 1]!; i++)
    for (let k = 0; k < K; k++) scores[k]! += parameters[k * n + rows.columns[i]!]! * rows.values[i]!;
  const most = maxOf(scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** The gradient of the loss. */
function* slope(rows: SparseRows, classes: Int32Array, K: number, parameters: Float64Array, decay: number): Pieces<Float64Array> {
  const [N, n] = rows.shape;
  const gradient = parameters.map((w, i) => (i < K * n ? decay * w : 0));
  for (let r = 0; r < N; r++) {
    if (r % PIECE === 0) yield;
    const errors = shares(rows, r, K, parameters);
    errors[classes[r]!]! -= 1;
    for (let k = 0; k < K; k++) {
      const error = errors[k]! / N;
      gradient[K * n + k]! += error;
      for (let i = rows.starts[r]!; i < rows.starts[r + 1]!; i++) gradient[k * n + rows.columns[i]!]! += error * rows.values[i]!;
    }
  }
  return gradient;
}
