/**
 * Rearranges an operand so that a tile reads it front to back. A packed B is a row of panels of 8 columns: panel p of a [k, n] matrix
 * starts at p k 32 bytes, its row kk 32 bytes further for each kk, and columns past n are zero.
 */

// Sizes of workspaces, in bytes, are f64: none of their products is too large for it.

/** n rounded up to whole panels of 8 columns. */
// @ts-ignore: decorator
@inline
export function panels(n: f64): f64 {
  return ceil(n / 8) * 8;
}

/** Bytes of a packed [k, n] matrix, and a line to align them. */
// @ts-ignore: decorator
@inline
export function packedBytes(k: f64, n: f64): f64 {
  return k * panels(n) * 4 + 64;
}

/** The 4 x 4 transpose's halves: lanes of two rows interleaved, low or high. */
// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 0, 4, 1, 5);
}
// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 2, 6, 3, 7);
}
// @ts-ignore: decorator
@inline
function lowPair(a: v128, b: v128): v128 {
  return v128.shuffle<f64>(a, b, 0, 2);
}
// @ts-ignore: decorator
@inline
function highPair(a: v128, b: v128): v128 {
  return v128.shuffle<f64>(a, b, 1, 3);
}

/** Transposes the 4 x 4 floats at x (rows ldx bytes apart) into y (rows ldy bytes apart). */
// @ts-ignore: decorator
@inline
function transpose4(x: usize, ldx: usize, y: usize, ldy: usize): void {
  const r0 = v128.load(x);
  const r1 = v128.load(x + ldx);
  const r2 = v128.load(x + 2 * ldx);
  const r3 = v128.load(x + 3 * ldx);
  const l01 = low(r0, r1);
  const l23 = low(r2, r3);
  const h01 = high(r0, r1);
  const h23 = high(r2, r3);
  v128.store(y, lowPair(l01, l23));
  v128.store(y + ldy, highPair(l01, l23));
  v128.store(y + 2 * ldy, lowPair(h01, h23));
  v128.store(y + 3 * ldy, highPair(h01, h23));
}

/** out [rows, cols], contiguous = x^T, where x is stored [cols, rows] with a row stride of ldx elements. */
export function packA(x: usize, ldx: i32, rows: i32, cols: i32, out: usize): void {
  transpose(x, ldx, rows, cols, out, cols);
}

/** y [rows, cols], rows ldy elements apart = x^T, where x is stored [cols, rows], rows ldx elements apart (0: one row, repeated). */
export function transpose(x: usize, ldx: i32, rows: i32, cols: i32, y: usize, ldy: i32): void {
  const ld = (<usize>ldx) << 2;
  const ldOut = (<usize>ldy) << 2;
  let i: i32 = 0;
  for (; i + 4 <= rows; i += 4) {
    let from = x + ((<usize>i) << 2);
    let to = y + (<usize>i) * ldOut;
    let j: i32 = 0;
    for (; j + 4 <= cols; j += 4, from += 4 * ld, to += 16) transpose4(from, ld, to, ldOut);
    for (; j < cols; j++, from += ld, to += 4) {
      for (let r: usize = 0; r < 4; r++) store<f32>(to + r * ldOut, load<f32>(from + (r << 2)));
    }
  }
  for (; i < rows; i++) {
    const from = x + ((<usize>i) << 2);
    const to = y + (<usize>i) * ldOut;
    for (let j: usize = 0; j < <usize>cols; j++) store<f32>(to + (j << 2), load<f32>(from + j * ld));
  }
}

/** Packs op(B) [k, n] into panels. trans: B is stored [n, k], else [k, n]; rows as stored are ldb elements apart. */
export function packB(b: usize, ldb: i32, trans: bool, k: i32, n: i32, out: usize): void {
  const ld = (<usize>ldb) << 2;
  let j: i32 = 0;
  if (!trans) {
    for (; j + 32 <= n; j += 32, out += (<usize>k) << 7) packFour(b + ((<usize>j) << 2), ld, k, out);
  }
  for (; j < n; j += 8, out += (<usize>k) << 5) {
    const cols = min(n - j, 8);
    if (trans) packColumns(b + (<usize>j) * ld, ld, k, cols, out);
    else packRows(b + ((<usize>j) << 2), ld, k, cols, out);
  }
}

/** Four whole panels at once of a matrix stored [k, n], so that a row's lines are read but once. */
function packFour(b: usize, ld: usize, k: i32, out: usize): void {
  const next = (<usize>k) << 5;
  for (const end = out + next; out < end; out += 32, b += ld) {
    const out1 = out + next, out2 = out1 + next, out3 = out2 + next;
    v128.store(out, v128.load(b)), v128.store(out, v128.load(b, 16), 16);
    v128.store(out1, v128.load(b, 32)), v128.store(out1, v128.load(b, 48), 16);
    v128.store(out2, v128.load(b, 64)), v128.store(out2, v128.load(b, 80), 16);
    v128.store(out3, v128.load(b, 96)), v128.store(out3, v128.load(b, 112), 16);
  }
}

/** One panel of a matrix stored [k, n]. */
function packRows(b: usize, ld: usize, k: i32, cols: i32, out: usize): void {
  const end = out + ((<usize>k) << 5);
  if (cols == 8) {
    for (; out < end; out += 32, b += ld) {
      v128.store(out, v128.load(b));
      v128.store(out, v128.load(b, 16), 16);
    }
    return;
  }
  for (; out < end; out += 32, b += ld) {
    for (let c: i32 = 0; c < 8; c++) {
      const offset = (<usize>c) << 2;
      store<f32>(out + offset, c < cols ? load<f32>(b + offset) : 0);
    }
  }
}

/** One panel of a matrix stored [n, k]. */
function packColumns(b: usize, ld: usize, k: i32, cols: i32, out: usize): void {
  const whole = cols & ~3;
  for (let c: i32 = 0; c < whole; c += 4) {
    let from = b + (<usize>c) * ld;
    let to = out + ((<usize>c) << 2);
    let kk: i32 = 0;
    for (; kk + 4 <= k; kk += 4, from += 16, to += 128) transpose4(from, ld, to, 32);
    for (; kk < k; kk++, from += 4, to += 32) {
      for (let r: usize = 0; r < 4; r++) store<f32>(to + (r << 2), load<f32>(from + r * ld));
    }
  }
  for (let c = whole; c < 8; c++) {
    const from = b + (<usize>c) * ld;
    const to = out + ((<usize>c) << 2);
    for (let kk: usize = 0; kk < <usize>k; kk++) store<f32>(to + (kk << 5), c < cols ? load<f32>(from + (kk << 2)) : 0);
  }
}

/** Multiplies a packed [k, n] by alpha. */
export function scalePacked(packed: usize, k: i32, n: i32, alpha: f32): void {
  const factor = f32x4.splat(alpha);
  const end = packed + (((<usize>k) * <usize>((n + 7) & ~7)) << 2);
  for (; packed < end; packed += 16) v128.store(packed, f32x4.mul(v128.load(packed), factor));
}
