import type { KernelCall } from "../kernels.js";

/** The factor that clipping puts on a gradient, or undefined where the step must change nothing. */
function clipScale(m: Float64Array, norm: number | undefined, clipNorm: number): number | undefined {
  if (norm === undefined) return 1;
  const value = m[norm]!;
  if (!Number.isFinite(value)) return undefined;
  return clipNorm > 0 ? Math.min(1, clipNorm / (value + 1e-6)) : 1;
}

/** Applies `update(scaled gradient, i)` to every element. */
function step(
  m: Float64Array,
  c: { gradient: number; norm?: number | undefined; n: number; clipNorm: number },
  update: (g: number, i: number) => void,
): void {
  const scale = clipScale(m, c.norm, c.clipNorm);
  if (scale === undefined) return;
  for (let i = 0; i < c.n; i++) update(m[c.gradient + i]! * scale, i);
}

/** The optimizers' steps, by their formulas, in float64. */
export const training = {
  sgd(m: Float64Array, c: KernelCall<"sgd">): undefined {
    step(m, c, (gradient, i) => {
      let g = gradient + c.weightDecay * m[c.parameter + i]!;
      if (c.buffer !== undefined && c.momentum !== 0) {
        const b = c.first ? g : c.momentum * m[c.buffer + i]! + c.oneMinusDampening * g;
        m[c.buffer + i] = b;
        g = c.nesterov ? g + c.momentum * b : b;
      }
      m[c.parameter + i]! -= c.lr * g;
    });
  },
  adam(m: Float64Array, c: KernelCall<"adam">): undefined {
    step(m, c, (gradient, i) => {
      const p = m[c.parameter + i]!;
      const g = gradient + c.weightDecay * p;
      const first = m[c.m + i]! + c.oneMinusBeta1 * (g - m[c.m + i]!);
      const second = c.beta2 * m[c.v + i]! + c.oneMinusBeta2 * g * g;
      m[c.m + i] = first;
      m[c.v + i] = second;
      m[c.parameter + i] = c.kept * p - (c.rate * first) / (Math.sqrt(second) * c.rootCorrection + c.eps);
    });
  },
  rmsprop(m: Float64Array, c: KernelCall<"rmsprop">): undefined {
    step(m, c, (gradient, i) => {
      const g = gradient + c.weightDecay * m[c.parameter + i]!;
      const v = c.alpha * m[c.v + i]! + c.oneMinusAlpha * g * g;
      m[c.v + i] = v;
      let variance = v;
      if (c.average !== undefined) {
        const average = c.alpha * m[c.average + i]! + c.oneMinusAlpha * g;
        m[c.average + i] = average;
        variance -= average * average;
      }
      let delta = g / (Math.sqrt(variance) + c.eps);
      if (c.buffer !== undefined) {
        delta += c.momentum * m[c.buffer + i]!;
        m[c.buffer + i] = delta;
      }
      m[c.parameter + i]! -= c.lr * delta;
    });
  },
  adagrad(m: Float64Array, c: KernelCall<"adagrad">): undefined {
    step(m, c, (gradient, i) => {
      const g = gradient + c.weightDecay * m[c.parameter + i]!;
      const sum = m[c.sum + i]! + g * g;
      m[c.sum + i] = sum;
      m[c.parameter + i]! -= (c.lr * g) / (Math.sqrt(sum) + c.eps);
    });
  },
};
