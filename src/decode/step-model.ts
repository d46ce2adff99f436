import type { Step, StepModel } from "../models/step-model.js";
import { checkFunction, checkInteger, checkObject } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkScores } from "./scores.js";

/** The answer of a model, when it is a step. */
export function checkStep<State>(op: string, step: Step<State>): Step<State> {
  checkObject(op, "the answer of the model's step()", step, "{ logits, state }");
  checkScores(op, step.logits);
  return step;
}

/** Throws unless the model can be asked step by step. */
export function checkStepModel<State>(op: string, model: StepModel<State>): void {
  if (typeof model?.step !== "function")
    throw new SeqgradError(
      "value",
      `${op}: the model has no step(); give a language model, or model.decoder(source) for an encoder-decoder.`,
    );
  const { context = Number.POSITIVE_INFINITY } = model;
  if (context !== Number.POSITIVE_INFINITY) checkInteger(op, "the model's context", context, 1);
  for (const method of ["stepRows", "release"] as const)
    if (model[method] !== undefined) checkFunction(op, `the model's ${method}`, model[method]);
}
