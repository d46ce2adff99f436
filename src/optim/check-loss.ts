import { reaches } from "../autograd/tape.js";
import { internal } from "../tensor/internal.js";
import { Tensor } from "../tensor/tensor.js";
import { kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";

/**
 * The loss, when it can train one of the parameters.
 * @throws SeqgradError `value` for what is not a tensor, `shape` for more than one number, `dtype` for int32, `state` for a loss from which
 *   no gradient flows to a parameter
 */
export function checkLoss(op: string, loss: unknown, parameters: ReadonlySet<Tensor>): Tensor {
  const must = `${op}: the function must return the loss, a tensor of one number;`;
  if (!(loss instanceof Tensor)) return refuseLoss(must, loss);
  if (loss.size !== 1)
    throw new SeqgradError("shape", `${must} got a tensor of shape ${formatShape(loss.shape)}. Reduce it with mean() or sum().`);
  if (loss.dtype !== "float32")
    throw new SeqgradError("dtype", `${must} got ${loss.dtype}, which has no gradient. Cast its inputs with toFloat().`);
  if (reaches(loss, parameters)) return loss;
  const causes = internal(loss).node
    ? "its graph holds other tensors that require a gradient, but none of the optimizer's parameters. Give the optimizer the parameters of the model that computes the loss"
    : "it was computed from numbers that were read (data(), item()), after detach(), inside noGrad(), or from tensors without requiresGrad. Compute it with operations on the model's outputs";
  throw new SeqgradError("state", `${op}: no gradient flows from the loss to any parameter: ${causes}.`);
}

/** Throws what a loss is that is not a tensor, and what to do. */
export function refuseLoss(must: string, loss: unknown): never {
  throw new SeqgradError("value", `${must} got ${described(loss)}. ${adviceFor(loss)}`);
}

function described(loss: unknown): string {
  if (loss === undefined) return "nothing";
  return typeof loss === "number" || typeof loss === "bigint" ? `the number ${shown(loss)}` : kindOf(loss);
}

function adviceFor(loss: unknown): string {
  if (loss === undefined) return "Add a return to the function.";
  if (loss instanceof Promise) {
    loss.catch(() => {}); // its error would end the process in addition to this one
    return "The function must not be async: await the data before the step, and read the loss after it.";
  }
  if (typeof loss === "number") return "Return the tensor itself, not its item().";
  return "Return what crossEntropy() or another loss returns.";
}
