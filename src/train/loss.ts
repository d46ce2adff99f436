import type { LossResult, Trainable } from "../nn/trainable.js";
import { refuseLoss } from "../optim/check-loss.js";
import { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";

export type LossFunction<B, S> = (batch: B, state: S | undefined, step: number) => LossResult<S>;

/** The option `loss`, or the model's own. */
export function lossFunction<B, S>(model: Partial<Trainable<B, S>>, { loss }: { readonly loss?: LossFunction<B, S> }): LossFunction<B, S> {
  if (loss) return loss;
  const { loss: own } = model;
  if (typeof own === "function") return (batch, state) => own.call(model, batch, state);
  const advice = "write loss: ({ x, y }) => ({ loss: crossEntropy(model.forward(x), y) }), or another loss";
  throw new SeqgradError("value", `fit: the model has no loss(batch), and the option loss is not given; ${advice}.`);
}

/** The result of the function of the loss, if it has the form of a LossResult. */
export function checkResult<S>(result: LossResult<S>): LossResult<S> {
  const must = "fit: the function of the loss must return { loss }, a tensor of one number;";
  if (result instanceof Tensor)
    throw new SeqgradError("value", `${must} got the tensor alone. Write { loss: tensor }, or { loss: tensor, state } to carry a state.`);
  return result?.loss instanceof Tensor ? result : refuseLoss(must, result?.loss ?? result);
}
