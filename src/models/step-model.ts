/** A step of decoding. */
export interface Step<State> {
  /** `[V]`: the scores of the token that follows the last one; of several rows `[R, V]`, row by row. */
  readonly logits: ArrayLike<number>;
  /** The model's memory of all tokens so far: hidden states, or cached keys and values. */
  readonly state: State;
}

/**
 * A model as a decoder sees it: RecurrentLM, TransformerLM, and what `decoder(source)` of an encoder-decoder returns. A recurrent one
 * carries its state from step to step; one with attention, its cache. The object itself holds anything else that the decoder attends to,
 * such as the source of a translation.
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
