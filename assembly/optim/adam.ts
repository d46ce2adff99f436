import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { gradientScale } from "./clip";

/**
 * Adam (Kingma and Ba 2015) and, with decoupled 1, AdamW (Loshchilov and Hutter 2019), in the form of PyTorch's. With s from
 * gradientScale, correction1 = 1 - beta1^t and correction2 = 1 - beta2^t at step t = 1, 2, ..:
 *
 *   g = s gradient + weightDecay parameter,   or, decoupled: g = s gradient, parameter <- (1 - lr weightDecay) parameter
 *   m <- m + (1 - beta1) (g - m)
 *   v <- beta2 v + (1 - beta2) g^2
 *   parameter <- parameter - lr / correction1 * m / (sqrt(v) / sqrt(correction2) + eps)
 *
 * parameter, gradient, m, v [n] (m and v 0 before the first step); norm [1], optional. Updates parameter, m and v in place.
 * No alignment wanted, no aliasing.
 */
export function adam(
  gradient: usize, norm: usize, parameter: usize, m: usize, v: usize, n: i32, decoupled: i32,
  lr: f32, beta1: f32, beta2: f32, eps: f32, weightDecay: f32, correction1: f32, correction2: f32, clipNorm: f32,
): void {
  const scale = gradientScale(norm, clipNorm);
  if (scale < 0) return;
  const scalev = f32x4.splat(scale);
  const decay = f32x4.splat(decoupled ? 0 : weightDecay);
  const kept = f32x4.splat(decoupled ? <f32>(1 - <f64>lr * weightDecay) : 1);
  const taken1 = f32x4.splat(1 - beta1);
  const kept2 = f32x4.splat(beta2);
  const taken2 = f32x4.splat(1 - beta2);
  const root2 = f32x4.splat(<f32>(1 / sqrt<f64>(correction2)));
  const epsv = f32x4.splat(eps);
  const rate = f32x4.splat(<f32>(-<f64>lr / correction1));
  for (; n >= 4; n -= 4, gradient += 16, parameter += 16, m += 16, v += 16) {
    update(gradient, parameter, m, v, 4, scalev, decay, kept, taken1, kept2, taken2, root2, epsv, rate);
  }
  if (n > 0) update(gradient, parameter, m, v, n, scalev, decay, kept, taken1, kept2, taken2, root2, epsv, rate);
}

/** n elements, four at most. */
// @ts-ignore: decorator
@inline
function update(
  gradient: usize, parameter: usize, m: usize, v: usize, n: i32, scale: v128, decay: v128, kept: v128,
  taken1: v128, kept2: v128, taken2: v128, root2: v128, eps: v128, rate: v128,
): void {
  const p = loadLanes(parameter, n);
  const g = fma(decay, p, f32x4.mul(scale, loadLanes(gradient, n)));
  const mOld = loadLanes(m, n);
  const mNew = fma(taken1, f32x4.sub(g, mOld), mOld);
  const vNew = fma(kept2, loadLanes(v, n), f32x4.mul(f32x4.mul(taken2, g), g));
  storeLanes(m, mNew, n);
  storeLanes(v, vNew, n);
  const denominator = fma(f32x4.sqrt(vNew), root2, eps);
  storeLanes(parameter, fma(rate, f32x4.div(mNew, denominator), f32x4.mul(kept, p)), n);
}
