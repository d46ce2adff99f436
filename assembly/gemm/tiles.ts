/**
 * The matrix product's inner part, for kernels to build upon: y = start + A B, with A [m, k] read in place and B [k, n] in panels of
 * 8 columns. A, B and y need no alignment; y may be `start`, and overlaps neither A nor B. All strides are in elements.
 *
 * - gemmPacked: B is packed (see pack.ts); start is y itself (accumulate) or 0.
 * - gemmFrom: B is packed; start anywhere (ldStart 0: one row for all, such as a bias; address 0: zeros).
 * - gemmTransposed: as gemmFrom, but A is stored [k, m], its rows lda elements apart.
 * - gemmPanels: as gemmFrom, but the panels are nextB bytes apart, so that B may be some rows of a packed matrix.
 * - gemmInPlace: as gemmFrom, but B is as stored, its rows ldb elements apart, and n a multiple of 8.
 *
 * Panels stand alone: some neighbors of a packed matrix are one too, and so are panels of several side by side, as the gates of a cell.
 *
 * Each output is one accumulator that starts from `start` and adds its products by ascending k, whichever tile computes it, so that
 * it has the same bits whatever its neighbors are. Blocks over k keep this: the next block starts from what the last one stored.
 *
 * The tiles are shaped by 16 vector registers, of which V8 keeps one, by a multiply-add's latency, which 8 accumulators barely hide
 * and 12 hide well, and by V8's older compilers (Node 20 and 22): where a function has branches beside its loop, they move all loads
 * of a basic block before its arithmetic, and R x C vectors of accumulators then need R C + R + C registers. So the tiles of most
 * rows are straight: they compute whole panels, and start from zeros in memory where there is no `start`. In the relaxed variant they
 * are 6 x 8 and, for four rows that remain, 4 x 8; the baseline, whose product needs one more register, keeps to 4 x 8. Then two rows
 * take 2 x 16, and one takes 1 x 48 or 1 x 32. After Goto and van de Geijn, Anatomy of high-performance matrix multiplication, 2008.
 */
import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { gemm1x64, gemm2x32, gemm4x16, gemm6x16, gemm8x8 } from "./wide-tiles";

/** Steps of k in a block, so that a panel (8 KB) stays in the first-level cache while it meets a strip of rows. */
export const blockK: i32 = 256;
/** Rows in a strip, so that its block of A stays in the second-level cache while it meets all panels. */
export const stripRows: i32 = 96;

export function gemmPacked(a: usize, lda: i32, packed: usize, m: i32, n: i32, k: i32, y: usize, ldy: i32, accumulate: bool): void {
  gemmFrom(a, lda, packed, m, n, k, accumulate ? y : 0, ldy, y, ldy);
}

export function gemmFrom(
  a: usize, lda: i32, packed: usize, m: i32, n: i32, k: i32, start: usize, ldStart: i32, y: usize, ldy: i32,
): void {
  blocks(a, lda, 1, packed, 32, (<usize>k) << 5, m, n, k, start, ldStart, y, ldy);
}

export function gemmTransposed(
  a: usize, lda: i32, packed: usize, m: i32, n: i32, k: i32, start: usize, ldStart: i32, y: usize, ldy: i32,
): void {
  blocks(a, 1, lda, packed, 32, (<usize>k) << 5, m, n, k, start, ldStart, y, ldy);
}

export function gemmPanels(
  a: usize, lda: i32, packed: usize, nextB: usize, m: i32, n: i32, k: i32, start: usize, ldStart: i32, y: usize, ldy: i32,
): void {
  blocks(a, lda, 1, packed, 32, nextB, m, n, k, start, ldStart, y, ldy);
}

export function gemmInPlace(
  a: usize, lda: i32, b: usize, ldb: i32, m: i32, n: i32, k: i32, start: usize, ldStart: i32, y: usize, ldy: i32,
): void {
  blocks(a, lda, 1, b, (<usize>ldb) << 2, 32, m, n, k, start, ldStart, y, ldy);
}

/** Blocks of k and strips of rows. lda, lineA: elements from row to row of A and from column to column; stepB: bytes from a row of a panel of B to the next; nextB: bytes from panel to panel. */
function blocks(
  a: usize, lda: i32, lineA: i32, b: usize, stepB: usize, nextB: usize, m: i32, n: i32, k: i32, start: usize, ldStart: i32, y: usize, ldy: i32,
): void {
  let kk: i32 = 0;
  do {
    const depth = min(k - kk, blockK);
    for (let i: i32 = 0; i < m; i += stripRows) {
      const rows = min(m - i, stripRows);
      const stripStart = start ? at(start, i, ldStart, 0) : 0;
      strip(at(at(a, i, lda, 0), kk, lineA, 0), lda, lineA, b, stepB, nextB, rows, n, depth, stripStart, ldStart, at(y, i, ldy, 0), ldy);
    }
    start = y, ldStart = ldy;
    b += (<usize>depth) * stepB;
    kk += depth;
  } while (kk < k);
}

/** The start of the straight tiles if `start` is absent. */
const zeros = memory.data(32);

/** Address of element [i, j] of a matrix whose rows are ld elements apart. */
// @ts-ignore: decorator
@inline
export function at(x: usize, i: i32, ld: i32, j: i32): usize {
  return x + (((<usize>i) * <usize>ld + <usize>j) << 2);
}

/** A strip of rows by n columns, cut as suits the tiles of a single row. */
function strip(
  a: usize, lda: i32, lineA: i32, b: usize, stepB: usize, nextB: usize, rows: i32, n: i32, k: i32,
  start: usize, ldStart: i32, y: usize, ldy: i32,
): void {
  const rowA = (<usize>lda) << 2, stepA = (<usize>lineA) << 2, rowStart = start ? (<usize>ldStart) << 2 : 0, rowY = (<usize>ldy) << 2;
  const nextStart: usize = start ? 32 : 0;
  const low = ASC_WIDE && rows >= 8 ? rows & 1 : ASC_FEATURE_RELAXED_SIMD ? (rows % 6) & 3 : rows & 3;
  const tall = rows - low;
  const lowA = a + <usize>tall * rowA, lowStart = <usize>tall * rowStart, lowY = <usize>tall * rowY;
  while (n > 0) {
    const cols = ASC_WIDE ? min(n, 64) : n > 48 && n <= 64 ? 32 : min(n, 48);
    if (low) lowRows(lowA, rowA, stepA, b, stepB, nextB, low, cols, k, start + lowStart, rowStart, nextStart, y + lowY, rowY);
    if (tall) tallRows(a, rowA, stepA, b, stepB, nextB, tall, cols, k, start, rowStart, nextStart, y, rowY);
    const panels = <usize>(cols >> 3);
    n -= cols, b += panels * nextB, start += panels * nextStart, y += panels << 5;
  }
}

/** Rows in sixes and a four (baseline: in fours) by n columns. */
// @ts-ignore: decorator
@inline
function tallRows(
  a: usize, rowA: usize, stepA: usize, b: usize, stepB: usize, nextB: usize, rows: i32, n: i32, k: i32,
  start: usize, rowStart: usize, nextStart: usize, y: usize, rowY: usize,
): void {
  if (ASC_WIDE) {
    for (; n >= 16; n -= 16) {
      let tileA = a, tileStart = start ? start : zeros, tileY = y, left = rows;
      for (; left >= 6 && left != 8; left -= 6) {
        gemm6x16(tileA, rowA, stepA, b, stepB, nextB, k, tileStart, nextStart, rowStart, tileY, rowY);
        tileA += 6 * rowA, tileStart += 6 * rowStart, tileY += 6 * rowY;
      }
      for (; left >= 4; left -= 4) {
        gemm4x16(tileA, rowA, stepA, b, stepB, nextB, k, tileStart, nextStart, rowStart, tileY, rowY);
        tileA += 4 * rowA, tileStart += 4 * rowStart, tileY += 4 * rowY;
      }
      b += 2 * nextB, start += 2 * nextStart, y += 64;
    }
  }
  for (; n > 0; n -= 8) {
    let tileA = a, tileStart = start ? start : zeros, tileY = y, left = rows;
    if (ASC_WIDE && n >= 8) {
      for (; left >= 8 && left != 10; left -= 8) {
        gemm8x8(tileA, rowA, stepA, b, stepB, k, tileStart, rowStart, tileY, rowY);
        tileA += 8 * rowA, tileStart += 8 * rowStart, tileY += 8 * rowY;
      }
    }
    if (ASC_FEATURE_RELAXED_SIMD && n >= 8) {
      for (; left >= 6; left -= 6) {
        gemm6x8(tileA, rowA, stepA, b, stepB, k, tileStart, rowStart, tileY, rowY);
        tileA += 6 * rowA, tileStart += 6 * rowStart, tileY += 6 * rowY;
      }
    }
    for (; left >= 4 && n >= 8; left -= 4) {
      gemm4x8(tileA, rowA, stepA, b, stepB, k, tileStart, rowStart, tileY, rowY);
      tileA += 4 * rowA, tileStart += 4 * rowStart, tileY += 4 * rowY;
    }
    // The last columns, which do not fill a panel.
    for (; left >= 4; left -= 4) {
      gemm4x7(tileA, rowA, stepA, b, stepB, k, tileStart, rowStart, tileY, rowY, n);
      tileA += 4 * rowA, tileStart += 4 * rowStart, tileY += 4 * rowY;
    }
    if (left) gemm2x16(tileA, rowA, stepA, b, stepB, 0, k, tileStart, rowStart, tileY, rowY, n);
    b += nextB, start += nextStart, y += 32;
  }
}

/** One to three rows by n <= 48 columns. */
// @ts-ignore: decorator
@inline
function lowRows(
  a: usize, rowA: usize, stepA: usize, b: usize, stepB: usize, nextB: usize, rows: i32, n: i32, k: i32,
  start: usize, rowStart: usize, nextStart: usize, y: usize, rowY: usize,
): void {
  if (rows & 2) {
    let tileB = b, tileStart = start, tileY = y, cols = n;
    if (ASC_WIDE) {
      for (; cols >= 32; cols -= 32) {
        gemm2x32(a, rowA, stepA, tileB, stepB, nextB, k, tileStart ? tileStart : zeros, nextStart, rowStart, tileY, rowY);
        tileB += 4 * nextB, tileStart += 4 * nextStart, tileY += 128;
      }
    }
    for (; cols > 0; cols -= 16) {
      // A last panel without a neighbor is its own.
      gemm2x16(a, rowA, stepA, tileB, stepB, cols > 8 ? nextB : 0, k, tileStart, rowStart, tileY, rowY, cols);
      tileB += 2 * nextB, tileStart += 2 * nextStart, tileY += 64;
    }
    a += 2 * rowA, start += 2 * rowStart, y += 2 * rowY;
  }
  if (rows & 1) {
    if (ASC_WIDE && n == 64) gemm1x64(a, stepA, b, stepB, nextB, k, start ? start : zeros, nextStart, y);
    else if (n == 48) gemm1x48(a, stepA, b, stepB, nextB, k, start, y);
    else {
      for (let cols = n; cols > 0; cols -= 32) {
        gemm1x32(a, stepA, b, stepB, nextB, k, start, y, cols);
        b += 4 * nextB, start += 4 * nextStart, y += 128;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function zero(): v128 {
  return f32x4.splat(0);
}

// @ts-ignore: decorator
@inline
export function gemm6x8(
  a: usize, rowA: usize, stepA: usize, b: usize, stepB: usize, k: i32, start: usize, rowStart: usize, y: usize, rowY: usize,
): void {
  let c00 = v128.load(start), c01 = v128.load(start, 16);
  start += rowStart;
  let c10 = v128.load(start), c11 = v128.load(start, 16);
  start += rowStart;
  let c20 = v128.load(start), c21 = v128.load(start, 16);
  start += rowStart;
  let c30 = v128.load(start), c31 = v128.load(start, 16);
  start += rowStart;
  let c40 = v128.load(start), c41 = v128.load(start, 16);
  start += rowStart;
  let c50 = v128.load(start), c51 = v128.load(start, 16);
  let a1 = a + rowA, a2 = a1 + rowA, a3 = a2 + rowA, a4 = a3 + rowA, a5 = a4 + rowA;
  for (const end = b + (<usize>k) * stepB; b < end; b += stepB) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1);
    c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2);
    c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3);
    c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    s = v128.load32_splat(a4);
    c40 = fma(s, b0, c40), c41 = fma(s, b1, c41);
    s = v128.load32_splat(a5);
    c50 = fma(s, b0, c50), c51 = fma(s, b1, c51);
    a += stepA, a1 += stepA, a2 += stepA, a3 += stepA, a4 += stepA, a5 += stepA;
  }
  v128.store(y, c00), v128.store(y, c01, 16), y += rowY;
  v128.store(y, c10), v128.store(y, c11, 16), y += rowY;
  v128.store(y, c20), v128.store(y, c21, 16), y += rowY;
  v128.store(y, c30), v128.store(y, c31, 16), y += rowY;
  v128.store(y, c40), v128.store(y, c41, 16), y += rowY;
  v128.store(y, c50), v128.store(y, c51, 16);
}

// @ts-ignore: decorator
@inline
function gemm4x8(
  a: usize, rowA: usize, stepA: usize, b: usize, stepB: usize, k: i32, start: usize, rowStart: usize, y: usize, rowY: usize,
): void {
  let c00 = v128.load(start), c01 = v128.load(start, 16);
  start += rowStart;
  let c10 = v128.load(start), c11 = v128.load(start, 16);
  start += rowStart;
  let c20 = v128.load(start), c21 = v128.load(start, 16);
  start += rowStart;
  let c30 = v128.load(start), c31 = v128.load(start, 16);
  let a1 = a + rowA, a2 = a1 + rowA, a3 = a2 + rowA;
  for (const end = b + (<usize>k) * stepB; b < end; b += stepB) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1);
    c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2);
    c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3);
    c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    a += stepA, a1 += stepA, a2 += stepA, a3 += stepA;
  }
  v128.store(y, c00), v128.store(y, c01, 16), y += rowY;
  v128.store(y, c10), v128.store(y, c11, 16), y += rowY;
  v128.store(y, c20), v128.store(y, c21, 16), y += rowY;
  v128.store(y, c30), v128.store(y, c31, 16);
}

/** Four rows by fewer columns than a panel's. */
function gemm4x7(
  a: usize, rowA: usize, stepA: usize, b: usize, stepB: usize, k: i32, start: usize, rowStart: usize, y: usize, rowY: usize, cols: i32,
): void {
  let c00 = loadLanes(start, cols), c01 = second(start, cols);
  start += rowStart;
  let c10 = loadLanes(start, cols), c11 = second(start, cols);
  start += rowStart;
  let c20 = loadLanes(start, cols), c21 = second(start, cols);
  start += rowStart;
  let c30 = loadLanes(start, cols), c31 = second(start, cols);
  let a1 = a + rowA, a2 = a1 + rowA, a3 = a2 + rowA;
  for (const end = b + (<usize>k) * stepB; b < end; b += stepB) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1);
    c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2);
    c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3);
    c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    a += stepA, a1 += stepA, a2 += stepA, a3 += stepA;
  }
  storeLanes(y, c00, cols), storeSecond(y, c01, cols), y += rowY;
  storeLanes(y, c10, cols), storeSecond(y, c11, cols), y += rowY;
  storeLanes(y, c20, cols), storeSecond(y, c21, cols), y += rowY;
  storeLanes(y, c30, cols), storeSecond(y, c31, cols);
}

/** Columns 4.. of a panel of `cols` columns, and where they go. */
// @ts-ignore: decorator
@inline
function second(x: usize, cols: i32): v128 {
  return cols > 4 ? loadLanes(x + 16, cols - 4) : zero();
}
// @ts-ignore: decorator
@inline
function storeSecond(y: usize, v: v128, cols: i32): void {
  if (cols > 4) storeLanes(y + 16, v, cols - 4);
}

/** Two rows by two panels. */
function gemm2x16(
  a: usize, rowA: usize, stepA: usize, b: usize, stepB: usize, nextB: usize, k: i32,
  start: usize, rowStart: usize, y: usize, rowY: usize, cols: i32,
): void {
  let c00 = zero(), c01 = zero(), c02 = zero(), c03 = zero();
  let c10 = zero(), c11 = zero(), c12 = zero(), c13 = zero();
  if (start) {
    c00 = loadLanes(start, cols), c01 = loadLanes(start + 16, cols - 4);
    c02 = loadLanes(start + 32, cols - 8), c03 = loadLanes(start + 48, cols - 12), start += rowStart;
    c10 = loadLanes(start, cols), c11 = loadLanes(start + 16, cols - 4);
    c12 = loadLanes(start + 32, cols - 8), c13 = loadLanes(start + 48, cols - 12);
  }
  let a1 = a + rowA, next = b + nextB;
  for (const end = b + (<usize>k) * stepB; b < end; b += stepB, next += stepB, a += stepA, a1 += stepA) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(next), b3 = v128.load(next, 16);
    let s = v128.load32_splat(a);
    c00 = fma(s, b0, c00), c01 = fma(s, b1, c01), c02 = fma(s, b2, c02), c03 = fma(s, b3, c03);
    s = v128.load32_splat(a1);
    c10 = fma(s, b0, c10), c11 = fma(s, b1, c11), c12 = fma(s, b2, c12), c13 = fma(s, b3, c13);
  }
  storeLanes(y, c00, cols), storeLanes(y + 16, c01, cols - 4);
  storeLanes(y + 32, c02, cols - 8), storeLanes(y + 48, c03, cols - 12), y += rowY;
  storeLanes(y, c10, cols), storeLanes(y + 16, c11, cols - 4);
  storeLanes(y + 32, c12, cols - 8), storeLanes(y + 48, c13, cols - 12);
}

/** One row by four panels. */
function gemm1x32(a: usize, stepA: usize, b: usize, stepB: usize, nextB: usize, k: i32, start: usize, y: usize, cols: i32): void {
  let c0 = zero(), c1 = zero(), c2 = zero(), c3 = zero(), c4 = zero(), c5 = zero(), c6 = zero(), c7 = zero();
  if (start) {
    c0 = loadLanes(start, cols), c1 = loadLanes(start + 16, cols - 4);
    c2 = loadLanes(start + 32, cols - 8), c3 = loadLanes(start + 48, cols - 12);
    c4 = loadLanes(start + 64, cols - 16), c5 = loadLanes(start + 80, cols - 20);
    c6 = loadLanes(start + 96, cols - 24), c7 = loadLanes(start + 112, cols - 28);
  }
  // Panels past the last one are the last one.
  let b1 = b + (cols > 8 ? nextB : 0), b2 = b1 + (cols > 16 ? nextB : 0), b3 = b2 + (cols > 24 ? nextB : 0);
  for (const end = b + (<usize>k) * stepB; b < end; ) {
    const s = v128.load32_splat(a);
    c0 = fma(s, v128.load(b), c0), c1 = fma(s, v128.load(b, 16), c1);
    c2 = fma(s, v128.load(b1), c2), c3 = fma(s, v128.load(b1, 16), c3);
    // Never so, as in gemm1x48.
    if (b > end) break;
    c4 = fma(s, v128.load(b2), c4), c5 = fma(s, v128.load(b2, 16), c5);
    c6 = fma(s, v128.load(b3), c6), c7 = fma(s, v128.load(b3, 16), c7);
    a += stepA, b += stepB, b1 += stepB, b2 += stepB, b3 += stepB;
  }
  storeLanes(y, c0, cols), storeLanes(y + 16, c1, cols - 4);
  storeLanes(y + 32, c2, cols - 8), storeLanes(y + 48, c3, cols - 12);
  storeLanes(y + 64, c4, cols - 16), storeLanes(y + 80, c5, cols - 20);
  storeLanes(y + 96, c6, cols - 24), storeLanes(y + 112, c7, cols - 28);
}

/** One row by six whole panels. */
function gemm1x48(a: usize, stepA: usize, b: usize, stepB: usize, nextB: usize, k: i32, start: usize, y: usize): void {
  let c0 = zero(), c1 = zero(), c2 = zero(), c3 = zero(), c4 = zero(), c5 = zero();
  let c6 = zero(), c7 = zero(), c8 = zero(), c9 = zero(), c10 = zero(), c11 = zero();
  if (start) {
    c0 = v128.load(start), c1 = v128.load(start, 16), c2 = v128.load(start, 32), c3 = v128.load(start, 48);
    c4 = v128.load(start, 64), c5 = v128.load(start, 80), c6 = v128.load(start, 96), c7 = v128.load(start, 112);
    c8 = v128.load(start, 128), c9 = v128.load(start, 144), c10 = v128.load(start, 160), c11 = v128.load(start, 176);
  }
  let b1 = b + nextB, b2 = b1 + nextB, b3 = b2 + nextB, b4 = b3 + nextB, b5 = b4 + nextB;
  for (const end = b + (<usize>k) * stepB; b < end; ) {
    const s = v128.load32_splat(a);
    c0 = fma(s, v128.load(b), c0), c1 = fma(s, v128.load(b, 16), c1);
    c2 = fma(s, v128.load(b1), c2), c3 = fma(s, v128.load(b1, 16), c3);
    // Never so: it only ends a basic block, so that the loads below stay there.
    if (b > end) break;
    c4 = fma(s, v128.load(b2), c4), c5 = fma(s, v128.load(b2, 16), c5);
    c6 = fma(s, v128.load(b3), c6), c7 = fma(s, v128.load(b3, 16), c7);
    if (b > end) break;
    c8 = fma(s, v128.load(b4), c8), c9 = fma(s, v128.load(b4, 16), c9);
    c10 = fma(s, v128.load(b5), c10), c11 = fma(s, v128.load(b5, 16), c11);
    a += stepA, b += stepB, b1 += stepB, b2 += stepB, b3 += stepB, b4 += stepB, b5 += stepB;
  }
  v128.store(y, c0), v128.store(y, c1, 16), v128.store(y, c2, 32), v128.store(y, c3, 48);
  v128.store(y, c4, 64), v128.store(y, c5, 80), v128.store(y, c6, 96), v128.store(y, c7, 112);
  v128.store(y, c8, 128), v128.store(y, c9, 144), v128.store(y, c10, 160), v128.store(y, c11, 176);
}
