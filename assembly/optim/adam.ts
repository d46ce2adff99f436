import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { gradientScale } from "./clip";

/**
 * Adam (Kingma and Ba 2015) and, with decoupled weight decay, AdamW (Loshchilov and Hutter 2019), in the form of PyTorch's. With s from
 * gradientScale, rate = lr / (1 - beta1^t) and rootCorrection = 1 / sqrt(1 - beta2^t) at step t = 1, 2, ..:
 *
 *   g = s gradient + weightDecay parameter
 *   m <- m + oneMinusBeta1 (g - m)
 *   v <- beta2 v + oneMinusBeta2 g^2
 *   parameter <- kept parameter - rate m / (rootCorrection sqrt(v) + eps)
 *
 * Adam has kept 1; AdamW has weightDecay 0 and kept 1 - lr weightDecay. The differences from 1 come from the host, in float64 there.
 *
 * parameter, gradient, m, v [n] (m and v 0 before the first step); norm [1], optional. Updates parameter, m and v in place.
 * No alignment needed, no aliasing.
 */
export function adam(
  gradient: usize, norm: usize, parameter: usize, m: usize, v: usize, n: i32,
  rate: f32, oneMinusBeta1: f32, beta2: f32, oneMinusBeta2: f32, rootCorrection: f32, eps: f32, weightDecay: f32, kept: f32, clipNorm: f32,
): void {
  const scale = gradientScale(norm, clipNorm);
  if (scale < 0) return;
  const scalev = f32x4.splat(scale);
  const decay = f32x4.splat(weightDecay);
  const keptv = f32x4.splat(kept);
  const taken1 = f32x4.splat(oneMinusBeta1);
  const kept2 = f32x4.splat(beta2);
  const taken2 = f32x4.splat(oneMinusBeta2);
  const root = f32x4.splat(rootCorrection);
  const epsv = f32x4.splat(eps);
  const step = f32x4.splat(-rate);
  for (; n >= 4; n -= 4, gradient += 16, parameter += 16, m += 16, v += 16) {
    update(gradient, parameter, m, v, 4, scalev, decay, keptv, taken1, kept2, taken2, root, epsv, step);
  }
  if (n > 0) update(gradient, parameter, m, v, n, scalev, decay, keptv, taken1, kept2, taken2, root, epsv, step);
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
