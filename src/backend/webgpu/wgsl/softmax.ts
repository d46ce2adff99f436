import { reductions } from "../../kernels.js";
import { type Arguments, type Capabilities, each, line, type Pass, type WgslKernel, type WgslKernels } from "../kernel.js";
import { math } from "./math.js";
import { isWide, longSum, rowsEntry, rowsPass, workgroupTotal } from "./rows.js";

const rowKernel = (body: string): WgslKernel => ({
  code: (c, device) => math + rowsEntry(isWide(c.cols, device), body),
  passes: (c, device) => [rowsPass(c.rows, isWide(c.cols, device))],
});

/** The largest of a row at `from`, and the sum of exponentials relative to it. */
const exponentials = /* wgsl */ `
fn rowMax(start: u32, lane: u32) -> f32 {
  var m = -infinity();
  for (var k = lane; k < u32(c.cols); k += LANES) { m = max(m, heap[start + k]); }
  return largest(m, lane);
}
fn expSum(start: u32, m: f32, lane: u32) -> f32 { ${longSum("expf(heap[start + k] - m)")} }
`;

const NONE = reductions.indexOf("none");
const MEAN = reductions.indexOf("mean");

const targets = "fn targetOf(r: u32) -> i32 { return bitcast<i32>(heap[c.targets + r]); }\n";
/** How many targets are not ignored. One workgroup. */
const counted = /* wgsl */ `
fn count(lane: u32) -> f32 {
  var n = 0.0;
  for (var r = lane; r < u32(c.rows); r += 64u) { n += f32(targetOf(r) != c.ignoreIndex); }
  return workgroupSum(n, lane);
}
`;

const forward = (c: Arguments, device: Capabilities) => /* wgsl */ `${math}${targets}
${rowsEntry(
  isWide(c.cols, device),
  /* wgsl */ `${exponentials}
fn shiftedSum(start: u32, m: f32, lane: u32) -> f32 { ${longSum("heap[start + k] - m")} }
fn row(r: u32, lane: u32) {
  let start = c.logits + r * u32(c.cols); let target_ = targetOf(r);
  let m = rowMax(start, lane);
  let sum = expSum(start, m, lane); let logSum = logf(sum);
  var shifted = 0.0;
  if (c.smoothing != 0) { shifted = shiftedSum(start, m, lane); }
  if (lane > 0u) { return; }
  let ignored = target_ == c.ignoreIndex; let valid = target_ >= 0 && target_ < c.cols;
  if (!ignored && !valid) { fault(r); }
  var loss = 0.0;
  if (!ignored && valid) {
    // A logit of -Infinity makes a part infinite, and 0 times that would be no number.
    if (c.confidence != 0) { loss = c.confidence * (logSum - (heap[start + u32(target_)] - m)); }
    if (c.smoothing != 0) { loss += c.smoothing * (logSum - shifted / f32(c.cols)); }
  }
  heap[c.largest + r] = select(m, 0, ignored); heap[c.total + r] = select(sum, 0, ignored);
  heap[${c.reduction === NONE ? "c.loss" : "c.workspace"} + r] = loss;
}`,
)}
${
  c.reduction === NONE
    ? ""
    : /* wgsl */ `${workgroupTotal}${counted}
@compute @workgroup_size(64) fn join(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var r = lane; r < u32(c.rows); r += 64u) { sum += heap[c.workspace + r]; }
  let all = workgroupSum(sum, lane);
  ${c.reduction === MEAN ? "let n = count(lane);" : ""}
  if (lane > 0u) { return; }
  ${c.reduction === MEAN ? "heap[c.loss] = all / max(n, 1);" : "heap[c.loss] = all;"}
}`
}`;

const one = (entry: string): Pass => ({ entry, groups: [1] });

/**
 * Softmax, log-softmax and cross-entropy over the last axis of [rows, cols], as assembly/softmax: relative to a row's largest number, and
 * with the same treatment of ignored rows, smoothing and reductions. Cross-entropy has the rows' losses in the workspace, and sums them
 * by one workgroup in a fixed tree.
 */
export const softmaxKernels = {
  softmaxForward: rowKernel(/* wgsl */ `${exponentials}
fn row(r: u32, lane: u32) {
  let start = c.x + r * u32(c.cols);
  let m = rowMax(start, lane);
  let sum = expSum(start, m, lane);
  for (var k = lane; k < u32(c.cols); k += LANES) { heap[c.y + r * u32(c.cols) + k] = expf(heap[start + k] - m) / sum; }
}`),
  softmaxBackward: rowKernel(/* wgsl */ `
fn rowTotal(at: u32, lane: u32) -> f32 { ${longSum("heap[c.y + at + k] * heap[c.dy + at + k]")} }
fn row(r: u32, lane: u32) {
  let at = r * u32(c.cols);
  let sum = rowTotal(at, lane);
  for (var k = lane; k < u32(c.cols); k += LANES) { heap[c.dx + at + k] = heap[c.y + at + k] * (heap[c.dy + at + k] - sum); }
}`),
  logSoftmaxForward: rowKernel(/* wgsl */ `${exponentials}
fn row(r: u32, lane: u32) {
  let start = c.x + r * u32(c.cols);
  let m = rowMax(start, lane);
  let logSum = logf(expSum(start, m, lane));
  for (var k = lane; k < u32(c.cols); k += LANES) { heap[c.y + r * u32(c.cols) + k] = (heap[start + k] - m) - logSum; }
}`),
  logSoftmaxBackward: rowKernel(/* wgsl */ `
fn rowTotal(at: u32, lane: u32) -> f32 { ${longSum("heap[c.dy + at + k]")} }
fn row(r: u32, lane: u32) {
  let at = r * u32(c.cols);
  let sum = rowTotal(at, lane);
  for (var k = lane; k < u32(c.cols); k += LANES) { heap[c.dx + at + k] = heap[c.dy + at + k] - expf(heap[c.y + at + k]) * sum; }
}`),

  crossEntropyForward: {
    workspace: (c) => (c.reduction === NONE ? 0 : c.rows * 4),
    code: forward,
    passes: (c, device) => [rowsPass(c.rows, isWide(c.cols, device)), ...(c.reduction === NONE ? [] : [one("join")])],
  },
  crossEntropyBackward: {
    workspace: () => 4,
    code: (c) => /* wgsl */ `${math}${targets}${workgroupTotal}${counted}
@compute @workgroup_size(64) fn divisor(@builtin(local_invocation_index) lane: u32) {
  let n = count(lane);
  if (lane == 0u) { heap[c.workspace] = n; }
}
${each(
  "elements",
  "u32(c.rows * c.cols)",
  /* wgsl */ `
  let r = i / u32(c.cols); let target_ = targetOf(r);
  let g = heap[c.dLoss${c.reduction === NONE ? " + r" : ""}]${c.reduction === MEAN ? " / heap[c.workspace]" : ""};
  let hit = select(0.0, c.confidence, i32(i % u32(c.cols)) == target_);
  let d = g * (expf(heap[c.logits + i] - heap[c.largest + r]) / heap[c.total + r] - c.smoothing / f32(c.cols) - hit);
  heap[c.dLogits + i] = select(d, 0, target_ == c.ignoreIndex);`,
)}`,
    passes: (c) => [...(c.reduction === MEAN ? [one("divisor")] : []), { entry: "elements", groups: line(c.rows * c.cols) }],
  },
} satisfies WgslKernels;
