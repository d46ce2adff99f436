import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { gradientScale } from "./clip";

/**
 * Adagrad (Duchi, Hazan and Singer 2011), in the form of PyTorch's. With s from gradientScale:
 *
 *   g = s gradient + weightDecay parameter
 *   sum <- sum + g^2
 *   parameter <- parameter - lr g / (sqrt(sum) + eps)
 *
 * parameter, gradient, sum [n]; norm [1], optional. Updates parameter and sum in place. No alignment needed, no aliasing.
 */
export function adagrad(
  gradient: usize, norm: usize, parameter: usize, sum: usize, n: i32, lr: f32, eps: f32, weightDecay: f32, clipNorm: f32,
): void {
  const scale = gradientScale(norm, clipNorm);
  if (scale < 0) return;
  const scalev = f32x4.splat(scale);
  const decay = f32x4.splat(weightDecay);
  const epsv = f32x4.splat(eps);
  const rate = f32x4.splat(-lr);
  for (; n >= 4; n -= 4, gradient += 16, parameter += 16, sum += 16) update(gradient, parameter, sum, 4, scalev, decay, epsv, rate);
  if (n > 0) update(gradient, parameter, sum, n, scalev, decay, epsv, rate);
}

/** n elements, four at most. */
// @ts-ignore: decorator
@inline
function update(gradient: usize, parameter: usize, sum: usize, n: i32, scale: v128, decay: v128, eps: v128, rate: v128): void {
  const p = loadLanes(parameter, n);
  const g = fma(decay, p, f32x4.mul(scale, loadLanes(gradient, n)));
  const s = fma(g, g, loadLanes(sum, n));
  storeLanes(sum, s, n);
  storeLanes(parameter, fma(rate, f32x4.div(g, f32x4.add(f32x4.sqrt(s), eps)), p), n);
}
