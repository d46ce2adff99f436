import { unaryOps } from "../backend/kernels.js";
import { checkTensor, type InternalTensor } from "../tensor/internal.js";
import { empty } from "../tensor/memory.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInterval, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { normOf as vectorNorm } from "../util/numbers.js";

/** The gradients that are there. */
function gradientsOf(op: string, params: Iterable<Tensor>): InternalTensor[] {
  if (typeof params !== "object" || typeof params?.[Symbol.iterator] !== "function")
    throw new SeqgradError("value", `${op}: the parameters are ${shown(params)}; give them in an array, as model.parameters() does.`);
  return Array.from(params, (p, i) => checkTensor(op, p, `parameter ${i}`)).flatMap((p) => p.grad ?? []);
}

/**
 * Scales the gradients so that their norm over all parameters is at most `maxNorm`.
 *
 * Optimizers do this themselves with the option clipNorm, in one pass; on a GPU, which cannot answer at once, only they do.
 *
 * @param params the parameters; those without a gradient are left out
 * @param maxNorm the largest norm
 * @returns the norm before
 * @throws SeqgradError `not-finite` if the norm is NaN or infinite; the gradients are unchanged. `device` on a GPU, `range` for a norm
 *   below 0
 * @see Pascanu, Mikolov and Bengio 2013, "On the Difficulty of Training Recurrent Neural Networks"
 * @example
 * sg.crossEntropy(sg.linear(sg.randn([2, 8]), model.linear.weight), sg.tensor(Int32Array.of(0, 1))).backward();
 * const norm = sg.optim.clipGradNorm(model.parameters(), 1);
 */
export function clipGradNorm(params: Iterable<Tensor>, maxNorm: number): number {
  checkInterval("clipGradNorm", "maxNorm", maxNorm, 0);
  const gradients = gradientsOf("clipGradNorm", params);
  const waiting = gradients.find(({ backend }) => backend.async);
  if (waiting) {
    const advice = "give the optimizer the option clipNorm instead";
    throw new SeqgradError("device", `clipGradNorm: ${waiting.backend.type} cannot answer at once; ${advice}.`);
  }
  const norm = vectorNorm(gradients.map(normOf));
  if (!Number.isFinite(norm))
    throw new SeqgradError("not-finite", `clipGradNorm: the norm of the gradients is ${norm}; nothing was changed.`);
  const scale = Math.min(1, maxNorm / (norm + 1e-6));
  if (scale < 1) for (const g of gradients) inPlace(g, "affine", scale, 0);
  return norm;
}

/**
 * Limits every element of the gradients to +- `limit`. Optimizers do this themselves with the option clipValue.
 *
 * @param params the parameters; those without a gradient are left out
 * @param limit the largest magnitude
 * @throws SeqgradError `range` for a limit below 0
 * @example
 * sg.optim.clipGradValue(model.parameters(), 0.5);
 */
export function clipGradValue(params: Iterable<Tensor>, limit: number): void {
  checkInterval("clipGradValue", "limit", limit, 0);
  for (const g of gradientsOf("clipGradValue", params)) inPlace(g, "clamp", -limit, limit);
}

const normOf = (g: InternalTensor) =>
  scope(() => {
    const y = empty(g.backend, []);
    g.backend.dispatch("norm", { x: g, y, n: g.size });
    return y.itemSync();
  });

function inPlace(x: InternalTensor, op: (typeof unaryOps)[number], a: number, b: number): void {
  x.backend.dispatch("unary", { x, y: x, op: unaryOps.indexOf(op), n: x.size, a, b });
}
