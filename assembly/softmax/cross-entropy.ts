import { expRow } from "../simd/exp";
import { loadLanes, storeLanes } from "../simd/lanes";
import { rowMax, rowShiftedSum } from "../simd/row";
import { logSumExpRow } from "./exp-row";

// Values of `reduction`, positions in the contract's list.
const none: i32 = 0;
const mean: i32 = 1;

/**
 * Cross-entropy from logits with label smoothing s, as PyTorch's (Szegedy et al. 2016, "Rethinking the Inception Architecture",
 * section 7): with lse_r = log sum_c exp(logits[r, c]),
 *
 *   loss_r = (1 - s) (lse_r - logits[r, targets[r]]) + s (lse_r - mean_c logits[r, c]),   0 where targets[r] = ignoreIndex.
 *
 * Every difference is taken relative to the row's largest logit, so that large logits cost no digits. logits [rows, cols];
 * targets int32 [rows]; loss [rows] with reduction none (0), else [1]: the mean (1) over the rows that are not ignored (NaN where
 * all are), or the sum (2). logSumExp [rows] keeps lse_r for the backward pass, 0 for ignored rows. Overwrites both.
 * No alignment wanted, no aliasing. Returns the position of the first target that is neither ignoreIndex nor in 0..cols-1,
 * having written nothing, or -1.
 */
export function crossEntropyForward(
  logits: usize, targets: usize, loss: usize, logSumExp: usize, rows: i32, cols: i32, ignoreIndex: i32, reduction: i32, smoothing: f32,
): i32 {
  const bad = firstBadTarget(targets, rows, cols, ignoreIndex);
  if (bad >= 0) return bad;

  const stride = (<usize>cols) << 2;
  let total: f64 = 0;
  for (let r: i32 = 0; r < rows; r++, logits += stride) {
    const at = (<usize>r) << 2;
    const target = load<i32>(targets + at);
    let lse: f32 = 0;
    let rowLoss: f32 = 0;
    if (target != ignoreIndex) {
      const largest = rowMax(logits, cols);
      const logSum = logSumExpRow(logits, largest, cols);
      lse = largest + logSum;
      rowLoss = (1 - smoothing) * (logSum - (load<f32>(logits + ((<usize>target) << 2)) - largest));
      if (smoothing != 0) rowLoss += smoothing * (logSum - rowShiftedSum(logits, largest, cols) / <f32>cols);
    }
    store<f32>(logSumExp + at, lse);
    if (reduction == none) store<f32>(loss + at, rowLoss);
    total += rowLoss;
  }
  if (reduction == mean) total /= countTargets(targets, rows, ignoreIndex);
  if (reduction != none) store<f32>(loss, <f32>total);
  return -1;
}

/**
 * dLogits[r, c] = g_r (exp(logits[r, c] - lse_r) - (1 - s) [c = targets[r]] - s / cols), 0 in ignored rows, where g_r is dLoss[r]
 * with reduction none, dLoss[0] / (rows not ignored) with mean, dLoss[0] with sum. Shapes as in crossEntropyForward, whose targets,
 * logSumExp [rows] and settings these are; dLoss [rows] with reduction none, else [1]; dLogits [rows, cols].
 * Overwrites dLogits, which may alias logits. No alignment wanted. lse_r is a float32, so the probabilities carry a relative
 * error of |lse_r| 2^-24 besides that of exp.
 */
export function crossEntropyBackward(
  logits: usize, targets: usize, logSumExp: usize, dLoss: usize, dLogits: usize,
  rows: i32, cols: i32, ignoreIndex: i32, reduction: i32, smoothing: f32,
): void {
  const stride = (<usize>cols) << 2;
  const count: f64 = reduction == mean ? countTargets(targets, rows, ignoreIndex) : 1;
  for (let r: i32 = 0; r < rows; r++, logits += stride, dLogits += stride) {
    const row = (<usize>r) << 2;
    const target = load<i32>(targets + row);
    if (target == ignoreIndex) {
      memory.fill(dLogits, 0, stride);
      continue;
    }
    const g: f32 = reduction == none ? load<f32>(dLoss + row) : <f32>(load<f32>(dLoss) / count);
    const gv = f32x4.splat(g);
    const floor = f32x4.splat(smoothing / <f32>cols);
    expRow(logits, dLogits, 16, load<f32>(logSumExp + row), cols);
    let at = dLogits, left = cols;
    for (; left >= 4; left -= 4, at += 16) v128.store(at, f32x4.mul(gv, f32x4.sub(v128.load(at), floor)));
    if (left) storeLanes(at, f32x4.mul(gv, f32x4.sub(loadLanes(at, left), floor)), left);
    const hit = dLogits + ((<usize>target) << 2);
    store<f32>(hit, load<f32>(hit) - g * (1 - smoothing));
  }
}

/** Position of the first target that is neither ignoreIndex nor in 0..cols-1, or -1. */
function firstBadTarget(targets: usize, rows: i32, cols: i32, ignoreIndex: i32): i32 {
  for (let r: i32 = 0; r < rows; r++) {
    const target = load<i32>(targets + ((<usize>r) << 2));
    if (target != ignoreIndex && <u32>target >= <u32>cols) return r;
  }
  return -1;
}

/** How many targets are not ignored. */
function countTargets(targets: usize, rows: i32, ignoreIndex: i32): f64 {
  let count: i32 = 0;
  for (let r: i32 = 0; r < rows; r++) count += i32(load<i32>(targets + ((<usize>r) << 2)) != ignoreIndex);
  return <f64>count;
}
