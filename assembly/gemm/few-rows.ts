import { activateRows, scaleRows } from "./epilogue";
import { packB, transpose } from "./pack";
import { at, gemmFrom, stripRows } from "./tiles";

/**
 * Whether gemmByColumns is the faster way to so many rows. It saves the packing of B, which takes as long as two rows of the product;
 * that must exceed what it does to y, and what the idle lanes of its panels take.
 */
// @ts-ignore: decorator
@inline
export function suitsColumns(rows: i32, k: i32): bool {
  return rows <= 64 && 8 * rows <= k && (-rows & 7) <= 1;
}

/**
 * y = activation(A B^T + beta y + bias) for few rows, as y^T = B A^T, so that A is packed, and B, which is larger, read in place.
 *
 * A [rows, k], B [n, k], y [rows, n], bias [n] or absent; lda, ldb, ldy: elements from row to row. activation, beta and what is
 * overwritten: as in gemm, and the sums are the same, so that their bits are. Workspace: A^T packed, k by `rows` in whole panels
 * of 8, then 96 rows of y^T.
 */
export function gemmByColumns(
  a: usize, lda: i32, b: usize, ldb: i32, bias: usize, y: usize, ldy: i32, rows: i32, n: i32, k: i32,
  activation: i32, beta: f32, workspace: usize,
): void {
  const lanes = (rows + 7) & ~7;
  const block = at(workspace, k, lanes, 0);
  packB(a, lda, true, k, rows, workspace);
  if (beta != 0 && (beta != 1 || bias)) scaleRows(y, ldy, rows, n, beta, bias);
  const start = beta == 0 ? bias : y, ldStart = beta == 0 ? 0 : ldy;
  for (let j: i32 = 0; j < n; j += stripRows) {
    const cols = min(n - j, stripRows);
    if (start) transpose(at(start, 0, 0, j), ldStart, cols, rows, block, lanes);
    gemmFrom(at(b, j, ldb, 0), ldb, workspace, cols, lanes, k, start ? block : 0, lanes, block, lanes);
    transpose(block, lanes, rows, cols, at(y, 0, 0, j), ldy);
  }
  if (activation) activateRows(y, ldy, rows, n, activation);
}
