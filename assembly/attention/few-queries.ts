import { bytes } from "../recurrent/sequence";
import { fma } from "../simd/fma";
import { hsum } from "../simd/hsum";
import { loadLanes, storeLanes } from "../simd/lanes";

// The products of one query, or of a few, for which packing keys and values does not pay: a step of decoding with a cache.

/** y [rows, n] = q k^T, q [rows, D] contiguous, k [n, D]; rows ldk and ldy elements apart. */
export function productOfFew(q: usize, rows: i32, k: usize, ldk: i32, n: i32, D: i32, y: usize, ldy: i32): void {
  const row = bytes(ldk);
  for (; rows > 0; rows--, q += bytes(D), y += bytes(ldy)) {
    let from = k, j: i32 = 0;
    for (; j + 4 <= n; j += 4, from += row << 2) v128.store(y + bytes(j), fourDots(q, from, row, D));
    // Fewer keys are the same one several times.
    for (; j < n; j++, from += row) store<f32>(y + bytes(j), f32x4.extract_lane(fourDots(q, from, 0, D), 0));
  }
}

/** The products of q with four keys, `row` bytes apart. */
function fourDots(q: usize, k: usize, row: usize, D: i32): v128 {
  let k1 = k + row, k2 = k1 + row, k3 = k2 + row;
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (; D >= 4; D -= 4, q += 16, k += 16, k1 += 16, k2 += 16, k3 += 16) {
    const x = v128.load(q);
    a = fma(x, v128.load(k), a), b = fma(x, v128.load(k1), b), c = fma(x, v128.load(k2), c), d = fma(x, v128.load(k3), d);
  }
  if (D) {
    const x = loadLanes(q, D);
    a = fma(x, loadLanes(k, D), a), b = fma(x, loadLanes(k1, D), b);
    c = fma(x, loadLanes(k2, D), c), d = fma(x, loadLanes(k3, D), d);
  }
  return f32x4(hsum(a), hsum(b), hsum(c), hsum(d));
}

/** y [rows, E] = start + w v; w [rows, n], v [n, E]; rows ldw, ldv and ldy elements apart; start is y or, absent, 0. */
export function weightedSumOfFew(
  w: usize, ldw: i32, rows: i32, v: usize, ldv: i32, n: i32, E: i32, start: usize, y: usize, ldy: i32,
): void {
  const row = bytes(ldv);
  for (; rows > 0; rows--, w += bytes(ldw), y += bytes(ldy)) {
    const end = w + bytes(n);
    let to = y, from = v, left = E;
    for (; left >= 16; left -= 16, to += 64, from += 64) sumColumns(w, end, from, row, start != 0, to);
    for (; left > 0; left -= 4, to += 16, from += 16) {
      let sum = start ? loadLanes(to, left) : f32x4.splat(0), at = from;
      for (let s = w; s < end; s += 4, at += row) sum = fma(v128.load32_splat(s), loadLanes(at, left), sum);
      storeLanes(to, sum, left);
    }
  }
}

/** Sixteen columns of one row. */
function sumColumns(w: usize, end: usize, v: usize, row: usize, add: bool, y: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  if (add) a = v128.load(y), b = v128.load(y, 16), c = v128.load(y, 32), d = v128.load(y, 48);
  for (; w < end; w += 4, v += row) {
    const x = v128.load32_splat(w);
    a = fma(x, v128.load(v), a), b = fma(x, v128.load(v, 16), b), c = fma(x, v128.load(v, 32), c), d = fma(x, v128.load(v, 48), d);
  }
  v128.store(y, a), v128.store(y, b, 16), v128.store(y, c, 32), v128.store(y, d, 48);
}
