import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { refuseExtra } from "../util/options.js";
import { equal, greater, less, maximum, mul, notEqual } from "./binary.js";
import { checkReduction, type ReduceOptions, sum } from "./reduce.js";
import { abs } from "./unary.js";

type Operand = Tensor | number;

/** 1 where x is not 0: what counts as true, NaN too. */
const truth = (op: string, name: string, x: Operand): Operand =>
  typeof x === "number" ? Number(x !== 0) : notEqual(checkTensor(op, x, name), 0);

/**
 * 1 where a and b are both not 0, else 0, elementwise, with broadcasting.
 *
 * @param a a tensor or a number
 * @param b a tensor or a number; not both are numbers
 * @returns the broadcast shape, float32
 * @throws SeqgradError `shape` when they do not broadcast
 * @example
 * sg.logicalAnd(sg.tensor([1, 1, 0]), sg.tensor([2, 0, 0])); // = [1, 0, 0]
 */
export const logicalAnd = (a: Operand, b: Operand): Tensor => mul(truth("logicalAnd", "a", a), truth("logicalAnd", "b", b));
/**
 * 1 where a or b is not 0, else 0, elementwise, with broadcasting.
 *
 * @param a a tensor or a number
 * @param b a tensor or a number; not both are numbers
 * @returns the broadcast shape, float32
 * @throws SeqgradError `shape` when they do not broadcast
 * @example
 * sg.logicalOr(sg.tensor([1, 1, 0]), sg.tensor([2, 0, 0])); // = [1, 1, 0]
 */
export const logicalOr = (a: Operand, b: Operand): Tensor => maximum(truth("logicalOr", "a", a), truth("logicalOr", "b", b));
/**
 * 1 where a or b is not 0, but not both, else 0, elementwise, with broadcasting.
 *
 * @param a a tensor or a number
 * @param b a tensor or a number; not both are numbers
 * @returns the broadcast shape, float32
 * @throws SeqgradError `shape` when they do not broadcast
 * @example
 * sg.logicalXor(sg.tensor([1, 1, 0]), sg.tensor([2, 0, 0])); // = [0, 1, 0]
 */
export const logicalXor = (a: Operand, b: Operand): Tensor => notEqual(truth("logicalXor", "a", a), truth("logicalXor", "b", b));
/**
 * 1 where x is 0, else 0, elementwise.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape of x, float32
 * @example
 * sg.logicalNot(sg.tensor([0, 3])); // = [1, 0]
 */
export const logicalNot = (x: Tensor, ...extra: never[]): Tensor => {
  refuseExtra("logicalNot", extra);
  return equal(checkTensor("logicalNot", x, "x"), 0);
};
/**
 * 1 where x is not a number (NaN), else 0, elementwise.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape of x, float32
 * @example
 * sg.isNaN(sg.tensor([NaN, 1])); // = [1, 0]
 */
const isNotANumber = (x: Tensor, ...extra: never[]): Tensor => {
  refuseExtra("isNaN", extra);
  return notEqual(checkTensor("isNaN", x, "x"), x);
};
/**
 * 1 where x is neither infinite nor NaN, else 0, elementwise.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape of x, float32
 * @example
 * sg.isFinite(sg.tensor([NaN, Infinity, 1])); // = [0, 0, 1]
 */
const isFiniteNumber = (x: Tensor, ...extra: never[]): Tensor => {
  refuseExtra("isFinite", extra);
  return less(abs(checkTensor("isFinite", x, "x")), Number.POSITIVE_INFINITY);
};

/**
 * Returns 1 where no element is 0, else 0: of all elements or along `axis`; 1 of no elements.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see ReduceOptions
 * @returns the shape of x without the reduced dimensions, float32
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.all(sg.fromArray([[1, 2], [0, 3]]), { axis: 1 }); // = [1, 0]
 */
export function all(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkReduction("all", x, options);
  return equal(sum(equal(x, 0), options), 0);
}

/**
 * Returns 1 where some element is not 0, else 0: of all elements or along `axis`; 0 of no elements.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see ReduceOptions
 * @returns the shape of x without the reduced dimensions, float32
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.any(sg.fromArray([[0, 2], [0, 0]]), { axis: 1 }); // = [1, 0]
 */
export function any(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkReduction("any", x, options);
  return greater(sum(notEqual(x, 0), options), 0);
}

// Under PyTorch's names; the globals of these names are for numbers.
export { isFiniteNumber as isFinite, isNotANumber as isNaN };
