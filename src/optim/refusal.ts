import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";

/** The record of a step. A bad step has changed nothing. */
export interface StepNumber {
  readonly loss: number;
  readonly norm: number;
  readonly good: boolean;
}

/** The optimizer as its errors name it. */
export interface Owner {
  readonly op: string;
  readonly params: readonly Tensor[];
  nameOf(parameter: Tensor): string;
  /** Throws once it was disposed of. */
  checkAlive(call: string): void;
}

export const isBad = (x: number) => !Number.isFinite(x);

/** The error of a step, counted from 1, whose numbers are not finite. A loss that is undefined was not computed by the step. */
export function refusal(owner: Owner, step: number, loss: number | undefined, norm: number, parameter: Tensor | undefined): SeqgradError {
  const facts = [
    `${loss === undefined ? "" : `the loss is ${loss}, `}the gradient's norm ${norm}`,
    ...(isBad(loss ?? 0) || isBad(norm) ? [] : ["an index in its data was out of range"]),
    ...(parameter ? [`the gradient of ${owner.nameOf(parameter)} is not finite`] : []),
    "nothing was changed",
  ];
  const error = new SeqgradError("not-finite", `${owner.op}: step ${step}: ${facts.join("; ")}. ${adviceOn(step, loss, norm)}`);
  return Object.assign(error, { step, parameter, loss, norm });
}

/** The advice about a refused step, counted from 1, by the value in it that was not finite. A loss that is undefined was not computed by the step. */
export function adviceOn(step: number, loss: number | undefined, norm: number): string {
  if (loss !== undefined && isBad(loss)) {
    if (step > 1)
      return "If the loss grew before, lower lr or clip the gradient (clipNorm); else look for NaN or infinite values in the data.";
    return "Nothing was learned yet: look for NaN or infinite values in the data, and for a logarithm of 0, a division by 0 or a mean over nothing in the loss.";
  }
  if (Number.isFinite(norm)) return "Look for the index in the data, or make the table larger.";
  const cause = Number.isNaN(norm)
    ? "a square root, a logarithm or a quotient at 0 has no finite gradient"
    : "a number is too large for float32";
  return `Look at what is computed on the way to the loss: ${cause}. If the loss grew before, lower lr or limit the gradient (clipValue).`;
}
