import type { Tensor } from "../tensor/tensor.js";

/** A recurrent state, carried from batch to batch: an object of tensors. */
export type CarriedState<S> = { readonly [K in keyof S]: Tensor | undefined };

/** The loss of a batch, and of a model that has one the state after it, from which the next batch may start. */
export interface LossResult<S = object> {
  readonly loss: Tensor;
  readonly state?: S | undefined;
}

/** A model that knows its loss of a batch: what fit() trains. */
export interface Trainable<B, S = object> {
  loss(batch: B, state?: S): LossResult<S>;
}
