import { defaultGenerator } from "../tensor/random.js";
import { checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { Generator } from "../util/philox.js";
import { checkSamplingOptions, type SamplingOptions, sampleToken } from "./sampling.js";

export interface Step<State> {
  /** `[V]`: the scores of the token that follows the last one. */
  readonly logits: ArrayLike<number>;
  /** What the model remembers of all tokens so far: hidden states, or cached keys and values. */
  readonly state: State;
}

/** A model as a decoder sees it. A recurrent one carries its state from step to step; one with attention, its cache. */
export interface StepModel<State> {
  /** Reads `tokens` after those that led to `state`; undefined at the start. */
  step(tokens: ArrayLike<number>, state: State | undefined): Step<State> | Promise<Step<State>>;
  /** Frees a state that is not needed any more. */
  release?(state: State): void;
}

export interface GenerateOptions extends SamplingOptions {
  /** How many tokens at most. Default 256. */
  maxTokens?: number;
  /** Tokens that end the text; the one that does is not given out. */
  stop?: readonly number[];
  /** The same seed gives the same tokens. Default: goes on in the sequence that manualSeed() began. */
  seed?: number;
}

/**
 * Continues a prompt token by token, each sampled from what the model makes of all before it.
 *
 * @param prompt token ids, at least one
 * @returns an async iterator of token ids; leaving the loop early frees the model's state
 * @throws SeqgradError `value` for an empty prompt, `range` for an option outside its interval, both at once; `not-finite` on the way
 * @example
 * for await (const token of sg.generate(model, tokenizer.encode("The "), { maxTokens: 200, temperature: 0.8, seed: 1 })) {
 *   process.stdout.write(tokenizer.decode([token]));
 * }
 */
export function generate<State>(
  model: StepModel<State>,
  prompt: ArrayLike<number>,
  options: GenerateOptions = {},
): AsyncGenerator<number, void, undefined> {
  checkSamplingOptions("generate", options);
  checkInteger("generate", "maxTokens", options.maxTokens ?? 0);
  if (prompt.length === 0) throw new SeqgradError("value", "generate: the prompt is empty; give at least one token to go on from.");
  return run(model, prompt, options, options.seed === undefined ? defaultGenerator() : new Generator(options.seed));
}

async function* run<State>(
  model: StepModel<State>,
  prompt: ArrayLike<number>,
  { maxTokens = 256, stop = [], ...sampling }: GenerateOptions,
  generator: Generator,
): AsyncGenerator<number, void, undefined> {
  let tokens = prompt;
  let last: Step<State> | undefined;
  try {
    for (let count = 0; count < maxTokens; count++) {
      const next: Step<State> = await model.step(tokens, last?.state);
      if (last && last.state !== next.state) model.release?.(last.state); // a cache may grow in place
      last = next;
      const token = sampleToken(next.logits, sampling, generator);
      if (stop.includes(token)) return;
      yield token;
      tokens = [token];
    }
  } finally {
    if (last) model.release?.(last.state);
  }
}
