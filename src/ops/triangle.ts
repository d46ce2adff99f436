import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions } from "../util/options.js";
import { greaterEqual, lessEqual } from "./binary.js";
import { constant } from "./define-op.js";
import { where } from "./where.js";

/** The diagonal: 0 is the main one, 1 the one above it, -1 the one below. Default 0. */
export interface TriangleOptions {
  diagonal?: number;
}

function triangle(op: "tril" | "triu", x: Tensor, options: TriangleOptions): Tensor {
  checkTensor(op, x, "x");
  checkOptions(op, options, ["diagonal"]);
  const diagonal = checkInteger(op, "diagonal", options.diagonal ?? 0, -(2 ** 30), 2 ** 30);
  if (x.rank < 2)
    throw new SeqgradError(
      "shape",
      `${op}: x has shape ${formatShape(x.shape)}; expected a matrix, or a batch of them: [..., rows, columns].`,
    );
  const [rows = 0, columns = 0] = x.shape.slice(-2);
  const ends = constant(
    x,
    Int32Array.from({ length: rows }, (_, i) => i + diagonal),
    [rows, 1],
  ); // the column of the diagonal
  const at = constant(
    x,
    Int32Array.from({ length: columns }, (_, j) => j),
    [columns],
  );
  return where((op === "tril" ? lessEqual : greaterEqual)(at, ends), x, 0);
}

/**
 * Returns the lower triangle of each matrix, the diagonal included, and 0 above it.
 *
 * @param x `[..., rows, columns]`, float32 or int32
 * @param options `diagonal`: 0 is the main one, 1 the one above it, -1 the one below; default 0
 * @returns the shape of x
 * @throws SeqgradError `shape` for fewer than 2 dimensions, `range` for a diagonal that is not a whole number
 * @example
 * sg.tril(sg.ones([3, 3])); // = [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
 */
export const tril = (x: Tensor, options: TriangleOptions = {}): Tensor => triangle("tril", x, options);

/**
 * Returns the upper triangle of each matrix, the diagonal included, and 0 below it.
 *
 * @param x `[..., rows, columns]`, float32 or int32
 * @param options `diagonal`: 0 is the main one, 1 the one above it, -1 the one below; default 0
 * @returns the shape of x
 * @throws SeqgradError `shape` for fewer than 2 dimensions, `range` for a diagonal that is not a whole number
 * @example
 * sg.triu(sg.ones([3, 3]), { diagonal: 1 }); // = [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
 */
export const triu = (x: Tensor, options: TriangleOptions = {}): Tensor => triangle("triu", x, options);
