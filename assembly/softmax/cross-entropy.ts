import { expRow } from "../simd/exp";
import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { logf } from "../simd/log";
import { rowMax, rowShiftedSum } from "../simd/row";
import { expSumRow } from "./exp-row";

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
 * targets int32 [rows]; confidence is 1 - s, from the host, as the difference has few digits here where s is near 1; loss [rows] with
 * reduction none (0), else [1]: the mean (1) over the rows that are not ignored (0 where all are), or the sum (2). largest, total [rows]
 * keep max_c logits[r, c] and sum_c exp(logits[r, c] - largest_r) for the backward pass, 0 for ignored rows. A call computes largest and
 * total of the rows begin..end. One for all rows computes the loss too, as does one for none, which finds them there for all. Overwrites.
 * No alignment needed, no aliasing. Returns the position of the first target of all rows that is neither ignoreIndex nor in 0..cols-1,
 * having written nothing, or -1.
 */
export function crossEntropyForward(
  logits: usize, targets: usize, loss: usize, largest: usize, total: usize,
  rows: i32, cols: i32, ignoreIndex: i32, reduction: i32, begin: i32, end: i32, smoothing: f32, confidence: f32,
): i32 {
  const bad = firstBadTarget(targets, rows, cols, ignoreIndex);
  if (bad >= 0) return bad;

  for (let r = begin; r < end; r++) {
    const at = (<usize>r) << 2, row = logits + at * <usize>cols;
    let most: f32 = 0, sum: f32 = 0;
    if (load<i32>(targets + at) != ignoreIndex) {
      most = rowMax(row, cols);
      sum = expSumRow(row, most, cols);
    }
    store<f32>(largest + at, most);
    store<f32>(total + at, sum);
  }
  const count = end - begin;
  if (count && count < rows) return -1;

  let losses: f64 = 0;
  for (let r: i32 = 0; r < rows; r++) {
    const at = (<usize>r) << 2, row = logits + at * <usize>cols;
    const target = load<i32>(targets + at);
    let rowLoss: f32 = 0;
    if (target != ignoreIndex) {
      const most = load<f32>(largest + at), logSum = logf(load<f32>(total + at));
      // A logit of -Infinity makes a part infinite, and 0 times that would be no number.
      if (confidence != 0) rowLoss = confidence * (logSum - (load<f32>(row + ((<usize>target) << 2)) - most));
      if (smoothing != 0) rowLoss += smoothing * (logSum - rowShiftedSum(row, most, cols) / <f32>cols);
    }
    if (reduction == none) store<f32>(loss + at, rowLoss);
    losses += rowLoss;
  }
  if (reduction == mean) losses /= max(countTargets(targets, rows, ignoreIndex), 1);
  if (reduction != none) store<f32>(loss, <f32>losses);
  return -1;
}

/**
 * dLogits[r, c] = g_r (exp(logits[r, c] - largest_r) / total_r - (1 - s) [c = targets[r]] - s / cols), 0 in ignored rows, where g_r is
 * dLoss[r] with reduction none, dLoss[0] / (rows not ignored) with mean, dLoss[0] with sum. Shapes as in crossEntropyForward, whose
 * targets, largest, total and settings these are; dLoss [rows] with reduction none, else [1]; dLogits [rows, cols].
 * Overwrites the rows begin..end of dLogits, which may alias logits. No alignment needed.
 */
export function crossEntropyBackward(
  logits: usize, targets: usize, largest: usize, total: usize, dLoss: usize, dLogits: usize,
  rows: i32, cols: i32, ignoreIndex: i32, reduction: i32, begin: i32, end: i32, smoothing: f32, confidence: f32,
): void {
  const stride = (<usize>cols) << 2;
  const count: f64 = reduction == mean ? countTargets(targets, rows, ignoreIndex) : 1;
  logits += <usize>begin * stride, dLogits += <usize>begin * stride;
  for (let r = begin; r < end; r++, logits += stride, dLogits += stride) {
    const row = (<usize>r) << 2;
    const target = load<i32>(targets + row);
    if (target == ignoreIndex) {
      memory.fill(dLogits, 0, stride);
      continue;
    }
    const g: f32 = reduction == none ? load<f32>(dLoss + row) : <f32>(load<f32>(dLoss) / count);
    const scale = f32x4.splat(g / load<f32>(total + row));
    const floor = f32x4.splat(-g * (smoothing / <f32>cols));
    expRow(logits, dLogits, 16, load<f32>(largest + row), cols);
    let at = dLogits, left = cols;
    for (; left >= 4; left -= 4, at += 16) v128.store(at, fma(v128.load(at), scale, floor));
    if (left) storeLanes(at, fma(loadLanes(at, left), scale, floor), left);
    const hit = dLogits + ((<usize>target) << 2);
    store<f32>(hit, load<f32>(hit) - g * confidence);
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
