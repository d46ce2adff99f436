import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { gradientScale } from "./clip";

/**
 * RMSprop (Hinton 2012; the centred form of Graves 2013), in the form of PyTorch's. With s from gradientScale:
 *
 *   g = s gradient + weightDecay parameter
 *   v <- alpha v + (1 - alpha) g^2
 *   centred, if average is given: average <- average + (1 - alpha) (g - average), and v - average^2 (at least 0) takes v's place below
 *   d = g / (sqrt(v) + eps)
 *   with a buffer and momentum: buffer <- momentum buffer + d, d = buffer
 *   parameter <- parameter - lr d
 *
 * parameter, gradient, v, average, buffer [n] (the last three 0 before the first step); norm [1], optional. Updates them in place.
 * No alignment wanted, no aliasing.
 */
export function rmsprop(
  gradient: usize, norm: usize, parameter: usize, v: usize, average: usize, buffer: usize, n: i32,
  lr: f32, alpha: f32, eps: f32, weightDecay: f32, momentum: f32, clipNorm: f32,
): void {
  const scale = gradientScale(norm, clipNorm);
  if (scale < 0) return;
  const heavy = buffer != 0 && momentum != 0;
  const zero = f32x4.splat(0);
  const scalev = f32x4.splat(scale);
  const decay = f32x4.splat(weightDecay);
  const kept = f32x4.splat(alpha);
  const taken = f32x4.splat(1 - alpha);
  const epsv = f32x4.splat(eps);
  const momentumv = f32x4.splat(momentum);
  const rate = f32x4.splat(-lr);
  for (let i: i32 = 0; i < n; i += 4) {
    const offset = (<usize>i) << 2;
    const left = n - i;
    const p = loadLanes(parameter + offset, left);
    const g = fma(decay, p, f32x4.mul(scalev, loadLanes(gradient + offset, left)));
    let power = fma(kept, loadLanes(v + offset, left), f32x4.mul(f32x4.mul(taken, g), g));
    storeLanes(v + offset, power, left);
    if (average) {
      let a = loadLanes(average + offset, left);
      a = fma(taken, f32x4.sub(g, a), a);
      storeLanes(average + offset, a, left);
      power = f32x4.pmax(f32x4.sub(power, f32x4.mul(a, a)), zero);
    }
    let d = f32x4.div(g, f32x4.add(f32x4.sqrt(power), epsv));
    if (heavy) {
      d = fma(momentumv, loadLanes(buffer + offset, left), d);
      storeLanes(buffer + offset, d, left);
    }
    storeLanes(parameter + offset, fma(rate, d, p), left);
  }
}
