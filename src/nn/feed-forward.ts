import { dropout } from "../ops/dropout.js";
import { swiglu } from "../ops/swiglu.js";
import { gelu, relu } from "../ops/unary.js";
import { checkTensor } from "../tensor/internal.js";
import { allOrNothing } from "../tensor/ownership.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkChoice, checkInteger, checkInterval } from "../util/check.js";
import { checkOptions, namesOf } from "../util/options.js";
import { Linear } from "./layers.js";
import { Module } from "./module.js";

/** Between the two linear layers of a feed-forward net. The first is `widen` times as wide as the second one's input. */
const activations = {
  relu: { widen: 1, apply: relu },
  gelu: { widen: 1, apply: (x: Tensor) => gelu(x) },
  /** gelu by its tanh form, as in GPT-2. */
  geluTanh: { widen: 1, apply: (x: Tensor) => gelu(x, { approximate: true }) },
  swiglu: { widen: 2, apply: swiglu },
} as const;

export type FeedForwardActivation = keyof typeof activations;

export interface FeedForwardOptions {
  /** Default relu. */
  activation?: FeedForwardActivation;
  /** The probability of zeroing a hidden activation while training. Default 0. */
  dropout?: number;
  /** Default true. */
  bias?: boolean;
}

/** The two layers of a net, for a module that names them as its own. */
export function feedForwardLayers(op: string, dimension: number, hidden: number, { activation = "relu", bias = true }: FeedForwardOptions) {
  checkChoice<string>(op, "activation", activation, Object.keys(activations));
  checkBoolean(op, "bias", bias);
  checkInteger(op, "dimension", dimension, 1);
  checkInteger(op, "the hidden size", hidden, 1);
  return allOrNothing(() => {
    const linear1 = new Linear(dimension, hidden * activations[activation].widen, { bias });
    return { linear1, linear2: new Linear(hidden, dimension, { bias }) };
  });
}

/** x `[..., D]` -> `[..., D]`, through both. */
export function feedForward(
  x: Tensor,
  { linear1, linear2 }: { linear1: Linear; linear2: Linear },
  activation: FeedForwardActivation,
  p: number,
): Tensor {
  return linear2.forward(dropout(activations[activation].apply(linear1.forward(x)), p));
}

/**
 * Two linear layers with an activation between them, applied to every position on its own.
 *
 * y = W_2 f(W_1 x + b_1) + b_2
 *
 * @param dimension D, the size of x and of y
 * @param hidden the size between the two layers
 * @param options see FeedForwardOptions
 * @throws SeqgradError `range` for a size below 1 or dropout outside [0, 1], `value` for an unknown activation
 * @see Vaswani et al. 2017, "Attention Is All You Need", section 3.3
 * @example
 * new sg.nn.FeedForward(32, 128, { activation: "gelu" }).forward(sg.randn([2, 5, 32])).shape; // = [2, 5, 32]
 */
export class FeedForward extends Module {
  readonly linear1: Linear;
  readonly linear2: Linear;
  readonly activation: FeedForwardActivation;
  readonly dropout: number;

  constructor(dimension: number, hidden: number, options: FeedForwardOptions = {}) {
    super();
    checkOptions("FeedForward", options, namesOf<FeedForwardOptions>({ activation: 1, dropout: 1, bias: 1 }));
    this.dropout = checkInterval("FeedForward", "dropout", options.dropout ?? 0, 0, 1);
    const { linear1, linear2 } = feedForwardLayers("FeedForward", dimension, hidden, options);
    this.linear1 = linear1;
    this.linear2 = linear2;
    this.activation = options.activation ?? "relu";
  }

  /**
   * Applies both layers.
   *
   * @param x `[..., D]`, float32
   * @returns `[..., D]`
   * @throws SeqgradError `shape`
   */
  forward(x: Tensor): Tensor {
    return feedForward(checkTensor("FeedForward", x, "x"), this, this.activation, this.training ? this.dropout : 0);
  }
}
