import { checkFunction, checkInteger, checkObject } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkScores } from "./scores.js";

export interface Step<State> {
  /** `[V]`: the scores of the token that follows the last one; of several rows `[R, V]`, row by row. */
  readonly logits: ArrayLike<number>;
  /** The model's memory of all tokens so far: hidden states, or cached keys and values. */
  readonly state: State;
}

/**
 * A model as a decoder sees it. A recurrent one carries its state from step to step; one with attention, its cache. The object itself holds
 * anything else that the decoder attends to, such as the source of a translation.
 */
export interface StepModel<State> {
  /** How many tokens a state can hold. Default: any number. */
  readonly context?: number | undefined;
  /**
   * Reads `tokens`, at least one, after those that led to `state`; undefined at the start. The answer's state is new, or the same
   * object grown in place: then it stands for all tokens so far, and what it was before is gone.
   */
  step(tokens: ArrayLike<number>, state: State | undefined): Step<State> | Promise<Step<State>>;
  /**
   * Continues several texts at once: row r of the answer is row `rows[r]` of `state` after it has read `tokens[r]`. A row may be
   * taken once, often, or never, and there may be more or fewer rows than before; a state that step() answered has one. The answer's
   * state is new or the same object, as in step(). What has no stepRows is asked for one row after the other by step(), which then
   * must leave the state that it was given as it was.
   */
  stepRows?(tokens: ArrayLike<number>, state: State, rows: ArrayLike<number>): Step<State> | Promise<Step<State>>;
  /** Frees a state that is not needed any more. */
  release?(state: State): void;
}

/** The answer of a model, when it is a step. */
export function checkStep<State>(op: string, step: Step<State>): Step<State> {
  checkObject(op, "the answer of the model's step()", step, "{ logits, state }");
  checkScores(op, step.logits);
  return step;
}

/** Throws unless the model can be asked step by step. */
export function checkStepModel(op: string, model: StepModel<unknown>): void {
  if (typeof model?.step !== "function")
    throw new SeqgradError(
      "value",
      `${op}: the model has no step(); give a language model, or model.about(source) for an encoder-decoder.`,
    );
  const { context = Number.POSITIVE_INFINITY } = model;
  if (context !== Number.POSITIVE_INFINITY) checkInteger(op, "the model's context", context, 1);
  for (const method of ["stepRows", "release"] as const)
    if (model[method] !== undefined) checkFunction(op, `the model's ${method}`, model[method]);
}
