import { elu, glu, logSigmoid, mish, selu } from "../ops/activations.js";
import { logSoftmax, softmax } from "../ops/softmax.js";
import { gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from "../ops/unary.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkFinite, checkInteger } from "../util/check.js";
import { checkOptions, refuseExtra } from "../util/options.js";
import { Module } from "./module.js";

/** A layer without parameters that applies a function of one tensor. */
export abstract class ActivationLayer extends Module {
  constructor(...extra: unknown[]) {
    super();
    refuseExtra(new.target.name, extra);
  }
  /**
   * Applies the function to each element.
   *
   * @param x of any shape, float32; int32 where the operation takes it
   * @returns the shape of x
   * @throws SeqgradError `dtype` for int32 where the operation refuses it
   */
  abstract forward(x: Tensor): Tensor;
}

/**
 * max(x, 0) as a layer: see relu().
 * @example
 * new sg.nn.ReLU().forward(sg.tensor([-1, 2])); // = [0, 2]
 */
export class ReLU extends ActivationLayer {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/**
 * The hyperbolic tangent as a layer: see tanh().
 * @example
 * new sg.nn.Tanh().forward(sg.tensor([0])); // = [0]
 */
export class Tanh extends ActivationLayer {
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/**
 * 1 / (1 + e^-x) as a layer: see sigmoid().
 * @example
 * new sg.nn.Sigmoid().forward(sg.tensor([0])); // = [0.5]
 */
export class Sigmoid extends ActivationLayer {
  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/**
 * x sigmoid(x) as a layer: see silu().
 * @example
 * new sg.nn.SiLU().forward(sg.tensor([0])); // = [0]
 */
export class SiLU extends ActivationLayer {
  forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/**
 * ln(1 + e^x) as a layer: see softplus().
 * @example
 * new sg.nn.Softplus().forward(sg.tensor([0])); // = [Math.LN2]
 */
export class Softplus extends ActivationLayer {
  forward(x: Tensor): Tensor {
    return softplus(x);
  }
}

/**
 * 1.0507 elu(x, 1.6733) as a layer: see selu().
 * @example
 * new sg.nn.SELU().forward(sg.tensor([2])); // = [2.101]
 */
export class SELU extends ActivationLayer {
  forward(x: Tensor): Tensor {
    return selu(x);
  }
}

/**
 * x tanh(ln(1 + e^x)) as a layer: see mish().
 * @example
 * new sg.nn.Mish().forward(sg.tensor([2])); // = [1.944]
 */
export class Mish extends ActivationLayer {
  forward(x: Tensor): Tensor {
    return mish(x);
  }
}

/**
 * The logarithm of the sigmoid as a layer: see logSigmoid().
 * @example
 * new sg.nn.LogSigmoid().forward(sg.tensor([0])); // = [-Math.LN2]
 */
export class LogSigmoid extends ActivationLayer {
  forward(x: Tensor): Tensor {
    return logSigmoid(x);
  }
}

/**
 * x Phi(x), or with `approximate` its tanh form, as a layer: see gelu().
 *
 * @param options `approximate`: the tanh form of Hendrycks and Gimpel (2016), as in GPT-2; default false
 * @throws SeqgradError `value` for an approximate that is not true or false
 * @example
 * new sg.nn.GELU({ approximate: true }).forward(sg.tensor([1])); // = [0.8412]
 */
export class GELU extends Module {
  constructor(private readonly options: { approximate?: boolean } = {}) {
    super();
    checkOptions("GELU", options, ["approximate"]);
    checkBoolean("GELU", "approximate", options.approximate ?? false);
  }
  /**
   * Applies the function to each element.
   *
   * @param x of any shape, float32
   * @returns the shape of x, float32
   * @throws SeqgradError `dtype` for int32
   */
  forward(x: Tensor): Tensor {
    return gelu(x, this.options);
  }
}

/**
 * x where positive, else slope x, as a layer: see leakyRelu().
 *
 * @param options `slope`: the factor of negative elements; default 0.01
 * @throws SeqgradError `value` for a slope that is not a finite number
 * @example
 * new sg.nn.LeakyReLU({ slope: 0.1 }).forward(sg.tensor([-1, 2])); // = [-0.1, 2]
 */
export class LeakyReLU extends Module {
  readonly slope: number;
  constructor(options: { slope?: number } = {}) {
    super();
    checkOptions("LeakyReLU", options, ["slope"]);
    this.slope = checkFinite("LeakyReLU", "slope", options.slope ?? 0.01);
  }
  /**
   * Applies the function to each element.
   *
   * @param x of any shape, float32
   * @returns the shape of x
   * @throws SeqgradError `dtype` for int32
   */
  forward(x: Tensor): Tensor {
    return leakyRelu(x, this.slope);
  }
}

/**
 * x where positive, else alpha (e^x - 1), as a layer: see elu().
 *
 * @param options `alpha`: the limit of negative elements is -alpha; default 1
 * @throws SeqgradError `value` for an alpha that is not a finite number
 * @see Clevert, Unterthiner and Hochreiter 2016, "Fast and Accurate Deep Network Learning by Exponential Linear Units"
 * @example
 * new sg.nn.ELU({ alpha: 2 }).forward(sg.tensor([-1, 2])); // = [-1.264, 2]
 */
export class ELU extends Module {
  readonly alpha: number;
  constructor(options: { alpha?: number } = {}) {
    super();
    checkOptions("ELU", options, ["alpha"]);
    this.alpha = checkFinite("ELU", "alpha", options.alpha ?? 1);
  }
  /**
   * Applies the function to each element.
   *
   * @param x of any shape, float32
   * @returns the shape of x, float32
   * @throws SeqgradError `dtype` for int32
   */
  forward(x: Tensor): Tensor {
    return elu(x, { alpha: this.alpha });
  }
}

/** A layer that works along one dimension. */
export abstract class AxisLayer extends Module {
  /** The dimension, by default the last. */
  readonly axis: number;
  constructor(options: { axis?: number } = {}) {
    super();
    checkOptions(new.target.name, options, ["axis"]);
    this.axis = checkInteger(new.target.name, "axis", options.axis ?? -1, -64, 63);
  }
  /**
   * Applies the function along `axis`.
   *
   * @param x of any shape with that axis, float32; int32 where the operation takes it
   * @returns the shape of x, float32
   * @throws SeqgradError `range` for an axis that x does not have
   */
  abstract forward(x: Tensor): Tensor;
}

/**
 * a sigmoid(b) of the halves a and b of `axis` as a layer: see glu().
 *
 * @param options `axis`: the dimension to halve; default the last
 * @example
 * new sg.nn.GLU().forward(sg.tensor([3, 4, 0, 0])); // = [1.5, 2]
 */
export class GLU extends AxisLayer {
  /**
   * Multiplies one half of `axis` by the sigmoid of the other.
   *
   * @param x `[..., 2 D]` for the last axis, float32
   * @returns `[..., D]`, float32
   * @throws SeqgradError `shape` for a dimension of odd size, `range` for an axis that x does not have, `dtype` for int32
   */
  forward(x: Tensor): Tensor {
    return glu(x, { axis: this.axis });
  }
}

/**
 * The softmax along `axis` as a layer: see softmax().
 *
 * @param options `axis`: the dimension whose elements add up to 1; default the last
 * @example
 * new sg.nn.Softmax().forward(sg.tensor([0, 0])); // = [0.5, 0.5]
 */
export class Softmax extends AxisLayer {
  forward(x: Tensor): Tensor {
    return softmax(x, { axis: this.axis });
  }
}

/**
 * The logarithm of the softmax along `axis` as a layer: see logSoftmax().
 *
 * @param options `axis`: the dimension of the classes; default the last
 * @example
 * new sg.nn.LogSoftmax().forward(sg.tensor([0, 0])); // = [-Math.LN2, -Math.LN2]
 */
export class LogSoftmax extends AxisLayer {
  forward(x: Tensor): Tensor {
    return logSoftmax(x, { axis: this.axis });
  }
}
