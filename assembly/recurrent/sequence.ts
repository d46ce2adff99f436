import { packB } from "../gemm/pack";
import { gemmPacked } from "../gemm/tiles";
import { loadLanes, storeLanes } from "../simd/lanes";

// What the whole-sequence kernels of all cells share. Addresses are bytes, strides elements.

/** Columns of a recurrent product that are computed, then consumed by the gates, while they are in the first cache: two tiles of 1 x 48. */
export const blockColumns: i32 = 96;

/** Bytes of n elements. */
// @ts-ignore: decorator
@inline
export function bytes(n: i32): usize {
  return (<usize>n) << 2;
}

/** The next address that is a multiple of 64, a cache line. */
// @ts-ignore: decorator
@inline
export function aligned(address: usize): usize {
  return (address + 63) & ~63;
}

/** n rounded up to whole panels of 8 columns. */
// @ts-ignore: decorator
@inline
export function wholePanels(n: i32): i32 {
  return (n + 7) & ~7;
}

/** Position of the first of lengths int32 [B] that is outside least..T, or -1; absent lengths (0) are all T. */
export function firstBadLength(lengths: usize, B: i32, T: i32, least: i32 = 1): i32 {
  if (lengths == 0) return -1;
  for (let b: i32 = 0; b < B; b++) {
    const length = load<i32>(lengths + bytes(b));
    if (length < least || length > T) return b;
  }
  return -1;
}

/** The number of valid steps of row b. */
// @ts-ignore: decorator
@inline
export function lengthOf(lengths: usize, b: i32, T: i32): i32 {
  return lengths == 0 ? T : load<i32>(lengths + bytes(b));
}

/** y[0..n] = x[0..n]. */
export function copyRow(y: usize, x: usize, n: i32): void {
  for (; n >= 4; n -= 4, y += 16, x += 16) v128.store(y, v128.load(x));
  if (n) storeLanes(y, loadLanes(x, n), n);
}

/** y[0..n] = 0. */
export function clearRow(y: usize, n: i32): void {
  for (; n >= 4; n -= 4, y += 16) v128.store(y, f32x4.splat(0));
  if (n) storeLanes(y, f32x4.splat(0), n);
}

/** y[0..n] = a + b, where either or both may be absent (0). */
export function sumBiases(y: usize, a: usize, b: usize, n: i32): void {
  for (let i: i32 = 0; i < n; i += 4) {
    const u = a == 0 ? f32x4.splat(0) : loadLanes(a + bytes(i), n - i);
    const v = b == 0 ? f32x4.splat(0) : loadLanes(b + bytes(i), n - i);
    storeLanes(y + bytes(i), f32x4.add(u, v), n - i);
  }
}

/** y [rows, H] = the rows begin.. of initial [B, H], or 0 where it is absent. */
export function startState(y: usize, initial: usize, begin: i32, rows: i32, H: i32): void {
  if (initial == 0) clearRow(y, rows * H);
  else copyRow(y, initial + bytes(begin * H), rows * H);
}

/**
 * Packs w [gates H, k] transposed, the panels of one 8 units side by side: panel j * gates + g holds units 8 j.. of gate g,
 * so that a block of neighboring panels computes all the gates of some units. Takes gates * wholePanels(H) * k floats at out.
 */
export function packGates(w: usize, gates: i32, H: i32, k: i32, out: usize): void {
  for (let j: i32 = 0; j < H; j += 8) {
    for (let g: i32 = 0; g < gates; g++) {
      packB(w + bytes((g * H + j) * k), k, true, k, min(8, H - j), out);
      out += bytes(8 * k);
    }
  }
}

/**
 * One product over all steps of some rows of the batch: y(b, t) = a(b, t) op(packed) for b < rows, t < T, where
 * a(b, t) [k] is at a + b * aB + t * aT, y(b, t) [n] at y + b * yB + t * yT. With accumulate, y is added to. It goes step by step
 * or row by row, whichever gives the taller products, whose tiles are full.
 */
export function projectSequence(
  a: usize, aB: i32, aT: i32, packed: usize, rows: i32, T: i32, n: i32, k: i32, y: usize, yB: i32, yT: i32, accumulate: bool,
): void {
  if (aB == T * aT && yB == T * yT) {
    gemmPacked(a, aT, packed, rows * T, n, k, y, yT, accumulate);
  } else if (rows >= T) {
    for (let t: i32 = 0; t < T; t++) gemmPacked(a + bytes(t * aT), aB, packed, rows, n, k, y + bytes(t * yT), yB, accumulate);
  } else {
    for (let b: i32 = 0; b < rows; b++) gemmPacked(a + bytes(b * aB), aT, packed, T, n, k, y + bytes(b * yB), yT, accumulate);
  }
}
