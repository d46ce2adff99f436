import { bytes } from "../recurrent/sequence";
import { fma } from "../simd/fma";
import { rowDot } from "../simd/row";

/**
 * GloVe (Pennington, Socher and Manning 2014, "GloVe: Global vectors for word representation"): for each co-occurrence cell, of word r with
 * context c, one step of AdaGrad on weight / 2 e^2 with
 *
 *   e = word[r] . context[c] + biases[0, r] + biases[1, c] - log,   sum <- sum + g^2,   parameter <- parameter - lr g / sqrt(sum)
 *
 * where the caller gives each cell's log = ln x and weight = min(1, (x / xMax)^alpha), in an order that he has shuffled.
 * Reads rows, columns int32 [n], logs, weights [n], their elements begin..end. Updates word, context, and the sums of their squared gradients
 * wordSums, contextSums [V, D], biases and biasSums [2, V] in place; sums must not be 0. Overwrites loss [1] with the cells' sum of
 * weight / 2 e^2, each before its step. D is a multiple of 4. No alignment needed.
 */
export function gloveStep(
  rows: usize, columns: usize, logs: usize, weights: usize,
  word: usize, context: usize, wordSums: usize, contextSums: usize, biases: usize, biasSums: usize, loss: usize,
  V: i32, D: i32, begin: i32, end: i32, lr: f32,
): void {
  let total: f64 = 0;
  for (let i = begin; i < end; i++) {
    const cell = bytes(i);
    const r = load<i32>(rows + cell), c = load<i32>(columns + cell);
    let w = word + bytes(r * D), v = context + bytes(c * D), wSum = wordSums + bytes(r * D), vSum = contextSums + bytes(c * D);
    const first = bytes(r), second = bytes(V + c);
    const error = rowDot(w, v, D) + load<f32>(biases + first) + load<f32>(biases + second) - load<f32>(logs + cell);
    const g = load<f32>(weights + cell) * error;
    total += <f64>(g * error);
    const scale = f32x4.splat(g), rate = f32x4.splat(-lr);
    for (const last = w + bytes(D); w < last; w += 16, v += 16, wSum += 16, vSum += 16) {
      const x = v128.load(w), y = v128.load(v);
      v128.store(w, moved(x, f32x4.mul(scale, y), wSum, rate));
      v128.store(v, moved(y, f32x4.mul(scale, x), vSum, rate));
    }
    moveBias(biases + first, biasSums + first, g, lr);
    moveBias(biases + second, biasSums + second, g, lr);
  }
  store<f32>(loss, <f32>(total / 2));
}

/** A parameter's next value; its sum at `sums` grows. */
// @ts-ignore: decorator
@inline
function moved(parameter: v128, g: v128, sums: usize, rate: v128): v128 {
  const sum = fma(g, g, v128.load(sums));
  v128.store(sums, sum);
  return fma(rate, f32x4.div(g, f32x4.sqrt(sum)), parameter);
}

function moveBias(at: usize, sums: usize, g: f32, lr: f32): void {
  const sum = load<f32>(sums) + g * g;
  store<f32>(sums, sum);
  store<f32>(at, load<f32>(at) - lr * g / sqrt<f32>(sum));
}
