import { activateRows, scaleRows } from "./epilogue";
import { fewRows, gemmByColumns, gemmRow, suitsColumns, suitsRow } from "./few-rows";
import { packA, packB, panels, scalePacked } from "./pack";
import { at, blockK, gemmFrom, gemmInPlace, gemmTransposed, stripRows } from "./tiles";

/** Columns in a block, so that packed B (512 KB) stays in the second-level cache while all rows meet it; fewer where they are one strip. */
const blockN: i32 = 512;
const stripN: i32 = 128;

/**
 * Whether a stored A^T is better packed than read as it lies: not where few panels meet it, and its rows lie near each other, for a step
 * reads a line of memory, and lines far apart fall into few sets of the caches.
 */
// @ts-ignore: decorator
@inline
function packsA(lda: i32, cols: i32): bool {
  return lda * cols > 16384;
}

/**
 * Whether B [k, n] is better read in place than packed, by the rows that each panel meets. Rows of B that are multiples of 4 KB apart
 * fall into one set of the first-level cache, and what a second tile reads again is no longer there.
 */
// @ts-ignore: decorator
@inline
function readInPlace(rows: i32, ldb: i32): bool {
  return rows <= (ldb % 1024 ? 32 : 3);
}

/**
 * y = activation(alpha op(A) op(B) + beta y + bias), for each of `batch` matrices.
 *
 * op(A) is [m, k]: stored so, or [k, m] with transA; op(B) [k, n]: stored so, or [n, k] with transB; y [m, n]; bias [n] or absent.
 * lda, ldb, ldy: elements from a row as stored to the next; strideA, strideB, strideY: from a matrix of the batch to the next (0 repeats).
 * activation: a position in `activations` of the contract. begin, end: the rows to compute, of the batch * m rows of y.
 * Overwrites the n columns of those rows and nothing between them; with beta 0 y is not read, with alpha 0 A and B are not.
 * No alignment needed; y overlaps neither A, B nor bias. Workspace: a packed block of B, min(k, 256) by min(n, 512) in whole panels of
 * 8 columns, then with transA a strip of min(m, 96) rows of A; with transB at least k + 96 by min(batch m, 64) in whole eights.
 *
 * The loops are those of Goto and van de Geijn, Anatomy of high-performance matrix multiplication (2008): blocks of columns, in them
 * blocks of k, for which B is packed once (once for all the batch where it repeats), in them strips of rows. Few rows do not repay
 * packing B: they read whole panels of a B [k, n] in place, and multiply a B [n, k] by a packed A^T. An output starts from
 * beta y + bias and adds a (alpha b) by ascending k, in whichever way and range of rows it is computed; but where every matrix has one
 * row, a B [n, k] is multiplied along k, and sums of every eighth product are added up: see gemmRow.
 */
export function gemm(
  a: usize, b: usize, bias: usize, y: usize, workspace: usize,
  batch: i32, m: i32, n: i32, k: i32, transA: i32, transB: i32, lda: i32, ldb: i32, ldy: i32,
  strideA: i32, strideB: i32, strideY: i32, activation: i32, begin: i32, end: i32, alpha: f32, beta: f32,
): void {
  if (alpha == 0) k = 0;
  // Rows that continue from matrix to matrix and share B are one matrix.
  if (strideB == 0 && !transA && strideA == m * lda && strideY == m * ldy) m *= batch;

  if (m == 1 && !transA && transB && alpha == 1 && beta == 0 && suitsRow(n, k)) {
    for (let item = begin; item < end; item++)
      gemmRow(at(a, item, strideA, 0), at(b, item, strideB, 0), ldb, bias, at(y, item, strideY, 0), n, k, activation);
    return;
  }
  const least = min(m, end - begin);
  if (!transA && transB && alpha == 1 && suitsColumns(least, k)) {
    for (let row = begin; row < end; ) {
      const item = row / m, i = row - item * m;
      const rows = min(m - i, end - row);
      const from = at(at(a, item, strideA, 0), i, lda, 0), to = at(at(y, item, strideY, 0), i, ldy, 0);
      gemmByColumns(from, lda, at(b, item, strideB, 0), ldb, bias, to, ldy, rows, n, k, activation, beta, workspace);
      row += rows;
    }
    return;
  }
  const inPlace = !transB && alpha == 1 && ldb >= n && readInPlace(least, ldb);

  const block = least <= stripRows ? stripN : blockN;
  for (let j: i32 = 0; j < n; j += block) {
    const cols = min(n - j, block);
    const whole = inPlace ? cols & ~7 : 0;
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
          packB(transB ? at(itemB, j, ldb, kk) : at(itemB, kk, ldb, j + whole), ldb, transB != 0, depth, cols - whole, workspace);
          if (alpha != 1) scalePacked(workspace, depth, cols, alpha);
        }
        for (const itemEnd = min(end, (item + 1) * m); row < itemEnd; row += stripRows) {
          const i = row - item * m;
          const rows = min(itemEnd - row, stripRows);
          let from = transA ? at(itemA, kk, lda, i) : at(itemA, i, lda, kk);
          const turned = transA && (whole || packsA(lda, cols));
          if (turned) {
            packA(from, lda, rows, depth, packedA);
            from = packedA;
          }
          const to = at(at(y, item, strideY, j), i, ldy, 0);
          if (kk == 0 && beta != 0 && (beta != 1 || bias)) scaleRows(to, ldy, rows, cols, beta, blockBias);
          const afresh = kk == 0 && beta == 0;
          const ldFrom = turned ? depth : lda, start = afresh ? blockBias : to, ldStart = afresh ? 0 : ldy;
          if (whole) gemmInPlace(from, ldFrom, at(itemB, kk, ldb, j), ldb, rows, whole, depth, start, ldStart, to, ldy);
          const rest = (<usize>whole) << 2;
          if (transA && !turned) gemmTransposed(from, lda, workspace, rows, cols, depth, start, ldStart, to, ldy);
          else gemmFrom(from, ldFrom, workspace, rows, cols - whole, depth, start ? start + rest : 0, ldStart, to + rest, ldy);
          if (activation && kk + depth == k) activateRows(to, ldy, rows, cols, activation);
        }
        row = min(end, (item + 1) * m);
      }
      kk += depth;
    } while (kk < k);
  }
}

/** Bytes of gemm's workspace. */
export function gemmWorkspace(batch: f64, m: f64, n: f64, k: f64, transA: f64, transB: f64): f64 {
  const blocks = min(k, <f64>blockK) * (panels(min(n, <f64>blockN)) + (transA != 0 ? min(m, <f64>stripRows) : 0));
  const few = transB != 0 ? (k + <f64>stripRows) * min(panels(batch * m), <f64>fewRows) : 0;
  return max(blocks, few) * 4;
}
