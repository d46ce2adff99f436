import type { Step, StepModel } from "../models/step-model.js";
import { defaultGenerator } from "../tensor/random.js";
import { breathe } from "../util/breath.js";
import { checkInteger, toTokens } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions, namesOf, optionsAmong } from "../util/options.js";
import { RandomGenerator } from "../util/philox.js";
import { checkPenalty, penalizeRepetition } from "./repetition.js";
import { checkSamplingOptions, checkStop, type Ending, type SamplingOptions, sampleToken, stopOf } from "./sampling.js";
import { checkStep, checkStepModel } from "./step-model.js";

export interface GenerateOptions extends SamplingOptions {
  /** The most tokens to write. Default 256. */
  maxTokens?: number;
  /** Tokens that end the text and are not part of it. Default: all end tokens of the tokenizer, if it is given. */
  stop?: readonly number[];
  /** The tokenizer of the prompt, whose end tokens, `special.ends`, end the text. */
  tokenizer?: Ending;
  /** Above 1 makes tokens of the prompt and the text less likely: see penalizeRepetition. Default 1. */
  repetitionPenalty?: number;
  /** The same seed gives the same tokens. Default: the next numbers of the generator of manualSeed(). */
  seed?: number;
}

const generateNames = namesOf<GenerateOptions>({
  ...{ temperature: 1, topK: 1, topP: 1, maxTokens: 1, stop: 1, tokenizer: 1, repetitionPenalty: 1, seed: 1 },
});

/**
 * Continues a prompt token by token, each sampled from the model's scores after all tokens before it. A model of a limited context reads
 * the end of a longer prompt; when its state is full, it restarts from the later half of the tokens it held.
 *
 * @param model a language model, or `model.about(source)` of an encoder-decoder
 * @param prompt token ids, at least one
 * @param options see GenerateOptions
 * @returns an async iterator of token ids; leaving the loop early frees the model's state
 * @throws SeqgradError `value` for an empty prompt, `range` for an option outside its interval, both at once; `not-finite` on the way
 * @example
 * for await (const token of sg.generate(model, tokenizer.encode("The "), { tokenizer, maxTokens: 200, temperature: 0.8, seed: 1 })) {
 *   process.stdout.write(tokenizer.decode([token]));
 * }
 */
export function generate<State>(
  model: StepModel<State>,
  prompt: ArrayLike<number>,
  options: GenerateOptions = {},
): AsyncGenerator<number, void, undefined> {
  checkStepModel("generate", model);
  checkOptions("generate", options, generateNames);
  checkSamplingOptions("generate", options);
  checkPenalty("generate", options.repetitionPenalty);
  checkInteger("generate", "maxTokens", options.maxTokens ?? 256);
  const stop = stopOf("generate", options);
  const tokens = toTokens("generate", "the prompt", prompt);
  if (tokens.length === 0) throw new SeqgradError("value", "generate: the prompt is empty; give at least one token to continue.");
  return run(model, tokens, options, stop, options.seed === undefined ? defaultGenerator() : new RandomGenerator(options.seed));
}

async function* run<State>(
  model: StepModel<State>,
  prompt: ArrayLike<number>,
  options: GenerateOptions,
  stop: readonly number[],
  generator: RandomGenerator,
): AsyncGenerator<number, void, undefined> {
  const { maxTokens = 256, repetitionPenalty = 1 } = options;
  const sampling = optionsAmong<SamplingOptions>(options, ["temperature", "topK", "topP"]);
  const { context = Number.POSITIVE_INFINITY } = model;
  const text = Array.from(prompt);
  const seen = new Set(repetitionPenalty === 1 ? [] : text);
  let tokens: ArrayLike<number> = text.slice(-context);
  let held = 0;
  let last: Step<State> | undefined;
  const forget = () => {
    if (last) model.release?.(last.state);
    last = undefined;
  };
  try {
    for (let count = 0; count < maxTokens; count++) {
      if (held + tokens.length > context) {
        forget();
        tokens = text.slice(-Math.ceil(context / 2));
        held = 0;
      }
      const next = checkStep("generate", await model.step(tokens, last?.state));
      if (last?.state !== next.state) forget(); // a cache may grow in place
      last = next;
      held += tokens.length;
      if (count === 0) checkStop("generate", options.stop, next.logits.length);
      const token = sampleToken(penalizeRepetition(next.logits, seen, repetitionPenalty), sampling, generator);
      if (stop.includes(token)) return;
      yield token;
      text.push(token);
      if (repetitionPenalty !== 1) seen.add(token);
      tokens = [token];
      await breathe();
    }
  } finally {
    forget();
  }
}
