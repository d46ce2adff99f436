import type { Tensor } from "../tensor/tensor.js";
import { checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { rowsOf } from "../util/shape.js";
import { add, mul } from "./binary.js";
import { checkTensors, type Inputs, type Named } from "./define-op.js";
import { toFloat } from "./unary.js";

type Normalized = Inputs<"x", "gamma" | "beta">;

/** The inputs of a normalization over the last dimension as float32. Throws unless they, and eps, can be that. */
export function normalizationInputs(op: string, { x, gamma, beta }: Normalized, eps: number): Normalized {
  checkTensors(op, [x], ["x"]);
  for (const [name, p] of Object.entries({ gamma, beta })) if (p !== undefined) checkTensors(op, [x, p], ["x", name]);
  if (x.rank === 0) throw new SeqgradError("shape", `${op}: a scalar has no last dimension.`);
  if (beta && !gamma) throw new SeqgradError("value", `${op}: beta needs gamma; give ones for it.`);
  checkInterval(op, "eps", eps, 0);
  return { x: toFloat(x), gamma: gamma && toFloat(gamma), beta: beta && toFloat(beta) };
}

/** Throws unless each of the vectors has a number for each column of x. */
export function checkVectors(op: string, x: Tensor, vectors: Named): void {
  const { cols } = rowsOf(x.shape);
  for (const [name, p] of Object.entries(vectors)) {
    if (p && (p.rank !== 1 || p.size !== cols))
      throw new SeqgradError(
        "shape",
        `${op}: ${name} has shape ${formatShape(p.shape)}; expected [${cols}], as x is ${formatShape(x.shape)}.`,
      );
  }
}

/** x gamma + beta, as far as they are there. */
export function scaled(x: Tensor, { gamma, beta }: Inputs<never, "gamma" | "beta">): Tensor {
  if (!gamma) return x;
  return beta ? add(mul(x, gamma), beta) : mul(x, gamma);
}
