import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { gradientScale } from "./clip";

/**
 * Stochastic gradient descent with momentum (Sutskever et al. 2013), in the form of PyTorch's SGD. With s from gradientScale:
 *
 *   g = s gradient + weightDecay parameter
 *   buffer <- g on the first step (first 1), then momentum buffer + oneMinusDampening g
 *   d = buffer, or g + momentum buffer (nesterov 1)
 *   parameter <- parameter - lr d
 *
 * Without a buffer, or with momentum 0, d = g and the buffer is left alone. parameter, gradient, buffer [n]; norm [1], optional.
 * Updates parameter and buffer in place. No alignment needed, no aliasing.
 */
export function sgd(
  gradient: usize, norm: usize, parameter: usize, buffer: usize, n: i32, nesterov: i32, first: i32,
  lr: f32, momentum: f32, oneMinusDampening: f32, weightDecay: f32, clipNorm: f32,
): void {
  const scale = gradientScale(norm, clipNorm);
  if (scale < 0) return;
  // Without momentum the buffer is absent.
  if (momentum == 0) buffer = 0;
  const scalev = f32x4.splat(scale);
  const decay = f32x4.splat(weightDecay);
  const taken = f32x4.splat(first ? 1 : oneMinusDampening);
  const momentumv = f32x4.splat(momentum);
  const rate = f32x4.splat(-lr);
  for (; n >= 4; n -= 4, gradient += 16, parameter += 16) {
    update(gradient, parameter, buffer, 4, nesterov, first, scalev, decay, taken, momentumv, rate);
    if (buffer) buffer += 16;
  }
  if (n > 0) update(gradient, parameter, buffer, n, nesterov, first, scalev, decay, taken, momentumv, rate);
}

/** n elements, four at most. */
// @ts-ignore: decorator
@inline
function update(
  gradient: usize, parameter: usize, buffer: usize, n: i32, nesterov: i32, first: i32,
  scale: v128, decay: v128, taken: v128, momentum: v128, rate: v128,
): void {
  const p = loadLanes(parameter, n);
  let d = fma(decay, p, f32x4.mul(scale, loadLanes(gradient, n)));
  if (buffer) {
    const g = d;
    d = f32x4.mul(taken, g);
    if (!first) d = fma(momentum, loadLanes(buffer, n), d);
    storeLanes(buffer, d, n);
    if (nesterov) d = fma(momentum, d, g);
  }
  storeLanes(parameter, fma(rate, d, p), n);
}
