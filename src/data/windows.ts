import { checkInteger, checkInterval, toTokens } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions } from "../util/options.js";
import { RandomGenerator, type RandomStart } from "../util/philox.js";

/** Rows of tokens, and for each token the one that follows it. */
export interface WindowBatch {
  /** `[B, T]` */
  readonly x: Int32Array<ArrayBuffer>;
  /** `[B, T]`; y[b, t] follows x[b, t]. */
  readonly y: Int32Array<ArrayBuffer>;
  /** B and T. */
  readonly shape: readonly [number, number];
  /** True if each row continues where that row of the previous batch ended; false at the start of a text. */
  readonly continues?: boolean;
}

export interface WindowOptions {
  /** B, the rows of a batch. */
  batch: number;
  /** T, the tokens of a row. */
  context: number;
}

/**
 * Batches of windows that begin at random places of a text, every place as likely, rows independent.
 *
 * A batch is a function of the seed and its number: a run that resumes at step 500 asks for batch 500. Its draws come from the Philox
 * blocks whose counter has step + 1 in the upper word, so that a `RandomGenerator` of the same seed, which counts from 0, shares none.
 *
 * @param tokens the text, longer than `context`
 * @param options `seed`, default 0, and WindowOptions
 * @throws SeqgradError `range` if the text is not longer than a window
 * @example
 * const windows = new sg.data.RandomWindows(tokenizer.encode(text), { batch: 32, context: 64, seed: 1 });
 * windows.batch(0).shape; // = [32, 64]
 */
export class RandomWindows {
  readonly shape: readonly [number, number];
  readonly #tokens: Int32Array;
  readonly #generator: RandomGenerator;
  readonly #start: RandomStart;

  /** @throws SeqgradError `range` where the text is shorter than a window and the token after it */
  constructor(tokens: ArrayLike<number>, options: WindowOptions & { seed?: number }) {
    checkWindow("RandomWindows", options, ["seed"]);
    const { batch, context, seed = 0 } = options;
    checkInteger("RandomWindows", "batch x context", batch * context, 1, 2 ** 28);
    this.#tokens = toTokens("RandomWindows", "tokens", tokens);
    if (tokens.length <= context) {
      throw new SeqgradError(
        "range",
        `RandomWindows: windows of ${context} tokens and the one that follows do not fit a text of ${tokens.length}; give a longer text or a shorter context.`,
      );
    }
    this.shape = [batch, context];
    this.#generator = new RandomGenerator(seed);
    this.#start = this.#generator.state;
  }

  /**
   * Returns the batch of a step, the same at every call.
   *
   * @param step from 0 to 2^32 - 2
   * @returns x and y, `[batch, context]` each
   */
  batch(step: number): WindowBatch {
    checkInteger("RandomWindows.batch", "step", step, 0, 2 ** 32 - 2);
    const [rows, length] = this.shape;
    const x = new Int32Array(rows * length);
    const y = new Int32Array(rows * length);
    this.#generator.restore({ ...this.#start, counter0: 0, counter1: step + 1 });
    for (let row = 0; row < rows; row++) {
      const start = this.#generator.integer(this.#tokens.length - length);
      x.set(this.#tokens.subarray(start, start + length), row * length);
      y.set(this.#tokens.subarray(start + 1, start + length + 1), row * length);
    }
    return { x, y, shape: this.shape };
  }
}

/**
 * Batches for truncated backpropagation through time: the text is cut into B streams, and each row continues where that row of the batch
 * before ended, so that a recurrent state can be carried along. After the end it starts again at the beginning.
 *
 * @param tokens the text
 * @param options see WindowOptions
 * @throws SeqgradError `range` if the text is too short for one window in every stream
 * @example
 * const windows = new sg.data.ContinuousWindows(tokenizer.encode(text), { batch: 2, context: 16 });
 * const events = sg.fit(model, windows, { optimizer, steps: 1000, carryState: true });
 */
export class ContinuousWindows {
  readonly shape: readonly [number, number];
  /** Batches of one pass over the text. */
  readonly length: number;
  readonly #tokens: Int32Array;
  readonly #stream: number;

  /** @throws SeqgradError `range` where the text is too short for one window in every stream */
  constructor(tokens: ArrayLike<number>, options: WindowOptions) {
    checkWindow("ContinuousWindows", options);
    const { batch, context } = options;
    this.shape = [batch, context];
    this.#tokens = toTokens("ContinuousWindows", "tokens", tokens);
    this.#stream = Math.floor((tokens.length - 1) / batch);
    this.length = Math.floor(this.#stream / context);
    if (this.length < 1) {
      throw new SeqgradError(
        "range",
        `ContinuousWindows: ${batch} streams of ${context} tokens and the one that follows do not fit a text of ${tokens.length}; give a longer text or smaller windows.`,
      );
    }
  }

  /**
   * Returns the batch of a step, the same at every call.
   *
   * @param step from 0
   * @returns x and y, `[batch, context]` each, and whether its rows continue the rows of the batch before
   */
  batch(step: number): WindowBatch {
    checkInteger("ContinuousWindows.batch", "step", step);
    const [rows, length] = this.shape;
    const x = new Int32Array(rows * length);
    const y = new Int32Array(rows * length);
    const at = step % this.length;
    for (let row = 0; row < rows; row++) {
      const start = row * this.#stream + at * length;
      x.set(this.#tokens.subarray(start, start + length), row * length);
      y.set(this.#tokens.subarray(start + 1, start + length + 1), row * length);
    }
    return { x, y, shape: this.shape, continues: at > 0 };
  }
}

/**
 * Cuts the text into windows that follow one another, in batches: every token but the first is a target exactly once.
 *
 * The last batch of whole windows may have fewer rows; the rest of the text comes as one shorter row.
 *
 * @param tokens the text, at least 2 tokens
 * @param options see WindowOptions
 * @returns the batches
 * @throws SeqgradError `range` for a text of fewer than 2 tokens
 * @example
 * for (const { x, y, shape } of sg.data.consecutiveWindows(tokenizer.encode(text), { batch: 2, context: 8 })) {
 *   const tokens = sg.tensor(x, shape);
 * }
 */
export function consecutiveWindows(tokens: ArrayLike<number>, options: WindowOptions): IterableIterator<WindowBatch> {
  checkWindow("consecutiveWindows", options);
  const { batch, context } = options;
  const ids = toTokens("consecutiveWindows", "tokens", tokens);
  if (tokens.length < 2)
    throw new SeqgradError("range", `consecutiveWindows: a text of ${tokens.length} tokens has none to predict; give at least 2.`);
  return cut(ids, batch, context);
}

function* cut(tokens: Int32Array, batch: number, context: number): IterableIterator<WindowBatch> {
  const targets = tokens.length - 1;
  for (let start = 0; start < targets; ) {
    const length = Math.min(context, targets - start);
    const rows = Math.min(batch, Math.floor((targets - start) / length));
    const end = start + rows * length;
    yield { x: new Int32Array(tokens.subarray(start, end)), y: new Int32Array(tokens.subarray(start + 1, end + 1)), shape: [rows, length] };
    start = end;
  }
}

/**
 * Splits a text in two: its last `share`, rounded to whole tokens, for validation, and the rest. Both are views.
 *
 * @param tokens the text
 * @param share in [0, 1]
 * @returns the parts
 * @throws SeqgradError `range` unless share is in [0, 1]
 * @example
 * const { train, validation } = sg.data.splitTokens(tokenizer.encode(text), 0.1);
 */
export function splitTokens(tokens: Int32Array, share: number): { train: Int32Array; validation: Int32Array } {
  checkInterval("splitTokens", "share", share, 0, 1);
  const ids = toTokens("splitTokens", "tokens", tokens);
  const cutAt = ids.length - Math.round(ids.length * share);
  return { train: ids.subarray(0, cutAt), validation: ids.subarray(cutAt) };
}

function checkWindow(op: string, options: WindowOptions, more: readonly string[] = []): void {
  const advice = `give them, as in ${op}(tokens, { batch: 32, context: 64 }).`;
  checkOptions(op, options ?? null, ["batch", "context", ...more], advice);
  const { batch, context } = options;
  checkInteger(op, "batch", batch, 1);
  checkInteger(op, "context", context, 1);
}
