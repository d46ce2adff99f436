/**
 * Tiles of two panels, for a V8 that fuses neighboring pairs of 128-bit operations into operations of 256 bits. See tiles.ts.
 *
 * 24 accumulators become 12 of 256 bits, of 16 registers; without the fusing they spill, and run at two thirds of the speed of 6 x 8.
 * V8 begins at two stores that touch each other and follows them up to two loads that do, so a pair is always the two halves of one
 * panel's row, which lie next to each other in B, in y and at the start.
 */
import { fma } from "../simd/fma";

/** Six rows by two whole panels, nextB bytes apart. */
// @ts-ignore: decorator
@inline
export function gemm6x16(
  a: usize, rowA: usize, stepA: usize, b: usize, stepB: usize, nextB: usize, k: i32,
  start: usize, nextStart: usize, rowStart: usize, y: usize, rowY: usize,
): void {
  let start2 = start + nextStart;
  let c00 = v128.load(start), c01 = v128.load(start, 16), c02 = v128.load(start2), c03 = v128.load(start2, 16);
  start += rowStart, start2 += rowStart;
  let c10 = v128.load(start), c11 = v128.load(start, 16), c12 = v128.load(start2), c13 = v128.load(start2, 16);
  start += rowStart, start2 += rowStart;
  let c20 = v128.load(start), c21 = v128.load(start, 16), c22 = v128.load(start2), c23 = v128.load(start2, 16);
  start += rowStart, start2 += rowStart;
  let c30 = v128.load(start), c31 = v128.load(start, 16), c32 = v128.load(start2), c33 = v128.load(start2, 16);
  start += rowStart, start2 += rowStart;
  let c40 = v128.load(start), c41 = v128.load(start, 16), c42 = v128.load(start2), c43 = v128.load(start2, 16);
  start += rowStart, start2 += rowStart;
  let c50 = v128.load(start), c51 = v128.load(start, 16), c52 = v128.load(start2), c53 = v128.load(start2, 16);
  let a1 = a + rowA, a2 = a1 + rowA, a3 = a2 + rowA, a4 = a3 + rowA, a5 = a4 + rowA, next = b + nextB;
  for (const end = b + (<usize>k) * stepB; b < end; b += stepB) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(next), b3 = v128.load(next, 16);
    let s = v128.load32_splat(a);
    c00 = fma(s, b0, c00), c01 = fma(s, b1, c01), c02 = fma(s, b2, c02), c03 = fma(s, b3, c03);
    s = v128.load32_splat(a1);
    c10 = fma(s, b0, c10), c11 = fma(s, b1, c11), c12 = fma(s, b2, c12), c13 = fma(s, b3, c13);
    s = v128.load32_splat(a2);
    c20 = fma(s, b0, c20), c21 = fma(s, b1, c21), c22 = fma(s, b2, c22), c23 = fma(s, b3, c23);
    s = v128.load32_splat(a3);
    c30 = fma(s, b0, c30), c31 = fma(s, b1, c31), c32 = fma(s, b2, c32), c33 = fma(s, b3, c33);
    s = v128.load32_splat(a4);
    c40 = fma(s, b0, c40), c41 = fma(s, b1, c41), c42 = fma(s, b2, c42), c43 = fma(s, b3, c43);
    s = v128.load32_splat(a5);
    c50 = fma(s, b0, c50), c51 = fma(s, b1, c51), c52 = fma(s, b2, c52), c53 = fma(s, b3, c53);
    a += stepA, a1 += stepA, a2 += stepA, a3 += stepA, a4 += stepA, a5 += stepA, next += stepB;
  }
  v128.store(y, c00), v128.store(y, c01, 16), v128.store(y, c02, 32), v128.store(y, c03, 48), y += rowY;
  v128.store(y, c10), v128.store(y, c11, 16), v128.store(y, c12, 32), v128.store(y, c13, 48), y += rowY;
  v128.store(y, c20), v128.store(y, c21, 16), v128.store(y, c22, 32), v128.store(y, c23, 48), y += rowY;
  v128.store(y, c30), v128.store(y, c31, 16), v128.store(y, c32, 32), v128.store(y, c33, 48), y += rowY;
  v128.store(y, c40), v128.store(y, c41, 16), v128.store(y, c42, 32), v128.store(y, c43, 48), y += rowY;
  v128.store(y, c50), v128.store(y, c51, 16), v128.store(y, c52, 32), v128.store(y, c53, 48);
}

/** Four rows by two whole panels, nextB bytes apart. */
export function gemm4x16(
  a: usize, rowA: usize, stepA: usize, b: usize, stepB: usize, nextB: usize, k: i32,
  start: usize, nextStart: usize, rowStart: usize, y: usize, rowY: usize,
): void {
  let start2 = start + nextStart;
  let c00 = v128.load(start), c01 = v128.load(start, 16), c02 = v128.load(start2), c03 = v128.load(start2, 16);
  start += rowStart, start2 += rowStart;
  let c10 = v128.load(start), c11 = v128.load(start, 16), c12 = v128.load(start2), c13 = v128.load(start2, 16);
  start += rowStart, start2 += rowStart;
  let c20 = v128.load(start), c21 = v128.load(start, 16), c22 = v128.load(start2), c23 = v128.load(start2, 16);
  start += rowStart, start2 += rowStart;
  let c30 = v128.load(start), c31 = v128.load(start, 16), c32 = v128.load(start2), c33 = v128.load(start2, 16);
  let a1 = a + rowA, a2 = a1 + rowA, a3 = a2 + rowA, next = b + nextB;
  for (const end = b + (<usize>k) * stepB; b < end; b += stepB) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(next), b3 = v128.load(next, 16);
    let s = v128.load32_splat(a);
    c00 = fma(s, b0, c00), c01 = fma(s, b1, c01), c02 = fma(s, b2, c02), c03 = fma(s, b3, c03);
    s = v128.load32_splat(a1);
    c10 = fma(s, b0, c10), c11 = fma(s, b1, c11), c12 = fma(s, b2, c12), c13 = fma(s, b3, c13);
    s = v128.load32_splat(a2);
    c20 = fma(s, b0, c20), c21 = fma(s, b1, c21), c22 = fma(s, b2, c22), c23 = fma(s, b3, c23);
    s = v128.load32_splat(a3);
    c30 = fma(s, b0, c30), c31 = fma(s, b1, c31), c32 = fma(s, b2, c32), c33 = fma(s, b3, c33);
    a += stepA, a1 += stepA, a2 += stepA, a3 += stepA, next += stepB;
  }
  v128.store(y, c00), v128.store(y, c01, 16), v128.store(y, c02, 32), v128.store(y, c03, 48), y += rowY;
  v128.store(y, c10), v128.store(y, c11, 16), v128.store(y, c12, 32), v128.store(y, c13, 48), y += rowY;
  v128.store(y, c20), v128.store(y, c21, 16), v128.store(y, c22, 32), v128.store(y, c23, 48), y += rowY;
  v128.store(y, c30), v128.store(y, c31, 16), v128.store(y, c32, 32), v128.store(y, c33, 48);
}

/** Eight rows by one whole panel: the tile of few columns. Each row's address comes from the one before, for lack of registers. */
export function gemm8x8(
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
  start += rowStart;
  let c60 = v128.load(start), c61 = v128.load(start, 16);
  start += rowStart;
  let c70 = v128.load(start), c71 = v128.load(start, 16);
  for (const end = b + (<usize>k) * stepB; b < end; b += stepB, a += stepA) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let row = a, s = v128.load32_splat(row);
    c00 = fma(s, b0, c00), c01 = fma(s, b1, c01);
    row += rowA, s = v128.load32_splat(row);
    c10 = fma(s, b0, c10), c11 = fma(s, b1, c11);
    row += rowA, s = v128.load32_splat(row);
    c20 = fma(s, b0, c20), c21 = fma(s, b1, c21);
    row += rowA, s = v128.load32_splat(row);
    c30 = fma(s, b0, c30), c31 = fma(s, b1, c31);
    row += rowA, s = v128.load32_splat(row);
    c40 = fma(s, b0, c40), c41 = fma(s, b1, c41);
    row += rowA, s = v128.load32_splat(row);
    c50 = fma(s, b0, c50), c51 = fma(s, b1, c51);
    row += rowA, s = v128.load32_splat(row);
    c60 = fma(s, b0, c60), c61 = fma(s, b1, c61);
    row += rowA, s = v128.load32_splat(row);
    c70 = fma(s, b0, c70), c71 = fma(s, b1, c71);
  }
  v128.store(y, c00), v128.store(y, c01, 16), y += rowY;
  v128.store(y, c10), v128.store(y, c11, 16), y += rowY;
  v128.store(y, c20), v128.store(y, c21, 16), y += rowY;
  v128.store(y, c30), v128.store(y, c31, 16), y += rowY;
  v128.store(y, c40), v128.store(y, c41, 16), y += rowY;
  v128.store(y, c50), v128.store(y, c51, 16), y += rowY;
  v128.store(y, c60), v128.store(y, c61, 16), y += rowY;
  v128.store(y, c70), v128.store(y, c71, 16);
}

/** Two rows by four whole panels. */
export function gemm2x32(
  a: usize, rowA: usize, stepA: usize, b: usize, stepB: usize, nextB: usize, k: i32,
  start: usize, nextStart: usize, rowStart: usize, y: usize, rowY: usize,
): void {
  let next = start;
  let c00 = v128.load(next), c01 = v128.load(next, 16);
  next += nextStart;
  let c02 = v128.load(next), c03 = v128.load(next, 16);
  next += nextStart;
  let c04 = v128.load(next), c05 = v128.load(next, 16);
  next += nextStart;
  let c06 = v128.load(next), c07 = v128.load(next, 16);
  next = start + rowStart;
  let c10 = v128.load(next), c11 = v128.load(next, 16);
  next += nextStart;
  let c12 = v128.load(next), c13 = v128.load(next, 16);
  next += nextStart;
  let c14 = v128.load(next), c15 = v128.load(next, 16);
  next += nextStart;
  let c16 = v128.load(next), c17 = v128.load(next, 16);
  let a1 = a + rowA, b1 = b + nextB, b2 = b1 + nextB, b3 = b2 + nextB;
  for (const end = b + (<usize>k) * stepB; b < end; b += stepB, a += stepA) {
    const s = v128.load32_splat(a), z = v128.load32_splat(a1);
    const x0 = v128.load(b), x1 = v128.load(b, 16);
    c00 = fma(s, x0, c00), c01 = fma(s, x1, c01);
    c10 = fma(z, x0, c10), c11 = fma(z, x1, c11);
    const x2 = v128.load(b1), x3 = v128.load(b1, 16);
    c02 = fma(s, x2, c02), c03 = fma(s, x3, c03);
    c12 = fma(z, x2, c12), c13 = fma(z, x3, c13);
    const x4 = v128.load(b2), x5 = v128.load(b2, 16);
    c04 = fma(s, x4, c04), c05 = fma(s, x5, c05);
    c14 = fma(z, x4, c14), c15 = fma(z, x5, c15);
    const x6 = v128.load(b3), x7 = v128.load(b3, 16);
    c06 = fma(s, x6, c06), c07 = fma(s, x7, c07);
    c16 = fma(z, x6, c16), c17 = fma(z, x7, c17);
    a1 += stepA, b1 += stepB, b2 += stepB, b3 += stepB;
  }
  v128.store(y, c00), v128.store(y, c01, 16), v128.store(y, c02, 32), v128.store(y, c03, 48), v128.store(y, c04, 64), v128.store(y, c05, 80), v128.store(y, c06, 96), v128.store(y, c07, 112), y += rowY;
  v128.store(y, c10), v128.store(y, c11, 16), v128.store(y, c12, 32), v128.store(y, c13, 48), v128.store(y, c14, 64), v128.store(y, c15, 80), v128.store(y, c16, 96), v128.store(y, c17, 112);
}

/** One row by eight whole panels. */
export function gemm1x64(
  a: usize, stepA: usize, b: usize, stepB: usize, nextB: usize, k: i32, start: usize, nextStart: usize, y: usize,
): void {
  let c0 = v128.load(start), c1 = v128.load(start, 16);
  start += nextStart;
  let c2 = v128.load(start), c3 = v128.load(start, 16);
  start += nextStart;
  let c4 = v128.load(start), c5 = v128.load(start, 16);
  start += nextStart;
  let c6 = v128.load(start), c7 = v128.load(start, 16);
  start += nextStart;
  let c8 = v128.load(start), c9 = v128.load(start, 16);
  start += nextStart;
  let c10 = v128.load(start), c11 = v128.load(start, 16);
  start += nextStart;
  let c12 = v128.load(start), c13 = v128.load(start, 16);
  start += nextStart;
  let c14 = v128.load(start), c15 = v128.load(start, 16);
  for (const end = b + (<usize>k) * stepB; b < end; b += stepB, a += stepA) {
    const s = v128.load32_splat(a);
    let panel = b;
    c0 = fma(s, v128.load(panel), c0), c1 = fma(s, v128.load(panel, 16), c1);
    panel += nextB;
    c2 = fma(s, v128.load(panel), c2), c3 = fma(s, v128.load(panel, 16), c3);
    panel += nextB;
    c4 = fma(s, v128.load(panel), c4), c5 = fma(s, v128.load(panel, 16), c5);
    panel += nextB;
    c6 = fma(s, v128.load(panel), c6), c7 = fma(s, v128.load(panel, 16), c7);
    panel += nextB;
    c8 = fma(s, v128.load(panel), c8), c9 = fma(s, v128.load(panel, 16), c9);
    panel += nextB;
    c10 = fma(s, v128.load(panel), c10), c11 = fma(s, v128.load(panel, 16), c11);
    panel += nextB;
    c12 = fma(s, v128.load(panel), c12), c13 = fma(s, v128.load(panel, 16), c13);
    panel += nextB;
    c14 = fma(s, v128.load(panel), c14), c15 = fma(s, v128.load(panel, 16), c15);
  }
  v128.store(y, c0), v128.store(y, c1, 16), v128.store(y, c2, 32), v128.store(y, c3, 48), v128.store(y, c4, 64), v128.store(y, c5, 80), v128.store(y, c6, 96), v128.store(y, c7, 112), v128.store(y, c8, 128), v128.store(y, c9, 144), v128.store(y, c10, 160), v128.store(y, c11, 176), v128.store(y, c12, 192), v128.store(y, c13, 208), v128.store(y, c14, 224), v128.store(y, c15, 240);
}
