import { half, splat } from "./constant";
import { fma } from "./fma";

/** |x| up to which a ratio is taken; P, then Q but for its last coefficient, from their highest powers down. */
const cdf = memory.data<f32>([
  5.229839324951172,
  1.2262773019244833e-8, 3.199150114596705e-6, 7.892525172792375e-5, 2.3070448078215122e-3, 1.63285955786705e-2, 0.1994711309671402,
  6.261305998123134e-7, 3.536679651006125e-5, 9.113500127568841e-4, 1.3993723317980766e-2, 0.12426287680864334,
]);
const cdfSlope = memory.data<f32>([
  5.699646949768066,
  9.639391151949894e-8, 1.7972721252590418e-5, 9.662581760494504e-6, 7.114751730114222e-3, -1.5495854429900646e-2, 0.3989426791667938,
  4.473954049899476e-6, 9.602063073543832e-5, 1.7614879179745913e-3, 2.04904954880476e-2, 0.14724960923194885,
]);

/** The same for (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 in place of Phi. */
const tanhCdf = memory.data<f32>([
  4.999419212341309,
  1.1272526023731189e-8, 3.436094175413018e-6, 6.681997911073267e-5, 1.812045113183558e-3, 1.5293545089662075e-2, 0.19947116076946259,
  6.300750214904838e-7, 3.749425013666041e-5, 6.482391618192196e-4, 1.2203269638121128e-2, 0.12208134680986404,
]);
const tanhCdfSlope = memory.data<f32>([
  5.219031810760498,
  7.516413091934737e-8, 1.5884368622209877e-5, -7.847953384043649e-5, 6.5690698102116585e-3, -1.9627856090664864e-2, 0.39894312620162964,
  3.828821263596183e-6, 6.936743011465296e-5, 1.1280612088739872e-3, 1.7726413905620575e-2, 0.14289991557598114,
]);

/**
 * gelu x = x Phi(x), Phi the standard normal distribution function (Hendrycks and Gimpel 2016), on four float32 lanes.
 *
 * Method: Phi(x) = 1/2 + x P(x^2) / Q(x^2), both of degree 5, and so its derivative's Phi(x) + x e^(-x^2 / 2) / sqrt(2 pi), with others; x is
 * bounded where the ratio rounds to 1/2 or -1/2. Constants: minimax fits of the absolute error (Lawson's iteration, float64), 5e-9 for the
 * functions and 2.4e-7 for their derivatives before rounding; the last coefficient of Q is 1/2.
 * Measured against float64: absolute 2.3e-7 max(1, |x|) everywhere, which test/assembly/vector-math.test.ts holds; the derivative 3.4e-7,
 * that of the tanh form 5e-7, held to 1e-6 by test/assembly/unary.test.ts. Infinity stays, -Infinity gives NaN (its product with 0), NaN
 * stays NaN.
 */
// @ts-ignore: decorator
@inline
export function geluv(x: v128): v128 {
  return weighed(
    x, x, splat(cdf), f32x4.neg(splat(cdf)), splat(cdf + 4), splat(cdf + 8), splat(cdf + 12), splat(cdf + 16), splat(cdf + 20),
    splat(cdf + 24), splat(cdf + 28), splat(cdf + 32), splat(cdf + 36), splat(cdf + 40), splat(cdf + 44), splat(half),
  );
}

/** y = gelu x, or its tanh form, whole vectors of n. */
export function geluRow(x: usize, y: usize, n: i32, tanhForm: bool): void {
  weighedRow(tanhForm ? tanhCdf : cdf, x, x, y, n);
}

/** dx = dy gelu'(x), or of its tanh form, whole vectors of n. */
export function geluGradientRow(x: usize, dy: usize, dx: usize, n: i32, tanhForm: bool): void {
  weighedRow(tanhForm ? tanhCdfSlope : cdfSlope, x, dy, dx, n);
}

/** With the constants in registers, for as many as there are: to load them where they are used takes 1.5 times as long. */
function weighedRow(table: usize, x: usize, w: usize, y: usize, n: i32): void {
  const high = splat(table), low = f32x4.neg(high), rest = splat(half);
  const p5 = splat(table + 4), p4 = splat(table + 8), p3 = splat(table + 12), p2 = splat(table + 16), p1 = splat(table + 20);
  const p0 = splat(table + 24), q5 = splat(table + 28), q4 = splat(table + 32), q3 = splat(table + 36), q2 = splat(table + 40);
  const q1 = splat(table + 44);
  for (; n >= 4; n -= 4, x += 16, w += 16, y += 16) {
    v128.store(y, weighed(v128.load(x), v128.load(w), high, low, p5, p4, p3, p2, p1, p0, q5, q4, q3, q2, q1, rest));
  }
}

/** w (1/2 + x P(x^2) / Q(x^2)). */
// @ts-ignore: decorator
@inline
function weighed(
  x: v128, w: v128, high: v128, low: v128, p5: v128, p4: v128, p3: v128, p2: v128, p1: v128, p0: v128,
  q5: v128, q4: v128, q3: v128, q2: v128, q1: v128, rest: v128,
): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, high), low);
  const u = f32x4.mul(bounded, bounded);
  const p = fma(fma(fma(fma(fma(u, p5, p4), u, p3), u, p2), u, p1), u, p0);
  const q = fma(fma(fma(fma(fma(u, q5, q4), u, q3), u, q2), u, q1), u, rest);
  return f32x4.mul(w, f32x4.add(f32x4.div(f32x4.mul(bounded, p), q), rest));
}
