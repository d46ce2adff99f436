import { type Arguments, each, line, type WgslKernel, type WgslKernels } from "../kernel.js";

/**
 * A thread an element i, whose gradient g is scaled to the norm's bound as PyTorch's clip_grad_norm_ does it; a norm that is not finite
 * ends the step before it changes anything. `step` sees p, the parameter, and g, and gives the change of p.
 */
const update = (step: (c: Arguments) => string): WgslKernel => ({
  code: (c) => /* wgsl */ `
fn gradientScale() -> f32 {
  ${c.norm ? "if (c.clipNorm > 0) { return min(1, c.clipNorm / (heap[c.norm] + 1e-6)); }" : ""}
  return 1;
}
${each(
  "main",
  "u32(c.n)",
  /* wgsl */ `
  ${c.norm ? "if (!isFinite(heap[c.norm])) { return; }" : ""}
  let p = heap[c.parameter + i];
  var g = gradientScale() * heap[c.gradient + i];
  ${step(c)}`,
)}`,
  passes: (c) => [{ entry: "main", groups: line(c.n) }],
});

const decay = "g += c.weightDecay * p;";

/** The optimizers, as assembly/optim; their formulas stand there. */
export const optimKernels = {
  sgd: update(
    (c) => `${decay}
  ${
    c.buffer
      ? `if (c.momentum != 0) {
    var b = g;
    if (c.first == 0) { b = c.momentum * heap[c.buffer + i] + c.oneMinusDampening * g; }
    heap[c.buffer + i] = b;
    g = select(b, g + c.momentum * b, c.nesterov != 0);
  }`
      : ""
  }
  heap[c.parameter + i] = p - c.lr * g;`,
  ),
  adam: update(
    () => `${decay}
  let m = heap[c.m + i] + c.oneMinusBeta1 * (g - heap[c.m + i]);
  let v = c.beta2 * heap[c.v + i] + c.oneMinusBeta2 * g * g;
  heap[c.m + i] = m; heap[c.v + i] = v;
  heap[c.parameter + i] = c.kept * p - c.rate * (m / (sqrt(v) * c.rootCorrection + c.eps));`,
  ),
  rmsprop: update(
    (c) => `${decay}
  var power = c.alpha * heap[c.v + i] + c.oneMinusAlpha * g * g;
  heap[c.v + i] = power;
  ${
    c.average
      ? `let average = heap[c.average + i] + c.oneMinusAlpha * (g - heap[c.average + i]);
  heap[c.average + i] = average;
  power = max(power - average * average, 0);`
      : ""
  }
  var d = g / (sqrt(power) + c.eps);
  ${c.buffer ? "if (c.momentum != 0) { d += c.momentum * heap[c.buffer + i]; heap[c.buffer + i] = d; }" : ""}
  heap[c.parameter + i] = p - c.lr * d;`,
  ),
  adagrad: update(
    () => `${decay}
  let sum = heap[c.sum + i] + g * g;
  heap[c.sum + i] = sum;
  heap[c.parameter + i] = p - c.lr * (g / (sqrt(sum) + c.eps));`,
  ),
} satisfies WgslKernels;
