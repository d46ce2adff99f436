import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { gradientScale } from "./clip";

/**
 * RMSprop (Hinton 2012; the centered form of Graves 2013), in the form of PyTorch's. With s from gradientScale:
 *
 *   g = s gradient + weightDecay parameter
 *   v <- alpha v + oneMinusAlpha g^2
 *   centered, if average is given: average <- average + oneMinusAlpha (g - average), and v - average^2 (at least 0) takes v's place below
 *   d = g / (sqrt(v) + eps)
 *   with a buffer and momentum: buffer <- momentum buffer + d, d = buffer
 *   parameter <- parameter - lr d
 *
 * parameter, gradient, v, average, buffer [n] (the last three 0 before the first step); norm [1], optional. Updates them in place.
 * No alignment needed, no aliasing.
 */
export function rmsprop(
  gradient: usize, norm: usize, parameter: usize, v: usize, average: usize, buffer: usize, n: i32,
  lr: f32, alpha: f32, oneMinusAlpha: f32, eps: f32, weightDecay: f32, momentum: f32, clipNorm: f32,
): void {
  const scale = gradientScale(norm, clipNorm);
  if (scale < 0) return;
  // Without momentum the buffer is absent.
  if (momentum == 0) buffer = 0;
  const scalev = f32x4.splat(scale);
  const decay = f32x4.splat(weightDecay);
  const kept = f32x4.splat(alpha);
  const taken = f32x4.splat(oneMinusAlpha);
  const epsv = f32x4.splat(eps);
  const momentumv = f32x4.splat(momentum);
  const rate = f32x4.splat(-lr);
  for (; n >= 4; n -= 4, gradient += 16, parameter += 16, v += 16) {
    update(gradient, parameter, v, average, buffer, 4, scalev, decay, kept, taken, epsv, momentumv, rate);
    if (average) average += 16;
    if (buffer) buffer += 16;
  }
  if (n > 0) update(gradient, parameter, v, average, buffer, n, scalev, decay, kept, taken, epsv, momentumv, rate);
}

/** n elements, four at most. */
// @ts-ignore: decorator
@inline
function update(
  gradient: usize, parameter: usize, v: usize, average: usize, buffer: usize, n: i32,
  scale: v128, decay: v128, kept: v128, taken: v128, eps: v128, momentum: v128, rate: v128,
): void {
  const p = loadLanes(parameter, n);
  const g = fma(decay, p, f32x4.mul(scale, loadLanes(gradient, n)));
  let power = fma(kept, loadLanes(v, n), f32x4.mul(f32x4.mul(taken, g), g));
  storeLanes(v, power, n);
  if (average) {
    let a = loadLanes(average, n);
    a = fma(taken, f32x4.sub(g, a), a);
    storeLanes(average, a, n);
    power = f32x4.pmax(f32x4.sub(power, f32x4.mul(a, a)), f32x4.splat(0));
  }
  let d = f32x4.div(g, f32x4.add(f32x4.sqrt(power), eps));
  if (buffer) {
    d = fma(momentum, loadLanes(buffer, n), d);
    storeLanes(buffer, d, n);
  }
  storeLanes(parameter, fma(rate, d, p), n);
}
