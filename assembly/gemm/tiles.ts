/**
 * The matrix product's inner part, for kernels to build upon: y = start + A B, with A [m, k] read in place and B packed in panels of
 * 8 columns (see pack.ts). A and y need no alignment; y may be `start`, and overlaps neither A nor B. All strides are in elements.
 *
 * - gemmPacked: all n columns; start is y itself (accumulate) or 0.
 * - gemmFrom: all n columns; start anywhere (ldStart 0: one row for all, such as a bias; address 0: zeros).
 * - gemmPanels: any equally spaced panels, such as the gates of the same 8 hidden units.
 *
 * Each output is one accumulator that starts from `start` and adds its products by ascending k, whichever tile computes it, so that
 * it has the same bits whatever its neighbours are. Blocks over k keep this: the next block starts from what the last one stored.
 *
 * The tiles are shaped by 16 vector registers, of which V8 keeps one, and by its compilers, some of which (Node 20 and 22) move all the
 * loads of a basic block before its arithmetic: R x C vectors of accumulators then want R C + R + C registers, and a tile for which
 * that is more than 15, such as the classic 6 x 8, spills accumulators and runs at half speed. So 4 x 8 serves most rows; two rows
 * that remain take 2 x 16 and one takes 1 x 48, since fewer than 8 accumulators wait for each other. After Goto and van de Geijn,
 * Anatomy of high-performance matrix multiplication, 2008.
 */
import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";

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
  const whole = n & ~7;
  if (whole) gemmPanels(a, lda, packed, k << 3, whole >> 3, 8, m, k, start, ldStart, 8, y, ldy, 8);
  if (whole == n) return;
  const last = at(packed, whole, k, 0);
  gemmPanels(a, lda, last, 0, 1, n - whole, m, k, start ? at(start, 0, 0, whole) : 0, ldStart, 0, at(y, 0, 0, whole), ldy, 0);
}

/**
 * Panel q of `panels`, at panel + q panelStride, gives `cols` (1 to 8) columns at y + q stepY, from those at start + q stepStart.
 * k is also the number of rows that the panels have.
 */
export function gemmPanels(
  a: usize, lda: i32, panel: usize, panelStride: i32, panels: i32, cols: i32, m: i32, k: i32,
  start: usize, ldStart: i32, stepStart: i32, y: usize, ldy: i32, stepY: i32,
): void {
  let kk: i32 = 0;
  do {
    const depth = min(k - kk, blockK);
    for (let i: i32 = 0; i < m; i += stripRows) {
      const rows = min(m - i, stripRows);
      const stripA = at(a, i, lda, kk);
      const stripStart = start ? at(start, i, ldStart, 0) : 0;
      strip(stripA, lda, panel, panelStride, panels, cols, rows, depth, stripStart, ldStart, stepStart, at(y, i, ldy, 0), ldy, stepY);
    }
    start = y, ldStart = ldy, stepStart = stepY;
    panel += (<usize>depth) << 5;
    kk += depth;
  } while (kk < k);
}

/** Address of element [i, j] of a matrix whose rows are ld elements apart. */
// @ts-ignore: decorator
@inline
export function at(x: usize, i: i32, ld: i32, j: i32): usize {
  return x + (((<usize>i) * <usize>ld + <usize>j) << 2);
}

/** One block: a strip of rows by all panels, in groups of six that suit the tile of a single row. */
function strip(
  a: usize, lda: i32, panel: usize, panelStride: i32, panels: i32, cols: i32, rows: i32, k: i32,
  start: usize, ldStart: i32, stepStart: i32, y: usize, ldy: i32, stepY: i32,
): void {
  const rowA = (<usize>lda) << 2, rowStart = start ? (<usize>ldStart) << 2 : 0, rowY = (<usize>ldy) << 2;
  const nextB = (<usize>panelStride) << 2, nextStart = start ? (<usize>stepStart) << 2 : 0, nextY = (<usize>stepY) << 2;
  for (const tall = rows & ~3; panels > 0; panels -= 6) {
    const group = min(panels, 6);
    if (rows > tall) {
      const lowStart = start + <usize>tall * rowStart;
      lowRows(
        a + <usize>tall * rowA, rowA, panel, nextB, group, cols, rows - tall, k, lowStart, rowStart, nextStart,
        y + <usize>tall * rowY, rowY, nextY,
      );
    }
    for (let q: i32 = 0; q < group; q++) {
      let tileA = a, tileStart = start, tileY = y;
      for (let i: i32 = 0; i < tall; i += 4) {
        gemm4x8(tileA, rowA, panel, k, tileStart, rowStart, tileY, rowY, cols);
        tileA += 4 * rowA, tileStart += 4 * rowStart, tileY += 4 * rowY;
      }
      panel += nextB, start += nextStart, y += nextY;
    }
  }
}

/** One to three rows by a group of panels. */
function lowRows(
  a: usize, rowA: usize, panel: usize, nextB: usize, group: i32, cols: i32, rows: i32, k: i32,
  start: usize, rowStart: usize, nextStart: usize, y: usize, rowY: usize, nextY: usize,
): void {
  if (rows & 1) {
    if (group == 6 && cols == 8) gemm1x48(a, panel, nextB, k, start, nextStart, y, nextY);
    else for (let q: usize = 0; q < <usize>group; q++) gemm1x8(a, panel + q * nextB, k, start + q * nextStart, y + q * nextY, cols);
    a += rowA, start += rowStart, y += rowY;
  }
  if (rows & 2) {
    for (; group >= 2; group -= 2) {
      gemm2x16(a, rowA, panel, nextB, k, start, rowStart, nextStart, y, rowY, nextY, cols);
      panel += 2 * nextB, start += 2 * nextStart, y += 2 * nextY;
    }
    if (group == 0) return;
    gemm1x8(a, panel, k, start, y, cols);
    gemm1x8(a + rowA, panel, k, start + rowStart, y + rowY, cols);
  }
}

// @ts-ignore: decorator
@inline
function zero(): v128 {
  return f32x4.splat(0);
}

function gemm4x8(a: usize, rowA: usize, b: usize, k: i32, start: usize, rowStart: usize, y: usize, rowY: usize, cols: i32): void {
  let c00 = zero(), c01 = zero();
  let c10 = zero(), c11 = zero();
  let c20 = zero(), c21 = zero();
  let c30 = zero(), c31 = zero();
  if (start) {
    c00 = loadLanes(start, cols), c01 = loadLanes(start + 16, cols - 4), start += rowStart;
    c10 = loadLanes(start, cols), c11 = loadLanes(start + 16, cols - 4), start += rowStart;
    c20 = loadLanes(start, cols), c21 = loadLanes(start + 16, cols - 4), start += rowStart;
    c30 = loadLanes(start, cols), c31 = loadLanes(start + 16, cols - 4);
  }
  let a1 = a + rowA, a2 = a1 + rowA, a3 = a2 + rowA;
  let s: v128, b0: v128, b1: v128;
  // Two steps of k a turn; the way out between them also ends a basic block, so that they are not mixed.
  const end = b + ((<usize>k) << 5);
  while (b < end) {
    b0 = v128.load(b), b1 = v128.load(b, 16);
    s = v128.load32_splat(a), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3), c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    if (b + 32 == end) break;
    b0 = v128.load(b, 32), b1 = v128.load(b, 48);
    s = v128.load32_splat(a, 4), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1, 4), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2, 4), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3, 4), c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    b += 64, a += 8, a1 += 8, a2 += 8, a3 += 8;
  }
  storeLanes(y, c00, cols), storeLanes(y + 16, c01, cols - 4), y += rowY;
  storeLanes(y, c10, cols), storeLanes(y + 16, c11, cols - 4), y += rowY;
  storeLanes(y, c20, cols), storeLanes(y + 16, c21, cols - 4), y += rowY;
  storeLanes(y, c30, cols), storeLanes(y + 16, c31, cols - 4);
}

/** Two rows by two panels, which both have `cols` columns. */
function gemm2x16(
  a: usize, rowA: usize, b: usize, nextB: usize, k: i32, start: usize, rowStart: usize, nextStart: usize,
  y: usize, rowY: usize, nextY: usize, cols: i32,
): void {
  let c00 = zero(), c01 = zero(), c02 = zero(), c03 = zero();
  let c10 = zero(), c11 = zero(), c12 = zero(), c13 = zero();
  if (start) {
    c00 = loadLanes(start, cols), c01 = loadLanes(start + 16, cols - 4);
    c10 = loadLanes(start + rowStart, cols), c11 = loadLanes(start + rowStart + 16, cols - 4), start += nextStart;
    c02 = loadLanes(start, cols), c03 = loadLanes(start + 16, cols - 4);
    c12 = loadLanes(start + rowStart, cols), c13 = loadLanes(start + rowStart + 16, cols - 4);
  }
  let a1 = a + rowA, next = b + nextB;
  for (const end = b + ((<usize>k) << 5); b < end; b += 32, next += 32, a += 4, a1 += 4) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(next), b3 = v128.load(next, 16);
    let s = v128.load32_splat(a);
    c00 = fma(s, b0, c00), c01 = fma(s, b1, c01), c02 = fma(s, b2, c02), c03 = fma(s, b3, c03);
    s = v128.load32_splat(a1);
    c10 = fma(s, b0, c10), c11 = fma(s, b1, c11), c12 = fma(s, b2, c12), c13 = fma(s, b3, c13);
  }
  storeLanes(y, c00, cols), storeLanes(y + 16, c01, cols - 4);
  storeLanes(y + rowY, c10, cols), storeLanes(y + rowY + 16, c11, cols - 4), y += nextY;
  storeLanes(y, c02, cols), storeLanes(y + 16, c03, cols - 4);
  storeLanes(y + rowY, c12, cols), storeLanes(y + rowY + 16, c13, cols - 4);
}

function gemm1x8(a: usize, b: usize, k: i32, start: usize, y: usize, cols: i32): void {
  let c0 = zero(), c1 = zero();
  if (start) c0 = loadLanes(start, cols), c1 = loadLanes(start + 16, cols - 4);
  for (const end = b + ((<usize>k) << 5); b < end; b += 32, a += 4) {
    const s = v128.load32_splat(a);
    c0 = fma(s, v128.load(b), c0), c1 = fma(s, v128.load(b, 16), c1);
  }
  storeLanes(y, c0, cols), storeLanes(y + 16, c1, cols - 4);
}

/** One row by six whole panels. */
function gemm1x48(a: usize, b: usize, nextB: usize, k: i32, start: usize, nextStart: usize, y: usize, nextY: usize): void {
  let c0 = zero(), c1 = zero(), c2 = zero(), c3 = zero(), c4 = zero(), c5 = zero();
  let c6 = zero(), c7 = zero(), c8 = zero(), c9 = zero(), c10 = zero(), c11 = zero();
  if (start) {
    c0 = v128.load(start), c1 = v128.load(start, 16), start += nextStart;
    c2 = v128.load(start), c3 = v128.load(start, 16), start += nextStart;
    c4 = v128.load(start), c5 = v128.load(start, 16), start += nextStart;
    c6 = v128.load(start), c7 = v128.load(start, 16), start += nextStart;
    c8 = v128.load(start), c9 = v128.load(start, 16), start += nextStart;
    c10 = v128.load(start), c11 = v128.load(start, 16);
  }
  let b1 = b + nextB, b2 = b1 + nextB, b3 = b2 + nextB, b4 = b3 + nextB, b5 = b4 + nextB;
  for (const end = b + ((<usize>k) << 5); b < end; ) {
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
    a += 4, b += 32, b1 += 32, b2 += 32, b3 += 32, b4 += 32, b5 += 32;
  }
  v128.store(y, c0), v128.store(y, c1, 16), y += nextY;
  v128.store(y, c2), v128.store(y, c3, 16), y += nextY;
  v128.store(y, c4), v128.store(y, c5, 16), y += nextY;
  v128.store(y, c6), v128.store(y, c7, 16), y += nextY;
  v128.store(y, c8), v128.store(y, c9, 16), y += nextY;
  v128.store(y, c10), v128.store(y, c11, 16);
}
