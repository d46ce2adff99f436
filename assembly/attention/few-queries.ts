import { bytes } from "../recurrent/sequence";
import { fma } from "../simd/fma";
import { hsum } from "../simd/hsum";
import { loadLanes, storeLanes } from "../simd/lanes";

// The products of one query, or of so few that packing keys and values does not pay: a step of decoding with a cache.

/** y [rows, n] = q k^T, q [rows, D] contiguous, k [n, D]; rows ldk and ldy elements apart. */
export function productOfFew(q: usize, rows: i32, k: usize, ldk: i32, n: i32, D: i32, y: usize, ldy: i32): void {
  const row = bytes(ldk);
  for (; rows > 0; rows--, q += bytes(D), y += bytes(ldy)) {
    let from = k, j: i32 = 0;
    for (; j + 4 <= n; j += 4, from += row << 2) fourDots(q, from, row, D, y + bytes(j));
    for (; j < n; j++, from += row) {
      let sum = f32x4.splat(0);
      for (let d: i32 = 0; d < D; d += 4) sum = fma(loadLanes(q + bytes(d), D - d), loadLanes(from + bytes(d), D - d), sum);
      store<f32>(y + bytes(j), hsum(sum));
    }
  }
}

/** The products of q with four keys, at y; each sum is a tree of its own, the same as that of a key alone. */
function fourDots(q: usize, k: usize, row: usize, D: i32, y: usize): void {
  const k1 = k + row, k2 = k1 + row, k3 = k2 + row;
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let i: i32 = 0; i < D; i += 4) {
    const o = bytes(i), left = D - i;
    const x = loadLanes(q + o, left);
    a = fma(x, loadLanes(k + o, left), a), b = fma(x, loadLanes(k1 + o, left), b);
    c = fma(x, loadLanes(k2 + o, left), c), d = fma(x, loadLanes(k3 + o, left), d);
  }
  store<f32>(y, hsum(a)), store<f32>(y, hsum(b), 4), store<f32>(y, hsum(c), 8), store<f32>(y, hsum(d), 12);
}

/** y [rows, E] = start + w v; w [rows, n], v [n, E]; rows ldw, ldv and ldy elements apart; start is y or, absent, 0. */
export function weightedSumOfFew(
  w: usize, ldw: i32, rows: i32, v: usize, ldv: i32, n: i32, E: i32, start: usize, y: usize, ldy: i32,
): void {
  const row = bytes(ldv);
  for (; rows > 0; rows--, w += bytes(ldw), y += bytes(ldy)) {
    for (let e: i32 = 0; e < E; e += 16) {
      const left = E - e, to = y + bytes(e);
      let a = f32x4.splat(0), b = a, c = a, d = a;
      if (start) {
        a = loadLanes(to, left), b = loadLanes(to + 16, left - 4);
        c = loadLanes(to + 32, left - 8), d = loadLanes(to + 48, left - 12);
      }
      let from = v + bytes(e);
      for (let s = w, end = w + bytes(n); s < end; s += 4, from += row) {
        const x = v128.load32_splat(s);
        a = fma(x, loadLanes(from, left), a), b = fma(x, loadLanes(from + 16, left - 4), b);
        c = fma(x, loadLanes(from + 32, left - 8), c), d = fma(x, loadLanes(from + 48, left - 12), d);
      }
      storeLanes(to, a, left), storeLanes(to + 16, b, left - 4);
      storeLanes(to + 32, c, left - 8), storeLanes(to + 48, d, left - 12);
    }
  }
}
