import { gru } from "../ops/gru.js";
import { lstm } from "../ops/lstm.js";
import { checkNonlinearity, type Nonlinearity, rnn } from "../ops/rnn.js";
import { squeeze, unsqueeze } from "../ops/views.js";
import { parameter } from "../tensor/create.js";
import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkInteger, checkObject } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions } from "../util/options.js";
import { sameShape } from "../util/shape.js";
import * as init from "./init.js";
import { Module } from "./module.js";
import { observerOf, type Quantities } from "./observed.js";
import type { LSTMState, RecurrentState } from "./recurrent.js";

/** One step of a recurrent layer: the sequence kernels with T = 1. Parameters as PyTorch's cells. */
abstract class Cell extends Module {
  readonly weight_ih: Tensor;
  readonly weight_hh: Tensor;
  readonly bias_ih: Tensor | undefined;
  readonly bias_hh: Tensor | undefined;

  protected constructor(
    private readonly op: string,
    readonly inputSize: number,
    readonly hiddenSize: number,
    gates: number,
    { bias = true }: CellOptions,
  ) {
    super();
    checkBoolean(op, "bias", bias);
    try {
      checkInteger(op, "inputSize", inputSize, 1);
      checkInteger(op, "hiddenSize", hiddenSize, 1);
      const bound = 1 / Math.sqrt(hiddenSize);
      const make = (...shape: number[]) => parameter(shape, (y) => init.uniform(y, -bound, bound));
      this.weight_ih = make(gates * hiddenSize, inputSize);
      this.weight_hh = make(gates * hiddenSize, hiddenSize);
      this.bias_ih = bias ? make(gates * hiddenSize) : undefined;
      this.bias_hh = bias ? make(gates * hiddenSize) : undefined;
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /** x [B, D] as a sequence of one step, when it and the state [B, H] fit the cell. */
  protected sequence(x: Tensor, state: RecurrentState | undefined, parts: readonly ("h" | "c")[] = ["h"]): Tensor {
    checkTensor(this.op, x, "x");
    const form = `{ ${parts.join(", ")} }`;
    if (state !== undefined) checkOptions(this.op, checkObject(this.op, "the state", state, form), parts, `the state is ${form}.`);
    if (x.rank !== 2 || x.shape[1] !== this.inputSize) {
      throw new SeqgradError("shape", `${this.op}: x has shape ${formatShape(x.shape)}; expected [B, ${this.inputSize}].`);
    }
    const [B = 0] = x.shape;
    const expected = [B, this.hiddenSize];
    for (const name of state ? parts : []) {
      const value = checkTensor(this.op, state?.[name], `the state ${name}`);
      if (!sameShape(value.shape, expected)) {
        throw new SeqgradError(
          "shape",
          `${this.op}: the state ${name} has shape ${formatShape(value.shape)}; expected ${formatShape(expected)}.`,
        );
      }
    }
    return unsqueeze(x, { axis: 1 });
  }

  /** The options that every cell's operation takes. */
  protected get common() {
    return { bIh: this.bias_ih, bHh: this.bias_hh, observe: observerOf(this) };
  }

  protected override get quantities(): Quantities {
    return { kind: this.op };
  }
}

interface CellOptions {
  /** Default true. */
  bias?: boolean;
}

/**
 * One step of an RNN.
 *
 * h' = f(W_ih x + b_ih + W_hh h + b_hh), where f is tanh or relu
 *
 * @param inputSize D, the size of x
 * @param hiddenSize H, the size of h
 * @param options `bias`: add the biases, default true. `nonlinearity`: "tanh" or "relu", default "tanh"
 * @throws SeqgradError `range` for a size below 1; forward(): `shape`
 * @see Elman 1990, "Finding Structure in Time"
 * @example
 * const cell = new sg.nn.RNNCell(3, 5);
 * let state = cell.forward(sg.randn([8, 3])); // h [8, 5]
 * state = cell.forward(sg.randn([8, 3]), state);
 */
export class RNNCell extends Cell {
  readonly nonlinearity: Nonlinearity;

  constructor(inputSize: number, hiddenSize: number, options: CellOptions & { nonlinearity?: Nonlinearity } = {}) {
    checkOptions("RNNCell", options, ["bias", "nonlinearity"]);
    const nonlinearity = checkNonlinearity("RNNCell", options.nonlinearity);
    super("RNNCell", inputSize, hiddenSize, 1, options);
    this.nonlinearity = nonlinearity;
  }

  /**
   * Computes one step.
   *
   * @param x `[B, D]`, float32
   * @param state h `[B, H]` before the step; default zeros
   * @returns h `[B, H]` after the step
   * @throws SeqgradError `shape`
   */
  forward(x: Tensor, state?: RecurrentState): RecurrentState {
    const { nonlinearity, common } = this;
    const { y } = rnn(this.sequence(x, state), this.weight_ih, this.weight_hh, { ...common, h0: state?.h, nonlinearity });
    return { h: squeeze(y, { axis: 1 }) };
  }
}

/**
 * One step of a GRU.
 *
 * r, z = sigmoid(W x + U h + b), n = tanh(W_n x + b_n + r (U_n h + c_n)), h' = (1 - z) n + z h
 *
 * @param inputSize D, the size of x
 * @param hiddenSize H, the size of h
 * @param options `bias`: add the biases, default true. `resetAfter`: as in GRU, default true
 * @throws SeqgradError `range` for a size below 1; forward(): `shape`
 * @see Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder"
 * @example
 * const { h } = new sg.nn.GRUCell(3, 5).forward(sg.randn([8, 3])); // [8, 5]
 */
export class GRUCell extends Cell {
  readonly resetAfter: boolean;

  constructor(inputSize: number, hiddenSize: number, options: CellOptions & { resetAfter?: boolean } = {}) {
    checkOptions("GRUCell", options, ["bias", "resetAfter"]);
    super("GRUCell", inputSize, hiddenSize, 3, options);
    this.resetAfter = checkBoolean("GRUCell", "resetAfter", options.resetAfter ?? true);
  }

  /**
   * Computes one step.
   *
   * @param x `[B, D]`, float32
   * @param state h `[B, H]` before the step; default zeros
   * @returns h `[B, H]` after the step
   * @throws SeqgradError `shape`
   */
  forward(x: Tensor, state?: RecurrentState): RecurrentState {
    const { resetAfter, common } = this;
    const { y } = gru(this.sequence(x, state), this.weight_ih, this.weight_hh, { ...common, h0: state?.h, resetAfter });
    return { h: squeeze(y, { axis: 1 }) };
  }
}

/**
 * One step of an LSTM.
 *
 * i, f, o = sigmoid(W x + U h + b), g = tanh(W x + U h + b), c' = f c + i g, h' = o tanh(c')
 *
 * @param inputSize D, the size of x
 * @param hiddenSize H, the size of h and c
 * @param options `bias`: add the biases, default true
 * @throws SeqgradError `range` for a size below 1; forward(): `shape`
 * @see Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"
 * @example
 * const { h, c } = new sg.nn.LSTMCell(3, 5).forward(sg.randn([8, 3])); // [8, 5] each
 */
export class LSTMCell extends Cell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    checkOptions("LSTMCell", options, ["bias"]);
    super("LSTMCell", inputSize, hiddenSize, 4, options);
  }

  /**
   * Computes one step.
   *
   * @param x `[B, D]`, float32
   * @param state h and c, `[B, H]` each, before the step; default zeros
   * @returns h and c, `[B, H]` each, after the step
   * @throws SeqgradError `shape`
   */
  forward(x: Tensor, state?: LSTMState): LSTMState {
    const { y, c } = lstm(this.sequence(x, state, ["h", "c"]), this.weight_ih, this.weight_hh, {
      ...this.common,
      h0: state?.h,
      c0: state?.c,
    });
    return { h: squeeze(y, { axis: 1 }), c };
  }
}
