import { concat } from "../ops/copy.js";
import { checkTensors } from "../ops/define-op.js";
import { dropout } from "../ops/dropout.js";
import { gru } from "../ops/gru.js";
import { lstm } from "../ops/lstm.js";
import type { Observer } from "../ops/recurrent.js";
import { checkNonlinearity, type Nonlinearity, rnn } from "../ops/rnn.js";
import { select, stack, unsqueeze } from "../ops/views.js";
import { parameter, tensor } from "../tensor/create.js";
import { internal } from "../tensor/internal.js";
import { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkFinite, checkInteger, checkInterval, checkLayers, checkList, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, namesOf } from "../util/options.js";
import { sameShape } from "../util/shape.js";
import * as init from "./init.js";
import { Module, ParameterTable } from "./module.js";
import { observerOf, type Quantities } from "./observed.js";

export interface RecurrentOptions {
  /** Layers on top of each other; default 1. */
  numLayers?: number;
  /** A second set of weights reads from the end; outputs stand side by side. Default false. */
  bidirectional?: boolean;
  /** The probability of zeroing an output of a layer before the next one, while training. Default 0. */
  dropout?: number;
  /** Default true. */
  bias?: boolean;
}

/** The state of all layers and directions, `[layers * directions, B, H]`; only an LSTM has the cell state c. */
export interface RecurrentState {
  readonly h: Tensor;
  readonly c?: Tensor | undefined;
}
export interface LSTMState extends RecurrentState {
  readonly c: Tensor;
}

export interface SequenceOptions<S> {
  /** The state before the first step; zeros when absent. */
  state?: S | undefined;
  /** int32 `[B]`: the number of valid steps of each row, each in 1..T; all when absent. */
  lengths?: Tensor | readonly number[] | undefined;
}

const names = { numLayers: 1, bidirectional: 1, dropout: 1, bias: 1 } as const;
const callNames = namesOf<SequenceOptions<unknown>>({ state: 1, lengths: 1 });

/** Throws unless they are the options of a call; what holds h is a state in their place. */
function checkCall(op: string, options: object, state: "{ h }" | "{ h, c }"): void {
  const advice = `write forward(x, { state: ${state} }).`;
  const isState = options instanceof Object && "h" in options;
  if (isState) throw new SeqgradError("value", `${op}: the options are a state; ${advice}`);
  checkOptions(op, options, callNames, advice);
}

/** The arguments of one layer and direction. */
interface LayerCall {
  readonly x: Tensor;
  readonly wIh: Tensor;
  readonly wHh: Tensor;
  readonly biases: { readonly bIh: Tensor | undefined; readonly bHh: Tensor | undefined };
  /** The projection of h, if there is one. */
  readonly wHr: Tensor | undefined;
  readonly state: readonly (Tensor | undefined)[];
  readonly lengths: Tensor | undefined;
  readonly reverse: boolean;
  readonly observe: Observer | undefined;
}

/**
 * Layers and directions of one cell: RNN, GRU or LSTM. Parameters are PyTorch's: `weight_ih_l0`, `weight_hh_l0_reverse`, ...
 * @example
 * const layers: sg.nn.RecurrentLayer[] = [new sg.nn.GRU(4, 8), new sg.nn.LSTM(4, 8)];
 * const states = layers.map((layer) => layer.forward(sg.randn([2, 5, 4])).state);
 */
export abstract class RecurrentLayer<S extends RecurrentState = RecurrentState> extends Module {
  protected readonly weights = new ParameterTable();
  readonly numLayers: number;
  readonly bidirectional: boolean;
  readonly dropout: number;

  /** `outputSize`: the size of h where it is projected. */
  protected constructor(
    private readonly op: string,
    readonly inputSize: number,
    readonly hiddenSize: number,
    gates: number,
    options: RecurrentOptions,
    readonly outputSize = hiddenSize,
  ) {
    super();
    checkBoolean(op, "bidirectional", options.bidirectional ?? false);
    checkBoolean(op, "bias", options.bias ?? true);
    const { numLayers = 1, bidirectional = false, bias = true } = options;
    this.numLayers = checkLayers(op, "numLayers", numLayers);
    this.bidirectional = bidirectional;
    this.dropout = checkInterval(op, "dropout", options.dropout ?? 0, 0, 1);
    checkInteger(op, "inputSize", inputSize, 1);
    checkInteger(op, "hiddenSize", hiddenSize, 1);
    const bound = 1 / Math.sqrt(hiddenSize);
    const rows = gates * hiddenSize;
    try {
      for (let layer = 0; layer < numLayers; layer++) {
        const features = layer === 0 ? inputSize : outputSize * this.directions;
        for (let direction = 0; direction < this.directions; direction++) {
          const add = (kind: string, shape: number[]) =>
            this.weights.set(
              nameOf(kind, layer, direction),
              parameter(shape, (y) => init.uniform(y, -bound, bound)),
            );
          add("weight_ih", [rows, features]);
          add("weight_hh", [rows, outputSize]);
          if (bias) add("bias_ih", [rows]);
          if (bias) add("bias_hh", [rows]);
          if (outputSize !== hiddenSize) add("weight_hr", [outputSize, hiddenSize]);
        }
      }
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Reads whole sequences.
   *
   * @param x `[B, T, D]`, float32
   * @param options first state and lengths: see SequenceOptions
   * @returns output `[B, T, directions H]`, 0 past a row's length, and the state after the last valid step
   * @throws SeqgradError `shape`, `range` for a length outside 1..T
   */
  abstract forward(x: Tensor, options?: SequenceOptions<S>): { output: Tensor; state: S };

  get directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  /**
   * Returns a parameter by its PyTorch name, such as `weight_hh_l0`.
   *
   * @param name the name
   * @returns the parameter
   * @throws SeqgradError `value` if there is no such parameter
   */
  weight(name: string): Tensor {
    const found = this.weights.get(name);
    if (!found)
      throw new SeqgradError(
        "value",
        `${this.op}: there is no parameter ${shown(name)}; there are ${[...this.weights.keys()].join(", ")}.`,
      );
    return found;
  }

  /** Runs all layers, from the first on; `run` does one layer in one direction, keeps its last states, and returns y. */
  protected run(
    x: Tensor,
    states: readonly (Tensor | undefined)[],
    options: SequenceOptions<unknown>,
    run: (call: LayerCall) => Tensor,
  ): Tensor {
    const { op, directions, numLayers } = this;
    checkTensors(op, [x], ["x"]);
    if (options.state !== undefined && !states.every((state) => state instanceof Tensor)) {
      const parts = states.length === 2 ? "{ h, c }" : "{ h }";
      throw new SeqgradError("value", `${op}: the state must be ${parts}, as forward() answers it, each a tensor.`);
    }
    if (x.rank !== 3 || x.shape[2] !== this.inputSize) {
      throw new SeqgradError("shape", `${op}: x has shape ${formatShape(x.shape)}; expected [B, T, ${this.inputSize}], batch first.`);
    }
    const [B = 0] = x.shape;
    for (const [i, state] of states.entries()) {
      const expected = [numLayers * directions, B, i === 0 ? this.outputSize : this.hiddenSize];
      if (state && !sameShape(state.shape, expected)) {
        throw new SeqgradError(
          "shape",
          `${op}: the initial ${"hc"[i]} has shape ${formatShape(state.shape)}; expected ${formatShape(expected)}: layers x directions, batch, size.`,
        );
      }
    }
    const lengths = this.#lengths(options.lengths, x);
    const observe = observerOf(this);
    let y = x;
    for (let layer = 0; layer < numLayers; layer++) {
      if (layer > 0) y = dropout(y, this.dropout, this.training);
      const input = y;
      const read = (direction: number) => {
        const at = layer * directions + direction;
        const named = (kind: string) => nameOf(kind, layer, direction);
        const biases = { bIh: this.weights.get(named("bias_ih")), bHh: this.weights.get(named("bias_hh")) };
        return run({
          ...{ x: input, wIh: this.weight(named("weight_ih")), wHh: this.weight(named("weight_hh")), biases },
          wHr: this.weights.get(named("weight_hr")),
          state: states.map((state) => state && select(state, at)),
          lengths,
          reverse: direction === 1,
          observe: observe?.at(placeOf(layer, direction)),
        });
      };
      const onward = read(0);
      y = directions === 1 ? onward : concat([onward, read(1)], { axis: 2 });
    }
    return y;
  }

  protected override get quantities(): Quantities {
    const { op: kind, numLayers, directions } = this;
    return { kind, numLayers, directions };
  }

  #lengths(lengths: Tensor | readonly number[] | undefined, x: Tensor): Tensor | undefined {
    if (lengths === undefined || lengths instanceof Tensor) return lengths;
    checkList(this.op, "lengths", lengths, "a number of steps for each row");
    const [B = 0, T = 0] = x.shape;
    if (lengths.length !== B)
      throw new SeqgradError(
        "range",
        `${this.op}: there are ${lengths.length} lengths; expected ${B}, one for each row of x ${formatShape(x.shape)}.`,
      );
    for (const [i, n] of Array.from(lengths).entries()) checkInteger(this.op, `lengths[${i}]`, n, 1, T);
    return tensor(Int32Array.from(lengths), [B]);
  }
}

/** The last states of all layers and directions, one above the other. */
function stacked(states: readonly Tensor[]): Tensor {
  const [first, second] = states;
  return first && !second ? unsqueeze(first, { axis: 0 }) : stack(states);
}

const placeOf = (layer: number, direction: number) => `l${layer}${direction === 1 ? "_reverse" : ""}`;
const nameOf = (kind: string, layer: number, direction: number) => `${kind}_${placeOf(layer, direction)}`;

const rnnNames = namesOf<RecurrentOptions & { nonlinearity?: Nonlinearity }>({ ...names, nonlinearity: 1 });

/**
 * A simple recurrent network. Each layer and direction is one kernel call over the whole sequence.
 *
 * h_t = f(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), where f is tanh or relu
 *
 * @param inputSize D, the size of x_t
 * @param hiddenSize H, the units of each layer and direction
 * @param options see RecurrentOptions; `nonlinearity`: "tanh" or "relu", default "tanh"
 * @throws SeqgradError `range` for a size below 1 or a dropout outside [0, 1]
 * @see Elman 1990, "Finding Structure in Time"
 * @example
 * const { output, state } = new sg.nn.RNN(32, 64).forward(sg.randn([8, 20, 32]));
 * output.shape; // = [8, 20, 64]
 * state.h.shape; // = [1, 8, 64]
 */
export class RNN extends RecurrentLayer {
  readonly nonlinearity: Nonlinearity;

  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions & { nonlinearity?: Nonlinearity } = {}) {
    checkOptions("RNN", options, rnnNames);
    const nonlinearity = checkNonlinearity("RNN", options.nonlinearity);
    super("RNN", inputSize, hiddenSize, 1, options);
    this.nonlinearity = nonlinearity;
  }

  /**
   * Reads whole sequences.
   *
   * @param x `[B, T, D]`, float32
   * @param options first state and lengths: see SequenceOptions
   * @returns output `[B, T, directions H]`, 0 past a row's length, and state.h `[layers directions, B, H]` after the last valid step
   * @throws SeqgradError `shape`, `range` for a length outside 1..T
   */
  override forward(x: Tensor, options: SequenceOptions<RecurrentState> = {}): { output: Tensor; state: RecurrentState } {
    checkCall("RNN", options, "{ h }");
    const hs: Tensor[] = [];
    const output = this.run(x, [options.state?.h], options, ({ x, wIh, wHh, wHr: _, biases, state: [h0], ...rest }) => {
      const { y, h } = rnn(x, wIh, wHh, { ...biases, h0, ...rest, nonlinearity: this.nonlinearity });
      hs.push(h);
      return y;
    });
    return { output, state: { h: stacked(hs) } };
  }
}

const gruNames = namesOf<RecurrentOptions & { resetAfter?: boolean }>({ ...names, resetAfter: 1 });

/**
 * Gated recurrent units. Each layer and direction is one kernel call over the whole sequence.
 *
 * r_t = sigmoid(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr), z_t likewise, n_t = tanh(W_in x_t + b_in + r_t (W_hn h_{t-1} + b_hn)),
 * h_t = (1 - z_t) n_t + z_t h_{t-1}
 *
 * @param inputSize D, the size of x_t
 * @param hiddenSize H, the units of each layer and direction
 * @param options see RecurrentOptions; `resetAfter`: apply the reset gate r to W_hn h + b_hn, as above and in PyTorch; false applies it to
 *   h, as in the paper and in Keras with reset_after=False; default true
 * @throws SeqgradError `range` for a size below 1 or a dropout outside [0, 1]
 * @see Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder"
 * @example
 * const { output, state } = new sg.nn.GRU(32, 64, { numLayers: 2 }).forward(sg.randn([2, 5, 32]), { lengths: [5, 3] });
 */
export class GRU extends RecurrentLayer {
  readonly resetAfter: boolean;

  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions & { resetAfter?: boolean } = {}) {
    checkOptions("GRU", options, gruNames);
    super("GRU", inputSize, hiddenSize, 3, options);
    this.resetAfter = checkBoolean("GRU", "resetAfter", options.resetAfter ?? true);
  }

  /**
   * Reads whole sequences.
   *
   * @param x `[B, T, D]`, float32
   * @param options first state and lengths: see SequenceOptions
   * @returns output `[B, T, directions H]`, 0 past a row's length, and state.h `[layers directions, B, H]` after the last valid step
   * @throws SeqgradError `shape`, `range` for a length outside 1..T
   */
  override forward(x: Tensor, options: SequenceOptions<RecurrentState> = {}): { output: Tensor; state: RecurrentState } {
    checkCall("GRU", options, "{ h }");
    const hs: Tensor[] = [];
    const output = this.run(x, [options.state?.h], options, ({ x, wIh, wHh, wHr: _, biases, state: [h0], ...rest }) => {
      const { y, h } = gru(x, wIh, wHh, { ...biases, h0, ...rest, resetAfter: this.resetAfter });
      hs.push(h);
      return y;
    });
    return { output, state: { h: stacked(hs) } };
  }
}

const lstmNames = namesOf<RecurrentOptions & { projSize?: number }>({ ...names, projSize: 1 });

/**
 * Long short-term memory. Each layer and direction is one kernel call over the whole sequence.
 *
 * i_t, f_t, o_t = sigmoid(W x_t + U h_{t-1} + b), g_t = tanh(W x_t + U h_{t-1} + b), c_t = f_t c_{t-1} + i_t g_t, h_t = o_t tanh(c_t).
 * The gates are stored in the order i, f, g, o, as in PyTorch.
 *
 * @param inputSize D, the size of x_t
 * @param hiddenSize H, the units of each layer and direction
 * @param options see RecurrentOptions; `projSize`: P, the size of a projection of h (Sak et al. 2014), below H; default 0 for none
 * @throws SeqgradError `range` for a size below 1 or a dropout outside [0, 1]
 * @see Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"
 * @example
 * const lstm = new sg.nn.LSTM(32, 64, { numLayers: 2, bidirectional: true, dropout: 0.1 });
 * const { output, state } = lstm.forward(sg.randn([2, 5, 32]), { lengths: [5, 3] });
 * output.shape; // = [2, 5, 128]
 * state.c.shape; // = [4, 2, 64]
 */
export class LSTM extends RecurrentLayer<LSTMState> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions & { projSize?: number } = {}) {
    checkOptions("LSTM", options, lstmNames);
    const { projSize = 0 } = options;
    checkInteger("LSTM", "hiddenSize", hiddenSize, 1);
    checkInteger("LSTM", "projSize", projSize, 0, Math.max(0, hiddenSize - 1));
    super("LSTM", inputSize, hiddenSize, 4, options, projSize || hiddenSize);
  }

  /**
   * Reads whole sequences.
   *
   * @param x `[B, T, D]`, float32
   * @param options first state and lengths: see SequenceOptions
   * @returns output `[B, T, directions H]`, 0 past a row's length, and state.h and state.c `[layers directions, B, H]` after the last valid
   *   step; with projSize, output and h have P instead of H
   * @throws SeqgradError `shape`, `range` for a length outside 1..T
   */
  override forward(x: Tensor, options: SequenceOptions<LSTMState> = {}): { output: Tensor; state: LSTMState } {
    checkCall("LSTM", options, "{ h, c }");
    const [hs, cs]: [Tensor[], Tensor[]] = [[], []];
    const { state } = options;
    const output = this.run(x, [state?.h, state?.c], options, ({ x, wIh, wHh, biases, state: [h0, c0], ...rest }) => {
      const { y, h, c } = lstm(x, wIh, wHh, { ...biases, h0, c0, ...rest });
      hs.push(h);
      cs.push(c);
      return y;
    });
    return { output, state: { h: stacked(hs), c: stacked(cs) } };
  }

  /**
   * Sets the bias of the forget gate, so that the cell remembers from the start: all of it in `bias_ih`, 0 in `bias_hh`.
   *
   * @param value default 1
   * @returns this layer
   * @throws SeqgradError `state` for a layer without biases, `value` for a number that is not finite
   * @see Gers, Schmidhuber and Cummins 2000, "Learning to Forget"; Jozefowicz, Zaremba and Sutskever 2015
   */
  setForgetBias(value = 1): this {
    checkFinite("LSTM.setForgetBias", "value", value);
    if (!this.weights.has("bias_ih_l0")) throw new SeqgradError("state", "LSTM.setForgetBias: the layer was made with bias: false.");
    for (const [name, bias] of this.weights) {
      if (!name.startsWith("bias")) continue;
      const forget = internal(bias).address + this.hiddenSize * 4;
      bias.backend.dispatch("fill", { y: forget, n: this.hiddenSize, value: name.startsWith("bias_ih") ? value : 0 });
    }
    return this;
  }
}

/**
 * Makes a ReLU network whose recurrent weights are the identity times `scale` and whose biases are 0, so that gradients neither vanish nor
 * explode at first.
 *
 * @param inputSize D, the size of x_t
 * @param hiddenSize H, the units of each layer and direction
 * @param options see RecurrentOptions; `scale`: default 1
 * @returns the layer
 * @throws SeqgradError `range` for a size below 1, `value` for a scale that is not finite
 * @see Le, Jaitly and Hinton 2015, "A Simple Way to Initialize Recurrent Networks of Rectified Linear Units"
 * @example
 * const { output } = sg.nn.identityRNN(2, 100).forward(sg.rand([8, 400, 2]));
 */
export function identityRNN(inputSize: number, hiddenSize: number, options: RecurrentOptions & { scale?: number } = {}): RNN {
  checkOptions("identityRNN", options, [...Object.keys(names), "scale"]);
  const { scale = 1, ...rest } = options;
  checkFinite("identityRNN", "scale", scale);
  checkInteger("identityRNN", "inputSize", inputSize, 1);
  checkInteger("identityRNN", "hiddenSize", hiddenSize, 1);
  const layer = new RNN(inputSize, hiddenSize, { ...rest, nonlinearity: "relu" });
  for (const [name, weight] of layer.namedParameters()) {
    if (name.startsWith("weight_hh")) init.identity(weight, scale);
    else if (name.startsWith("bias")) init.zeros(weight);
    else init.normal(weight, 0, 0.001);
  }
  return layer;
}
