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
 * parameter, gradient, sum [n]; norm [1], optional. Updates parameter and sum in place. No alignment wanted, no aliasing.
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
  for (let i: i32 = 0; i < n; i += 4) {
    const offset = (<usize>i) << 2;
    const left = n - i;
    const p = loadLanes(parameter + offset, left);
    const g = fma(decay, p, f32x4.mul(scalev, loadLanes(gradient + offset, left)));
    const s = fma(g, g, loadLanes(sum + offset, left));
    storeLanes(sum + offset, s, left);
    storeLanes(parameter + offset, fma(rate, f32x4.div(g, f32x4.add(f32x4.sqrt(s), epsv)), p), left);
  }
}
