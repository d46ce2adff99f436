import type { DType } from "../backend/backend.js";
import { checkOptions, namesOf } from "../util/options.js";
import { checkDtype, makeOn } from "./create.js";
import { checkTensor, type InternalTensor } from "./internal.js";
import { fill } from "./memory.js";
import { checkedNumber } from "./numbers.js";
import { drawRandom } from "./random.js";
import type { Tensor } from "./tensor.js";

export interface LikeOptions {
  /** Default: the dtype of x. */
  dtype?: DType;
  /** True if backward() leaves a gradient. Default false. */
  requiresGrad?: boolean;
}

const names = namesOf<LikeOptions>({ dtype: 1, requiresGrad: 1 });

function filledLike(op: string, x: Tensor, value: number, options: LikeOptions): Tensor {
  checkTensor(op, x, "x");
  checkOptions(op, options, names);
  const dtype = checkDtype(op, options.dtype ?? x.dtype);
  const number = checkedNumber(op, value, dtype);
  return fill(
    makeOn(op, () => x.backend, x.shape, { ...options, dtype }),
    number,
  );
}

/**
 * Makes zeros of the shape, the dtype and the device of x.
 *
 * @param x of any shape and dtype
 * @param options `dtype` and `requiresGrad`: see LikeOptions
 * @returns the shape of x
 * @throws SeqgradError `value` for an unknown option, `dtype`
 * @example
 * sg.zerosLike(sg.tensor([5, 6])); // = [0, 0]
 */
export const zerosLike = (x: Tensor, options: LikeOptions = {}): Tensor => filledLike("zerosLike", x, 0, options);

/**
 * Makes ones of the shape, the dtype and the device of x.
 *
 * @param x of any shape and dtype
 * @param options `dtype` and `requiresGrad`: see LikeOptions
 * @returns the shape of x
 * @throws SeqgradError `value` for an unknown option, `dtype`
 * @example
 * sg.onesLike(sg.tensor([5, 6])); // = [1, 1]
 */
export const onesLike = (x: Tensor, options: LikeOptions = {}): Tensor => filledLike("onesLike", x, 1, options);

/**
 * Makes a tensor of one number, of the shape, the dtype and the device of x.
 *
 * @param x of any shape and dtype
 * @param value the number
 * @param options `dtype` and `requiresGrad`: see LikeOptions
 * @returns the shape of x
 * @throws SeqgradError `value` for an unknown option, `range` for a fraction in int32, `dtype`
 * @example
 * sg.fullLike(sg.tensor([5, 6]), 7); // = [7, 7]
 */
export const fullLike = (x: Tensor, value: number, options: LikeOptions = {}): Tensor => filledLike("fullLike", x, value, options);

function drawnLike(op: string, x: Tensor, options: object, draw: (y: InternalTensor) => void): Tensor {
  checkTensor(op, x, "x");
  checkOptions(op, options, ["requiresGrad"]);
  const y = makeOn(op, () => x.backend, x.shape, options);
  if (y.size > 0) draw(y);
  return y;
}

/**
 * Draws uniform numbers on [0, 1) in the shape and on the device of x, from the generator that manualSeed() sets.
 *
 * @param x of any shape and dtype
 * @param options `requiresGrad`: see LikeOptions
 * @returns the shape of x, float32
 * @throws SeqgradError `value` for an unknown option
 * @example
 * const noise = sg.randLike(sg.zeros([2, 3]));
 */
export const randLike = (x: Tensor, options: Pick<LikeOptions, "requiresGrad"> = {}): Tensor =>
  drawnLike("randLike", x, options, (y) => {
    y.backend.dispatch("randomUniform", { y, n: y.size, ...drawRandom(y.size), low: 0, high: 1 });
  });

/**
 * Draws standard normal numbers in the shape and on the device of x, from the generator that manualSeed() sets.
 *
 * @param x of any shape and dtype
 * @param options `requiresGrad`: see LikeOptions
 * @returns the shape of x, float32
 * @throws SeqgradError `value` for an unknown option
 * @example
 * const noise = sg.randnLike(sg.zeros([2, 3]));
 */
export const randnLike = (x: Tensor, options: Pick<LikeOptions, "requiresGrad"> = {}): Tensor =>
  drawnLike("randnLike", x, options, (y) => {
    y.backend.dispatch("randomNormal", { y, n: y.size, ...drawRandom(y.size), mean: 0, std: 1 });
  });
