import { fma } from "../simd/fma";
import { activateRows, scaleRows } from "./epilogue";
import { packB, transpose } from "./pack";
import { at, gemmFrom, stripRows } from "./tiles";

/** The most rows that gemmByColumns takes. */
export const fewRows: i32 = 64;

/**
* True if gemmByColumns is faster for this number of rows. It saves the packing of B, which takes as long as two rows of the product;
 * that must exceed what it does to y, and what the idle lanes of its panels take.
 */
// @ts-ignore: decorator
@inline
export function suitsColumns(rows: i32, k: i32): bool {
  return rows <= fewRows && 8 * rows <= k && (-rows & 7) <= 1;
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

/** True if gemmRow can do it. */
// @ts-ignore: decorator
@inline
export function suitsRow(n: i32, k: i32): bool {
  return n >= 4 && k > 0 && (k & 7) == 0;
}

/**
 * y = activation(a B^T + bias) for a single row, as when a model decodes: along k, for four rows of B at once, in place, since B takes
 * longer to pack than to multiply. Here an output is the sum of eight, each of every eighth product.
 *
 * a [k], B [n, k], its rows ldb elements apart, y [n], bias [n] or absent; k is a multiple of 8, and n at least 4. y is overwritten, and
 * overlaps nothing. No alignment is needed.
 */
export function gemmRow(a: usize, b: usize, ldb: i32, bias: usize, y: usize, n: i32, k: i32, activation: i32): void {
  const ld = (<usize>ldb) << 2;
  const end = a + ((<usize>k) << 2);
  const zero = f32x4.splat(0);
  for (let next: i32 = 0; next < n; next += 4) {
    const j = min(next, n - 4); // the last four may have some of those before, which come out as they were
    let b0 = at(b, j, ldb, 0);
    let s0 = zero, s1 = zero, s2 = zero, s3 = zero, t0 = zero, t1 = zero, t2 = zero, t3 = zero;
    for (let p = a; p < end; p += 32, b0 += 32) {
      const b1 = b0 + ld, b2 = b1 + ld, b3 = b2 + ld;
      const x = v128.load(p), z = v128.load(p, 16);
      s0 = fma(x, v128.load(b0), s0), t0 = fma(z, v128.load(b0, 16), t0);
      s1 = fma(x, v128.load(b1), s1), t1 = fma(z, v128.load(b1, 16), t1);
      s2 = fma(x, v128.load(b2), s2), t2 = fma(z, v128.load(b2, 16), t2);
      s3 = fma(x, v128.load(b3), s3), t3 = fma(z, v128.load(b3, 16), t3);
    }
    const u = halves(f32x4.add(s0, t0), f32x4.add(s1, t1)), v = halves(f32x4.add(s2, t2), f32x4.add(s3, t3));
    const sums = f32x4.add(v128.shuffle<f32>(u, v, 0, 1, 4, 5), v128.shuffle<f32>(u, v, 2, 3, 6, 7));
    const offset = (<usize>j) << 2;
    v128.store(y + offset, bias ? f32x4.add(sums, v128.load(bias + offset)) : sums);
  }
  if (activation) activateRows(y, n, 1, n, activation);
}

/** x0 + x2, z0 + z2, x1 + x3, z1 + z3. */
// @ts-ignore: decorator
@inline
function halves(x: v128, z: v128): v128 {
  return f32x4.add(v128.shuffle<f32>(x, z, 0, 4, 1, 5), v128.shuffle<f32>(x, z, 2, 6, 3, 7));
}
