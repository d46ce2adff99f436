import { bytes } from "../recurrent/sequence";
import { fma } from "../simd/fma";
import { rowDot } from "../simd/row";
import { sigmoidv } from "../simd/sigmoid";

/** Of a linear congruential generator modulo 2^64 with the constants of Knuth's MMIX. */
let state: u64 = 0;

/**
 * word2vec with negative sampling (Mikolov, Sutskever, Chen, Corrado and Dean 2013, "Distributed representations of words and phrases and
 * their compositionality"): stochastic gradient descent, pair by pair, on
 *
 *   -ln sigmoid(h . output[target]) - sum_k ln sigmoid(-h . output[negative_k])
 *
 * Of each sentence a word w stays with probability keep[w]; of those that stay, each is the center of a window that reaches 1 to `window`
 * words to both sides, every reach as likely. Skip-gram (cbow 0): h = input[center], and each word of the window is a target in turn.
 * CBOW (1): h is the mean of input over the window, and the center is the target; a word of the window gets its share of h's gradient
 * (Irsoy, Benton and Stratos 2021, "Corrected CBOW performs as well as skip-gram"), not the whole. The rate of a center at position p is
 * lr + (lrEnd - lr) p / n.
 *
 * Negatives are drawn by Walker's alias method: word w = uniform below V, or alias[w] unless uniform() < probabilities[w]; one that is the
 * target is left out. Random numbers: state <- 6364136223846793005 state + 1442695040888963407, from seed1 2^32 + seed0; u = its upper half;
 * uniform() = floor(u / 2^8) / 2^24, a whole number below m = floor(u m / 2^32).
 *
 * Reads tokens int32 [n], each below V or -1, which ends a sentence; keep, probabilities [V], alias int32 [V]. Updates input and output
 * [V, D] in place, D a multiple of 4. Workspace: h, its gradient, scores, the rows of targets, and positions that stay. No alignment needed.
 */
export function word2vecStep(
  tokens: usize, keep: usize, probabilities: usize, alias: usize, input: usize, output: usize, workspace: usize,
  n: i32, V: i32, D: i32, window: i32, negatives: i32, cbow: i32, seed0: i32, seed1: i32, lr: f32, lrEnd: f32,
): void {
  state = (<u64>(<u32>seed1) << 32) | <u64>(<u32>seed0);
  const mean = workspace, gradient = mean + bytes(D), scores = gradient + bytes(D), kept = scores + bytes(2 * (negatives + 4));
  for (let p = 0; p < n; p++) {
    let m = 0;
    for (; p < n; p++) {
      const token = load<i32>(tokens + bytes(p));
      if (token < 0) break;
      if (uniform() < load<f32>(keep + bytes(token))) store<i32>(kept + bytes(m++), p);
    }
    for (let i = 0; i < m; i++) {
      const at = load<i32>(kept + bytes(i));
      const reach = 1 + below(window);
      const first = max(0, i - reach), last = min(m - 1, i + reach);
      if (first == last) continue;
      const rate = lr + (lrEnd - lr) * (<f32>at / <f32>n);
      const center = load<i32>(tokens + bytes(at));
      const share: f32 = cbow ? 1 / <f32>(last - first) : 1;
      let h = input + bytes(center * D);
      if (cbow) {
        h = mean;
        memory.fill(h, 0, bytes(D));
        for (let j = first; j <= last; j++) if (j != i) addScaled(h, rowAt(input, tokens, kept, j, D), D, share);
        learn(h, center, gradient, scores, probabilities, alias, output, V, D, negatives, rate);
      }
      for (let j = first; j <= last; j++) {
        if (j == i) continue;
        if (cbow) addScaled(rowAt(input, tokens, kept, j, D), gradient, D, share);
        else {
          const target = load<i32>(tokens + bytes(load<i32>(kept + bytes(j))));
          learn(h, target, gradient, scores, probabilities, alias, output, V, D, negatives, rate);
          addScaled(h, gradient, D, 1);
        }
      }
    }
  }
}

/** Bytes of word2vecStep's workspace. */
export function word2vecStepWorkspace(n: f64, D: f64, negatives: f64): f64 {
  return (2 * D + 2 * (negatives + 4) + n) * 4;
}

/** A target and its negatives: output moves by the rate down its gradient, and `gradient` becomes the amount that h must move by. */
function learn(
  h: usize, target: i32, gradient: usize, scores: usize, probabilities: usize, alias: usize, output: usize,
  V: i32, D: i32, negatives: i32, rate: f32,
): void {
  const rows = scores + bytes(negatives + 4);
  store<usize>(rows, output + bytes(target * D));
  let count = 1;
  for (let k = 0; k < negatives; k++) {
    let word = below(V);
    if (uniform() >= load<f32>(probabilities + bytes(word))) word = load<i32>(alias + bytes(word));
    if (word != target) store<usize>(rows + bytes(count++), output + bytes(word * D));
  }
  for (let k = 0; k < count; k++) store<f32>(scores + bytes(k), rowDot(h, load<usize>(rows + bytes(k)), D));
  // The lanes past count are nobody's.
  for (let k = 0; k < count; k += 4) {
    const at = scores + bytes(k);
    v128.store(at, f32x4.mul(f32x4.splat(-rate), sigmoidv(v128.load(at))));
  }
  store<f32>(scores, rate + load<f32>(scores));
  // A column of all rows at a time: h and its gradient stay in registers.
  for (let c: usize = 0; c < bytes(D); c += 16) {
    const x = v128.load(h + c);
    let sum = f32x4.splat(0);
    for (let k = 0; k < count; k++) {
      const row = load<usize>(rows + bytes(k)) + c;
      const y = v128.load(row);
      const g = v128.load32_splat(scores + bytes(k));
      sum = fma(g, y, sum);
      v128.store(row, fma(g, x, y));
    }
    v128.store(gradient + c, sum);
  }
}

/** The row of the j-th word that stays. */
// @ts-ignore: decorator
@inline
function rowAt(input: usize, tokens: usize, kept: usize, j: i32, D: i32): usize {
  return input + bytes(load<i32>(tokens + bytes(load<i32>(kept + bytes(j)))) * D);
}

/** y += a x, D a multiple of 4. */
function addScaled(y: usize, x: usize, D: i32, a: f32): void {
  const scale = f32x4.splat(a);
  for (const end = y + bytes(D); y < end; y += 16, x += 16) v128.store(y, fma(scale, v128.load(x), v128.load(y)));
}

// @ts-ignore: decorator
@inline
function draw(): u64 {
  state = state * 6364136223846793005 + 1442695040888963407;
  return state >> 32;
}

// @ts-ignore: decorator
@inline
function uniform(): f32 {
  return <f32>(<i32>(draw() >> 8)) * (1 / <f32>16777216);
}

// @ts-ignore: decorator
@inline
function below(m: i32): i32 {
  return <i32>((draw() * <u64>m) >> 32);
}
