import { bytes } from "../recurrent/sequence";
import { expf } from "../simd/exp";
import { doubles, logAdd } from "./log-add";

/**
 * Connectionist temporal classification (Graves, Fernández, Gomez and Schmidhuber 2006): -ln of the summed probability of all paths
 * through the steps that give the targets when repeated symbols are merged and blanks dropped. With the targets between blanks,
 * l = blank, y_1, blank, .., y_L, blank, the forward variables are
 *
 *   a_t(s) = (a_{t-1}(s) + a_{t-1}(s-1) + [l_s != blank and l_s != l_{s-2}] a_{t-1}(s-2)) p_t(l_s),   loss = -ln(a_T(2L) + a_T(2L-1)),
 *
 * in logarithms. Reads logProbs [B, T, C], targets int32 [B, L], whose rows hold targetLengths [B] valid symbols, and lengths int32 [B],
 * each in 1..T. Overwrites loss [B], rows begin..end; Infinity where there is no path. Workspace: two rows of 2L+1 float64, aligned to 8.
 */
export function ctcForward(
  logProbs: usize, targets: usize, lengths: usize, targetLengths: usize, loss: usize, workspace: usize,
  B: i32, T: i32, C: i32, L: i32, blank: i32, begin: i32, end: i32,
): void {
  for (let b = begin; b < end; b++) {
    const symbols = targets + bytes(b * L);
    const S = 2 * load<i32>(targetLengths + bytes(b)) + 1;
    const steps = load<i32>(lengths + bytes(b));
    let row = workspace, other = workspace + doubles(2 * L + 1);
    for (let t = 0; t < steps; t++) {
      forwardRow(row, t ? other : 0, logProbs + bytes((b * T + t) * C), symbols, S, blank);
      const last = row;
      row = other, other = last;
    }
    store<f32>(loss + bytes(b), <f32>-total(other, S));
  }
}

/** Bytes of ctcForward's workspace. */
export function ctcForwardWorkspace(L: f64): f64 {
  return 2 * (2 * L + 1) * 8;
}

/**
 * dLogProbs[b, t, c] = -dLoss[b] sum_{s: l_s = c} a_t(s) b_t(s) / (a_T(2L) + a_T(2L-1)), with the backward variables
 * b_t(s) = b_{t+1}(s) p(l_s) + b_{t+1}(s+1) p(l_{s+1}) + [skip] b_{t+1}(s+2) p(l_{s+2}), p at t + 1; 0 past a row's length and where there is
 * no path. Reads what ctcForward read, and dLoss [B]. Overwrites dLogProbs [B, T, C], rows begin..end. Workspace: T + 2 rows.
 */
export function ctcBackward(
  logProbs: usize, targets: usize, lengths: usize, targetLengths: usize, dLoss: usize, dLogProbs: usize, workspace: usize,
  B: i32, T: i32, C: i32, L: i32, blank: i32, begin: i32, end: i32,
): void {
  const width = doubles(2 * L + 1);
  memory.fill(dLogProbs + bytes(begin * T * C), 0, bytes((end - begin) * T * C));
  for (let b = begin; b < end; b++) {
    const symbols = targets + bytes(b * L);
    const S = 2 * load<i32>(targetLengths + bytes(b)) + 1;
    const steps = load<i32>(lengths + bytes(b));
    const g = -load<f32>(dLoss + bytes(b));
    for (let t = 0; t < steps; t++) {
      const row = workspace + <usize>t * width;
      forwardRow(row, t ? row - width : 0, logProbs + bytes((b * T + t) * C), symbols, S, blank);
    }
    const all = total(workspace + <usize>(steps - 1) * width, S);
    if (all == -Infinity) continue;
    let row = workspace + <usize>T * width, other = row + width;
    for (let t = steps - 1; t >= 0; t--) {
      backwardRow(row, t < steps - 1 ? other : 0, logProbs + bytes((b * T + t + 1) * C), symbols, S, blank);
      const alpha = workspace + <usize>t * width;
      const d = dLogProbs + bytes((b * T + t) * C);
      for (let s = 0; s < S; s++) {
        const at = d + bytes(symbol(symbols, s, blank));
        const share = expf(<f32>(load<f64>(alpha + doubles(s)) + load<f64>(row + doubles(s)) - all));
        store<f32>(at, load<f32>(at) + g * share);
      }
      const last = row;
      row = other, other = last;
    }
  }
}

/** Bytes of ctcBackward's workspace. */
export function ctcBackwardWorkspace(T: f64, L: f64): f64 {
  return (T + 2) * (2 * L + 1) * 8;
}

/** l_s */
// @ts-ignore: decorator
@inline
function symbol(symbols: usize, s: i32, blank: i32): i32 {
  return s & 1 ? load<i32>(symbols + bytes(s >> 1)) : blank;
}

/** True if a path may go from s - 2 to s. */
// @ts-ignore: decorator
@inline
function skips(symbols: usize, s: i32): bool {
  return (s & 1) == 1 && s > 1 && load<i32>(symbols + bytes(s >> 1)) != load<i32>(symbols + bytes((s >> 1) - 1));
}

/** ln a_t from ln a_{t-1}, which is absent (0) for the first step. */
function forwardRow(row: usize, before: usize, logP: usize, symbols: usize, S: i32, blank: i32): void {
  for (let s = 0; s < S; s++) {
    let sum: f64 = before || s > 1 ? -Infinity : 0;
    if (before) {
      sum = load<f64>(before + doubles(s));
      if (s > 0) sum = logAdd(sum, load<f64>(before + doubles(s - 1)));
      if (skips(symbols, s)) sum = logAdd(sum, load<f64>(before + doubles(s - 2)));
    }
    store<f64>(row + doubles(s), sum + <f64>load<f32>(logP + bytes(symbol(symbols, s, blank))));
  }
}

/** ln b_t from ln b_{t+1}, which is absent (0) for the last step, and ln p_{t+1}. */
function backwardRow(row: usize, after: usize, logP: usize, symbols: usize, S: i32, blank: i32): void {
  for (let s = 0; s < S; s++) {
    let sum: f64 = after || s < S - 2 ? -Infinity : 0;
    if (after) {
      sum = step(after, logP, symbols, s, blank);
      if (s + 1 < S) sum = logAdd(sum, step(after, logP, symbols, s + 1, blank));
      if (s + 2 < S && skips(symbols, s + 2)) sum = logAdd(sum, step(after, logP, symbols, s + 2, blank));
    }
    store<f64>(row + doubles(s), sum);
  }
}

// @ts-ignore: decorator
@inline
function step(after: usize, logP: usize, symbols: usize, s: i32, blank: i32): f64 {
  return load<f64>(after + doubles(s)) + <f64>load<f32>(logP + bytes(symbol(symbols, s, blank)));
}

/** ln(a(S - 1) + a(S - 2)) */
function total(row: usize, S: i32): f64 {
  const last = load<f64>(row + doubles(S - 1));
  return S > 1 ? logAdd(last, load<f64>(row + doubles(S - 2))) : last;
}
