import { activateRows, scaleRows } from "./epilogue";
import { packA, packB, scalePacked } from "./pack";
import { at, blockK, gemmFrom, stripRows } from "./tiles";

/** Columns in a block, so that packed B (512 KB) stays in the second-level cache while all rows meet it. */
const blockN: i32 = 512;

/**
 * y = activation(alpha op(A) op(B) + beta y + bias), for each of `batch` matrices.
 *
 * op(A) is [m, k]: stored so, or [k, m] with transA; op(B) [k, n]: stored so, or [n, k] with transB; y [m, n]; bias [n] or absent.
 * lda, ldb, ldy: elements from a row as stored to the next; strideA, strideB, strideY: from a matrix of the batch to the next (0 repeats).
 * activation: a position in `activations` of the contract. begin, end: the rows to compute, of the batch * m rows of y.
 * Overwrites the n columns of those rows and nothing between them; with beta 0 y is not read, with alpha 0 A and B are not.
 * No alignment wanted; y overlaps neither A, B nor bias. Workspace: a packed block of B, min(k, 256) by min(n, 512) in whole panels of
 * 8 columns, then with transA a strip of min(m, 96) rows of A.
 *
 * The loops are those of Goto and van de Geijn, Anatomy of high-performance matrix multiplication (2008): blocks of columns, in them
 * blocks of k, for which B is packed once (once for all the batch where it repeats), in them strips of rows. An output starts from
 * beta y + bias and adds a (alpha b) by ascending k, in whichever range of rows it is computed.
 */
export function gemm(
  a: usize, b: usize, bias: usize, y: usize, workspace: usize,
  batch: i32, m: i32, n: i32, k: i32, transA: i32, transB: i32, lda: i32, ldb: i32, ldy: i32,
  strideA: i32, strideB: i32, strideY: i32, activation: i32, begin: i32, end: i32, alpha: f32, beta: f32,
): void {
  if (alpha == 0) k = 0;
  // Rows that continue from matrix to matrix and share B are one matrix.
  if (strideB == 0 && !transA && strideA == m * lda && strideY == m * ldy) m *= batch;

  for (let j: i32 = 0; j < n; j += blockN) {
    const cols = min(n - j, blockN);
    const blockBias = bias ? at(bias, 0, 0, j) : 0;
    let kk: i32 = 0;
    do {
      const depth = min(k - kk, blockK);
      const packedA = at(workspace, depth, (cols + 7) & ~7, 0);
      for (let row = begin; row < end; ) {
        const item = row / m;
        const itemA = at(a, item, strideA, 0);
        const itemB = at(b, item, strideB, 0);
        if (row == begin || strideB) {
          packB(transB ? at(itemB, j, ldb, kk) : at(itemB, kk, ldb, j), ldb, transB != 0, depth, cols, workspace);
          if (alpha != 1) scalePacked(workspace, depth, cols, alpha);
        }
        for (const itemEnd = min(end, (item + 1) * m); row < itemEnd; row += stripRows) {
          const i = row - item * m;
          const rows = min(itemEnd - row, stripRows);
          let from = transA ? at(itemA, kk, lda, i) : at(itemA, i, lda, kk);
          if (transA) {
            packA(from, lda, rows, depth, packedA);
            from = packedA;
          }
          const to = at(at(y, item, strideY, j), i, ldy, 0);
          if (kk == 0 && beta != 0 && (beta != 1 || bias)) scaleRows(to, ldy, rows, cols, beta, blockBias);
          const afresh = kk == 0 && beta == 0;
          gemmFrom(from, transA ? depth : lda, workspace, rows, cols, depth, afresh ? blockBias : to, afresh ? 0 : ldy, to, ldy);
          if (activation && kk + depth == k) activateRows(to, ldy, rows, cols, activation);
        }
        row = min(end, (item + 1) * m);
      }
      kk += depth;
    } while (kk < k);
  }
}
