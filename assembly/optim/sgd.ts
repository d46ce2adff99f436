import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { gradientScale } from "./clip";

/**
 * Stochastic gradient descent with momentum (Sutskever et al. 2013), in the form of PyTorch's SGD. With s from gradientScale:
 *
 *   g = s gradient + weightDecay parameter
 *   buffer <- g on the first step (first 1), then momentum buffer + (1 - dampening) g
 *   d = buffer, or g + momentum buffer (nesterov 1)
 *   parameter <- parameter - lr d
 *
 * Without a buffer, or with momentum 0, d = g and the buffer is left alone. parameter, gradient, buffer [n]; norm [1], optional.
 * Updates parameter and buffer in place. No alignment wanted, no aliasing.
 */
export function sgd(
  gradient: usize, norm: usize, parameter: usize, buffer: usize, n: i32, nesterov: i32, first: i32,
  lr: f32, momentum: f32, dampening: f32, weightDecay: f32, clipNorm: f32,
): void {
  const scale = gradientScale(norm, clipNorm);
  if (scale < 0) return;
  const heavy = buffer != 0 && momentum != 0;
  const scalev = f32x4.splat(scale);
  const decay = f32x4.splat(weightDecay);
  const taken = f32x4.splat(first ? 1 : 1 - dampening);
  const momentumv = f32x4.splat(momentum);
  const rate = f32x4.splat(-lr);
  for (let i: i32 = 0; i < n; i += 4) {
    const offset = (<usize>i) << 2;
    const left = n - i;
    const p = loadLanes(parameter + offset, left);
    let d = fma(decay, p, f32x4.mul(scalev, loadLanes(gradient + offset, left)));
    if (heavy) {
      const g = d;
      d = f32x4.mul(taken, g);
      if (!first) d = fma(momentumv, loadLanes(buffer + offset, left), d);
      storeLanes(buffer + offset, d, left);
      if (nesterov) d = fma(momentumv, d, g);
    }
    storeLanes(parameter + offset, fma(rate, d, p), left);
  }
}
