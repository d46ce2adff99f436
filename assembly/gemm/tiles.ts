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
 * The tiles: 6 x 8 takes 12 accumulators, 2 registers of B and 1 of A, of the 16 that x86-64 has. The others serve the rest of the rows,
 * and 1 x 48 a single row, where fewer accumulators would wait for each other. Four steps of k a turn, because the loop's bound and
 * V8's stack check cost more than the addresses. After Goto and van de Geijn, Anatomy of high-performance matrix multiplication, 2008.
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
  a: usize, lda: i32, panel: usize, panelStride: i32, panels: i32, cols: i32, m: i32, k: i32, start: usize, ldStart: i32, stepStart: i32,
  y: usize, ldy: i32, stepY: i32,
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

/** One block: a strip of rows by all panels. */
function strip(
  a: usize, lda: i32, panel: usize, panelStride: i32, panels: i32, cols: i32, rows: i32, k: i32, start: usize, ldStart: i32, stepStart: i32,
  y: usize, ldy: i32, stepY: i32,
): void {
  const la = (<usize>lda) << 2;
  const ls = (<usize>ldStart) << 2;
  const ly = (<usize>ldy) << 2;
  const nextPanel = (<usize>panelStride) << 2;
  const nextStart = start ? (<usize>stepStart) << 2 : 0;
  const nextY = (<usize>stepY) << 2;
  if (rows == 1 && cols == 8) {
    for (; panels >= 6; panels -= 6, panel += 6 * nextPanel, start += 6 * nextStart, y += 6 * nextY) {
      gemm1x48(a, panel, nextPanel, k, start, nextStart, y, nextY);
    }
  }
  for (; panels > 0; panels--, panel += nextPanel, start += nextStart, y += nextY) {
    let tileA = a;
    let tileStart = start;
    let tileY = y;
    for (let left = rows; left > 0; ) {
      const height = tileHeight(left);
      if (height == 6) gemm6x8(tileA, la, panel, k, tileStart, ls, tileY, ly, cols);
      else if (height == 4) gemm4x8(tileA, la, panel, k, tileStart, ls, tileY, ly, cols);
      else if (height == 3) gemm3x8(tileA, la, panel, k, tileStart, ls, tileY, ly, cols);
      else if (height == 2) gemm2x8(tileA, la, panel, k, tileStart, ls, tileY, ly, cols);
      else gemm1x8(tileA, la, panel, k, tileStart, ls, tileY, ly, cols);
      left -= height;
      tileA += (<usize>height) * la;
      if (start) tileStart += (<usize>height) * ls;
      tileY += (<usize>height) * ly;
    }
  }
}

/** Rows of the next tile: 6, but 4 where that spares a low tile at the end (7 = 4 + 3, 8 = 4 + 4, 11 = 4 + 4 + 3). */
// @ts-ignore: decorator
@inline
function tileHeight(left: i32): i32 {
  if (left == 7 || left == 8 || left == 11) return 4;
  if (left >= 6) return 6;
  return left == 5 ? 3 : left;
}

// @ts-ignore: decorator
@inline
function zero(): v128 {
  return f32x4.splat(0);
}

function gemm6x8(a: usize, lda: usize, b: usize, k: i32, start: usize, ldStart: usize, y: usize, ldy: usize, cols: i32): void {
  let c00 = zero(), c01 = zero();
  let c10 = zero(), c11 = zero();
  let c20 = zero(), c21 = zero();
  let c30 = zero(), c31 = zero();
  let c40 = zero(), c41 = zero();
  let c50 = zero(), c51 = zero();
  if (start) {
    c00 = loadLanes(start, cols), c01 = loadLanes(start + 16, cols - 4);
    start += ldStart, c10 = loadLanes(start, cols), c11 = loadLanes(start + 16, cols - 4);
    start += ldStart, c20 = loadLanes(start, cols), c21 = loadLanes(start + 16, cols - 4);
    start += ldStart, c30 = loadLanes(start, cols), c31 = loadLanes(start + 16, cols - 4);
    start += ldStart, c40 = loadLanes(start, cols), c41 = loadLanes(start + 16, cols - 4);
    start += ldStart, c50 = loadLanes(start, cols), c51 = loadLanes(start + 16, cols - 4);
  }
  let a1 = a + lda, a2 = a1 + lda, a3 = a2 + lda, a4 = a3 + lda, a5 = a4 + lda;
  const end = b + ((<usize>k) << 5), whole = b + ((<usize>(k & ~3)) << 5);
  let s: v128, b0: v128, b1: v128;
  while (b < whole) {
    b0 = v128.load(b), b1 = v128.load(b, 16);
    s = v128.load32_splat(a), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3), c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    s = v128.load32_splat(a4), c40 = fma(s, b0, c40), c41 = fma(s, b1, c41);
    s = v128.load32_splat(a5), c50 = fma(s, b0, c50), c51 = fma(s, b1, c51);
    b0 = v128.load(b, 32), b1 = v128.load(b, 48);
    s = v128.load32_splat(a, 4), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1, 4), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2, 4), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3, 4), c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    s = v128.load32_splat(a4, 4), c40 = fma(s, b0, c40), c41 = fma(s, b1, c41);
    s = v128.load32_splat(a5, 4), c50 = fma(s, b0, c50), c51 = fma(s, b1, c51);
    b0 = v128.load(b, 64), b1 = v128.load(b, 80);
    s = v128.load32_splat(a, 8), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1, 8), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2, 8), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3, 8), c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    s = v128.load32_splat(a4, 8), c40 = fma(s, b0, c40), c41 = fma(s, b1, c41);
    s = v128.load32_splat(a5, 8), c50 = fma(s, b0, c50), c51 = fma(s, b1, c51);
    b0 = v128.load(b, 96), b1 = v128.load(b, 112);
    s = v128.load32_splat(a, 12), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1, 12), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2, 12), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3, 12), c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    s = v128.load32_splat(a4, 12), c40 = fma(s, b0, c40), c41 = fma(s, b1, c41);
    s = v128.load32_splat(a5, 12), c50 = fma(s, b0, c50), c51 = fma(s, b1, c51);
    b += 128, a += 16, a1 += 16, a2 += 16, a3 += 16, a4 += 16, a5 += 16;
  }
  while (b < end) {
    b0 = v128.load(b), b1 = v128.load(b, 16);
    s = v128.load32_splat(a), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3), c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    s = v128.load32_splat(a4), c40 = fma(s, b0, c40), c41 = fma(s, b1, c41);
    s = v128.load32_splat(a5), c50 = fma(s, b0, c50), c51 = fma(s, b1, c51);
    b += 32, a += 4, a1 += 4, a2 += 4, a3 += 4, a4 += 4, a5 += 4;
  }
  storeLanes(y, c00, cols), storeLanes(y + 16, c01, cols - 4);
  y += ldy, storeLanes(y, c10, cols), storeLanes(y + 16, c11, cols - 4);
  y += ldy, storeLanes(y, c20, cols), storeLanes(y + 16, c21, cols - 4);
  y += ldy, storeLanes(y, c30, cols), storeLanes(y + 16, c31, cols - 4);
  y += ldy, storeLanes(y, c40, cols), storeLanes(y + 16, c41, cols - 4);
  y += ldy, storeLanes(y, c50, cols), storeLanes(y + 16, c51, cols - 4);
}

function gemm4x8(a: usize, lda: usize, b: usize, k: i32, start: usize, ldStart: usize, y: usize, ldy: usize, cols: i32): void {
  let c00 = zero(), c01 = zero();
  let c10 = zero(), c11 = zero();
  let c20 = zero(), c21 = zero();
  let c30 = zero(), c31 = zero();
  if (start) {
    c00 = loadLanes(start, cols), c01 = loadLanes(start + 16, cols - 4);
    start += ldStart, c10 = loadLanes(start, cols), c11 = loadLanes(start + 16, cols - 4);
    start += ldStart, c20 = loadLanes(start, cols), c21 = loadLanes(start + 16, cols - 4);
    start += ldStart, c30 = loadLanes(start, cols), c31 = loadLanes(start + 16, cols - 4);
  }
  let a1 = a + lda, a2 = a1 + lda, a3 = a2 + lda;
  const end = b + ((<usize>k) << 5), whole = b + ((<usize>(k & ~3)) << 5);
  let s: v128, b0: v128, b1: v128;
  while (b < whole) {
    b0 = v128.load(b), b1 = v128.load(b, 16);
    s = v128.load32_splat(a), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3), c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    b0 = v128.load(b, 32), b1 = v128.load(b, 48);
    s = v128.load32_splat(a, 4), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1, 4), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2, 4), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3, 4), c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    b0 = v128.load(b, 64), b1 = v128.load(b, 80);
    s = v128.load32_splat(a, 8), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1, 8), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2, 8), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3, 8), c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    b0 = v128.load(b, 96), b1 = v128.load(b, 112);
    s = v128.load32_splat(a, 12), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1, 12), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2, 12), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3, 12), c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    b += 128, a += 16, a1 += 16, a2 += 16, a3 += 16;
  }
  while (b < end) {
    b0 = v128.load(b), b1 = v128.load(b, 16);
    s = v128.load32_splat(a), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3), c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    b += 32, a += 4, a1 += 4, a2 += 4, a3 += 4;
  }
  storeLanes(y, c00, cols), storeLanes(y + 16, c01, cols - 4);
  y += ldy, storeLanes(y, c10, cols), storeLanes(y + 16, c11, cols - 4);
  y += ldy, storeLanes(y, c20, cols), storeLanes(y + 16, c21, cols - 4);
  y += ldy, storeLanes(y, c30, cols), storeLanes(y + 16, c31, cols - 4);
}

function gemm3x8(a: usize, lda: usize, b: usize, k: i32, start: usize, ldStart: usize, y: usize, ldy: usize, cols: i32): void {
  let c00 = zero(), c01 = zero();
  let c10 = zero(), c11 = zero();
  let c20 = zero(), c21 = zero();
  if (start) {
    c00 = loadLanes(start, cols), c01 = loadLanes(start + 16, cols - 4);
    start += ldStart, c10 = loadLanes(start, cols), c11 = loadLanes(start + 16, cols - 4);
    start += ldStart, c20 = loadLanes(start, cols), c21 = loadLanes(start + 16, cols - 4);
  }
  let a1 = a + lda, a2 = a1 + lda;
  const end = b + ((<usize>k) << 5), whole = b + ((<usize>(k & ~3)) << 5);
  let s: v128, b0: v128, b1: v128;
  while (b < whole) {
    b0 = v128.load(b), b1 = v128.load(b, 16);
    s = v128.load32_splat(a), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    b0 = v128.load(b, 32), b1 = v128.load(b, 48);
    s = v128.load32_splat(a, 4), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1, 4), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2, 4), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    b0 = v128.load(b, 64), b1 = v128.load(b, 80);
    s = v128.load32_splat(a, 8), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1, 8), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2, 8), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    b0 = v128.load(b, 96), b1 = v128.load(b, 112);
    s = v128.load32_splat(a, 12), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1, 12), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2, 12), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    b += 128, a += 16, a1 += 16, a2 += 16;
  }
  while (b < end) {
    b0 = v128.load(b), b1 = v128.load(b, 16);
    s = v128.load32_splat(a), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2), c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    b += 32, a += 4, a1 += 4, a2 += 4;
  }
  storeLanes(y, c00, cols), storeLanes(y + 16, c01, cols - 4);
  y += ldy, storeLanes(y, c10, cols), storeLanes(y + 16, c11, cols - 4);
  y += ldy, storeLanes(y, c20, cols), storeLanes(y + 16, c21, cols - 4);
}

function gemm2x8(a: usize, lda: usize, b: usize, k: i32, start: usize, ldStart: usize, y: usize, ldy: usize, cols: i32): void {
  let c00 = zero(), c01 = zero();
  let c10 = zero(), c11 = zero();
  if (start) {
    c00 = loadLanes(start, cols), c01 = loadLanes(start + 16, cols - 4);
    start += ldStart, c10 = loadLanes(start, cols), c11 = loadLanes(start + 16, cols - 4);
  }
  let a1 = a + lda;
  const end = b + ((<usize>k) << 5), whole = b + ((<usize>(k & ~3)) << 5);
  let s: v128, b0: v128, b1: v128;
  while (b < whole) {
    b0 = v128.load(b), b1 = v128.load(b, 16);
    s = v128.load32_splat(a), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    b0 = v128.load(b, 32), b1 = v128.load(b, 48);
    s = v128.load32_splat(a, 4), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1, 4), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    b0 = v128.load(b, 64), b1 = v128.load(b, 80);
    s = v128.load32_splat(a, 8), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1, 8), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    b0 = v128.load(b, 96), b1 = v128.load(b, 112);
    s = v128.load32_splat(a, 12), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1, 12), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    b += 128, a += 16, a1 += 16;
  }
  while (b < end) {
    b0 = v128.load(b), b1 = v128.load(b, 16);
    s = v128.load32_splat(a), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1), c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    b += 32, a += 4, a1 += 4;
  }
  storeLanes(y, c00, cols), storeLanes(y + 16, c01, cols - 4);
  y += ldy, storeLanes(y, c10, cols), storeLanes(y + 16, c11, cols - 4);
}

function gemm1x8(a: usize, lda: usize, b: usize, k: i32, start: usize, ldStart: usize, y: usize, ldy: usize, cols: i32): void {
  let c00 = zero(), c01 = zero();
  if (start) {
    c00 = loadLanes(start, cols), c01 = loadLanes(start + 16, cols - 4);
  }
  const end = b + ((<usize>k) << 5), whole = b + ((<usize>(k & ~3)) << 5);
  let s: v128, b0: v128, b1: v128;
  while (b < whole) {
    b0 = v128.load(b), b1 = v128.load(b, 16);
    s = v128.load32_splat(a), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    b0 = v128.load(b, 32), b1 = v128.load(b, 48);
    s = v128.load32_splat(a, 4), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    b0 = v128.load(b, 64), b1 = v128.load(b, 80);
    s = v128.load32_splat(a, 8), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    b0 = v128.load(b, 96), b1 = v128.load(b, 112);
    s = v128.load32_splat(a, 12), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    b += 128, a += 16;
  }
  while (b < end) {
    b0 = v128.load(b), b1 = v128.load(b, 16);
    s = v128.load32_splat(a), c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    b += 32, a += 4;
  }
  storeLanes(y, c00, cols), storeLanes(y + 16, c01, cols - 4);
}

function gemm1x48(a: usize, b: usize, stride: usize, k: i32, start: usize, startStep: usize, y: usize, step: usize): void {
  let c00 = zero(), c01 = zero();
  let c10 = zero(), c11 = zero();
  let c20 = zero(), c21 = zero();
  let c30 = zero(), c31 = zero();
  let c40 = zero(), c41 = zero();
  let c50 = zero(), c51 = zero();
  if (start) {
    c00 = v128.load(start), c01 = v128.load(start, 16);
    start += startStep, c10 = v128.load(start), c11 = v128.load(start, 16);
    start += startStep, c20 = v128.load(start), c21 = v128.load(start, 16);
    start += startStep, c30 = v128.load(start), c31 = v128.load(start, 16);
    start += startStep, c40 = v128.load(start), c41 = v128.load(start, 16);
    start += startStep, c50 = v128.load(start), c51 = v128.load(start, 16);
  }
  let b1 = b + stride, b2 = b1 + stride, b3 = b2 + stride, b4 = b3 + stride, b5 = b4 + stride;
  const end = b + ((<usize>k) << 5), whole = b + ((<usize>(k & ~3)) << 5);
  let s: v128;
  while (b < whole) {
    s = v128.load32_splat(a);
    c00 = fma(s, v128.load(b), c00), c01 = fma(s, v128.load(b, 16), c01);
    c10 = fma(s, v128.load(b1), c10), c11 = fma(s, v128.load(b1, 16), c11);
    c20 = fma(s, v128.load(b2), c20), c21 = fma(s, v128.load(b2, 16), c21);
    c30 = fma(s, v128.load(b3), c30), c31 = fma(s, v128.load(b3, 16), c31);
    c40 = fma(s, v128.load(b4), c40), c41 = fma(s, v128.load(b4, 16), c41);
    c50 = fma(s, v128.load(b5), c50), c51 = fma(s, v128.load(b5, 16), c51);
    s = v128.load32_splat(a, 4);
    c00 = fma(s, v128.load(b, 32), c00), c01 = fma(s, v128.load(b, 48), c01);
    c10 = fma(s, v128.load(b1, 32), c10), c11 = fma(s, v128.load(b1, 48), c11);
    c20 = fma(s, v128.load(b2, 32), c20), c21 = fma(s, v128.load(b2, 48), c21);
    c30 = fma(s, v128.load(b3, 32), c30), c31 = fma(s, v128.load(b3, 48), c31);
    c40 = fma(s, v128.load(b4, 32), c40), c41 = fma(s, v128.load(b4, 48), c41);
    c50 = fma(s, v128.load(b5, 32), c50), c51 = fma(s, v128.load(b5, 48), c51);
    s = v128.load32_splat(a, 8);
    c00 = fma(s, v128.load(b, 64), c00), c01 = fma(s, v128.load(b, 80), c01);
    c10 = fma(s, v128.load(b1, 64), c10), c11 = fma(s, v128.load(b1, 80), c11);
    c20 = fma(s, v128.load(b2, 64), c20), c21 = fma(s, v128.load(b2, 80), c21);
    c30 = fma(s, v128.load(b3, 64), c30), c31 = fma(s, v128.load(b3, 80), c31);
    c40 = fma(s, v128.load(b4, 64), c40), c41 = fma(s, v128.load(b4, 80), c41);
    c50 = fma(s, v128.load(b5, 64), c50), c51 = fma(s, v128.load(b5, 80), c51);
    s = v128.load32_splat(a, 12);
    c00 = fma(s, v128.load(b, 96), c00), c01 = fma(s, v128.load(b, 112), c01);
    c10 = fma(s, v128.load(b1, 96), c10), c11 = fma(s, v128.load(b1, 112), c11);
    c20 = fma(s, v128.load(b2, 96), c20), c21 = fma(s, v128.load(b2, 112), c21);
    c30 = fma(s, v128.load(b3, 96), c30), c31 = fma(s, v128.load(b3, 112), c31);
    c40 = fma(s, v128.load(b4, 96), c40), c41 = fma(s, v128.load(b4, 112), c41);
    c50 = fma(s, v128.load(b5, 96), c50), c51 = fma(s, v128.load(b5, 112), c51);
    a += 16, b += 128, b1 += 128, b2 += 128, b3 += 128, b4 += 128, b5 += 128;
  }
  while (b < end) {
    s = v128.load32_splat(a);
    c00 = fma(s, v128.load(b), c00), c01 = fma(s, v128.load(b, 16), c01);
    c10 = fma(s, v128.load(b1), c10), c11 = fma(s, v128.load(b1, 16), c11);
    c20 = fma(s, v128.load(b2), c20), c21 = fma(s, v128.load(b2, 16), c21);
    c30 = fma(s, v128.load(b3), c30), c31 = fma(s, v128.load(b3, 16), c31);
    c40 = fma(s, v128.load(b4), c40), c41 = fma(s, v128.load(b4, 16), c41);
    c50 = fma(s, v128.load(b5), c50), c51 = fma(s, v128.load(b5, 16), c51);
    a += 4, b += 32, b1 += 32, b2 += 32, b3 += 32, b4 += 32, b5 += 32;
  }
  v128.store(y, c00), v128.store(y, c01, 16);
  y += step, v128.store(y, c10), v128.store(y, c11, 16);
  y += step, v128.store(y, c20), v128.store(y, c21, 16);
  y += step, v128.store(y, c30), v128.store(y, c31, 16);
  y += step, v128.store(y, c40), v128.store(y, c41, 16);
  y += step, v128.store(y, c50), v128.store(y, c51, 16);
}
