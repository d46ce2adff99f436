import { bytes } from "../recurrent/sequence";
import { expf } from "../simd/exp";
import { doubles, logAdd } from "./log-add";

/**
 * A linear-chain conditional random field (Lafferty, McCallum and Pereira 2001): loss = ln Z - score(tags), where
 *
 *   score(y) = starts[y_1] + sum_t emissions[t, y_t] + sum_t transitions[y_{t-1}, y_t] + ends[y_n],   Z = sum_y e^score(y)
 *
 * by the forward algorithm: ln a_t(j) = ln sum_i e^(ln a_{t-1}(i) + transitions[i, j]) + emissions[t, j].
 * Reads emissions [B, T, K], transitions [K, K], starts and ends [K], tags int32 [B, T], lengths int32 [B], each in 1..T.
 * Overwrites loss [B], rows begin..end. Workspace: two rows of K float64, aligned to 8.
 */
export function crfForward(
  emissions: usize, transitions: usize, starts: usize, ends: usize, tags: usize, lengths: usize, loss: usize, workspace: usize,
  B: i32, T: i32, K: i32, begin: i32, end: i32,
): void {
  for (let b = begin; b < end; b++) {
    const n = load<i32>(lengths + bytes(b));
    const e = emissions + bytes(b * T * K);
    let row = workspace, other = workspace + doubles(K);
    for (let t = 0; t < n; t++) {
      forwardRow(row, t ? other : 0, e + bytes(t * K), transitions, starts, K);
      const last = row;
      row = other, other = last;
    }
    const y = tags + bytes(b * T);
    store<f32>(loss + bytes(b), <f32>(total(other, ends, K) - score(e, transitions, starts, ends, y, n, K)));
  }
}

/** Bytes of crfForward's workspace. */
export function crfForwardWorkspace(K: f64): f64 {
  return 2 * K * 8;
}

/**
 * With the marginals p(y_t = j) = e^(ln a_t(j) + ln b_t(j) - ln Z) and p(y_{t-1} = i, y_t = j), each less 1 where the tags have it:
 * dEmissions[b, t, j] = dLoss[b] (p - [y_t = j]), 0 past a row's length; dTransitions, dStarts and dEnds likewise, summed over the rows.
 * Reads what crfForward read, and dLoss [B]. Overwrites dEmissions [B, T, K], adds to what is given of dTransitions [K, K], dStarts and dEnds [K], rows
 * ascending. Workspace: T + 2 rows.
 */
export function crfBackward(
  emissions: usize, transitions: usize, starts: usize, ends: usize, tags: usize, lengths: usize, dLoss: usize,
  dEmissions: usize, dTransitions: usize, dStarts: usize, dEnds: usize, workspace: usize, B: i32, T: i32, K: i32,
): void {
  const width = doubles(K);
  memory.fill(dEmissions, 0, bytes(B * T * K));
  for (let b = 0; b < B; b++) {
    const n = load<i32>(lengths + bytes(b));
    const g = load<f32>(dLoss + bytes(b));
    const e = emissions + bytes(b * T * K), d = dEmissions + bytes(b * T * K), y = tags + bytes(b * T);
    for (let t = 0; t < n; t++) {
      const row = workspace + <usize>t * width;
      forwardRow(row, t ? row - width : 0, e + bytes(t * K), transitions, starts, K);
    }
    const logZ = total(workspace + <usize>(n - 1) * width, ends, K);
    let beta = workspace + <usize>T * width, other = beta + width;
    for (let j = 0; j < K; j++) store<f64>(beta + doubles(j), load<f32>(ends + bytes(j)));
    for (let t = n - 1; t >= 0; t--) {
      const alpha = workspace + <usize>t * width;
      for (let j = 0; j < K; j++) {
        const p = expf(<f32>(load<f64>(alpha + doubles(j)) + load<f64>(beta + doubles(j)) - logZ));
        const share = g * (p - <f32>(load<i32>(y + bytes(t)) == j));
        store<f32>(d + bytes(t * K + j), share);
        if (dEnds && t == n - 1) add(dEnds + bytes(j), share);
        if (dStarts && t == 0) add(dStarts + bytes(j), share);
      }
      if (t == 0) break;
      // Before t: pairs with t, and the backward variables.
      for (let i = 0; i < K; i++) {
        const a = load<f64>(alpha - width + doubles(i));
        let sum: f64 = -Infinity;
        for (let j = 0; j < K; j++) {
          const after = <f64>load<f32>(transitions + bytes(i * K + j)) + <f64>load<f32>(e + bytes(t * K + j)) + load<f64>(beta + doubles(j));
          sum = logAdd(sum, after);
          const isTag = load<i32>(y + bytes(t - 1)) == i && load<i32>(y + bytes(t)) == j;
          if (dTransitions) add(dTransitions + bytes(i * K + j), g * (expf(<f32>(a + after - logZ)) - <f32>isTag));
        }
        store<f64>(other + doubles(i), sum);
      }
      const last = beta;
      beta = other, other = last;
    }
  }
}

/** Bytes of crfBackward's workspace. */
export function crfBackwardWorkspace(T: f64, K: f64): f64 {
  return (T + 2) * K * 8;
}

// @ts-ignore: decorator
@inline
function add(at: usize, value: f32): void {
  store<f32>(at, load<f32>(at) + value);
}

/** ln a_t from ln a_{t-1}, which is absent (0) for the first step. */
function forwardRow(row: usize, before: usize, emissions: usize, transitions: usize, starts: usize, K: i32): void {
  for (let j = 0; j < K; j++) {
    let sum: f64 = <f64>load<f32>(starts + bytes(j));
    if (before) {
      sum = -Infinity;
      for (let i = 0; i < K; i++) {
        sum = logAdd(sum, load<f64>(before + doubles(i)) + <f64>load<f32>(transitions + bytes(i * K + j)));
      }
    }
    store<f64>(row + doubles(j), sum + <f64>load<f32>(emissions + bytes(j)));
  }
}

/** ln Z */
function total(row: usize, ends: usize, K: i32): f64 {
  let sum: f64 = -Infinity;
  for (let j = 0; j < K; j++) sum = logAdd(sum, load<f64>(row + doubles(j)) + <f64>load<f32>(ends + bytes(j)));
  return sum;
}

function score(e: usize, transitions: usize, starts: usize, ends: usize, y: usize, n: i32, K: i32): f64 {
  let tag = load<i32>(y);
  let sum = <f64>load<f32>(starts + bytes(tag)) + <f64>load<f32>(e + bytes(tag));
  for (let t = 1; t < n; t++) {
    const next = load<i32>(y + bytes(t));
    sum += <f64>load<f32>(transitions + bytes(tag * K + next)) + <f64>load<f32>(e + bytes(t * K + next));
    tag = next;
  }
  return sum + <f64>load<f32>(ends + bytes(tag));
}
