import { consecutiveWindows, RandomWindows, splitTokens, type WindowBatch } from "../data/windows.js";
import { type BeamSearchOptions, beamSearch } from "../decode/beam-search.js";
import { type GenerateOptions, generate } from "../decode/generate.js";
import type { SavedModel } from "../io/model-folder.js";
import type { Store } from "../io/store.js";
import { RecurrentLM, type RecurrentLMConfig } from "../models/recurrent-lm.js";
import { TransformerLM, type TransformerLMConfig } from "../models/transformer-lm.js";
import type { Capture, CaptureOptions } from "../nn/capture.js";
import type { CaptureFunction } from "../nn/captured-step.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import type { AdamW } from "../optim/adam.js";
import { tensor } from "../tensor/create.js";
import { CharTokenizer } from "../text/char-tokenizer.js";
import { tokenizerFromJSON } from "../text/load.js";
import { TextStream } from "../text/text-stream.js";
import { encodedInTurns, type Tokenizer } from "../text/tokenizer.js";
import { training as tokenizing } from "../text/train-tokenizer.js";
import { fit } from "../train/fit.js";
import { type FitRun, runOf } from "../train/fit-run.js";
import type { FitEvent } from "../train/types.js";
import { finish, inTurns, type Pieces } from "../util/breath.js";
import { checkInteger, checkObject, checkText, shown, toTokens } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { type Given, inCode } from "../util/schema.js";
import { rankOf, refuseUnmeasured, taskRun } from "./base-task.js";
import { type LanguageModelMeasures, measuresOf } from "./language-measures.js";
import {
  criteria,
  type LanguageModelOptions,
  type LanguageModelTrainOptions,
  networkOf,
  options,
  training,
  WINDOW,
} from "./language-model-options.js";
import { makeSchedule } from "./optimization.js";
import { languageModelKinds, savedNetwork } from "./saved-language-model.js";
import { checkItems, checkSaved, checkTokenizer, isCount, isText, outputs, saveTask } from "./task.js";

/** Windows that are measured together; it changes no measure but by rounding. */
const ROWS = 32;
/** Updates between two checkpoints, unless another number is given. */
const CHECKPOINT = 500;

/** How a language model writes. */
export interface WriteOptions extends Omit<GenerateOptions, "stop" | "tokenizer"> {
  /** A text that ends the writing where it appears; it is left out. */
  readonly stop?: string;
}

export interface LanguageModelSearchOptions extends Omit<BeamSearchOptions, "stop" | "tokenizer"> {
  /** A text at which the results are cut off; it is left out. */
  readonly stop?: string;
}

/** A text that search() found. */
export interface FoundText {
  readonly text: string;
  /** log P of its tokens after the prompt, in nats. */
  readonly logProbability: number;
}

/**
 * A model that continues texts: a tokenizer, and a recurrent network or a Transformer that predicts each token from the tokens before it.
 * @example
 * const text = "the cat sat on the mat. the dog sat on the log. ".repeat(20);
 * const lm = sg.tasks.LanguageModel.create(text, { arch: "gru", hidden: 32, context: 16 });
 * const { end } = await lm.train(text, { steps: 5 });
 * for await (const piece of lm.generate("the dog ", { maxTokens: 20, temperature: 0.5, seed: 1 })) console.log(piece);
 * await lm.save(store);
 */
export class LanguageModel {
  static readonly options = options;
  static readonly training = training;
  static readonly criteria = criteria;
  /** The values of `model_type` in config.json. */
  static readonly types: readonly string[] = Object.values(languageModelKinds).map(({ type }) => type);

  private constructor(
    readonly model: RecurrentLM | TransformerLM,
    readonly tokenizer: Tokenizer,
    /** Tokens of a window of training, and the longest text that a Transformer reads. */
    readonly context: number,
  ) {}

  /** The value of `model_type` in config.json. */
  get type(): string {
    return (this.model instanceof RecurrentLM ? languageModelKinds.recurrent : languageModelKinds.transformer).type;
  }

  /**
   * Makes an untrained model for the tokens of a text.
   *
   * @param text the text to train on
   * @param options see LanguageModelOptions
   * @returns the untrained task
   * @throws SeqgradError `value` for an unknown option, an option of another architecture, or a text without a token, `range` for an
   *   impossible size
   */
  static create(text: string, options: LanguageModelOptions = {}): LanguageModel {
    return finish(LanguageModel.#making(text, options));
  }

  /**
   * Makes an untrained model in turns: timers, clicks and other work of a page run in between.
   *
   * @param text the text to train on
   * @param options see LanguageModelOptions
   * @returns the untrained task
   * @throws SeqgradError `value` for an unknown option, an option of another architecture, or a text without a token, `range` for an
   *   impossible size
   * @example
   * const lm = await sg.tasks.LanguageModel.createAsync("to be or not to be", { hidden: 8, embed: 4 });
   * lm.tokenizer.size; // = 7
   */
  static createAsync(text: string, options: LanguageModelOptions = {}): Promise<LanguageModel> {
    return inTurns(LanguageModel.#making(text, options));
  }

  static *#making(text: string, options: LanguageModelOptions): Pieces<LanguageModel> {
    const op = "LanguageModel.create";
    checkText(op, text);
    const settings = LanguageModel.options.complete(options, inCode(op));
    const { context, unit, vocab, minCount, locale } = settings;
    const made = { unit, vocab, minCount, ...(locale !== "" && { locale }) };
    const tokenizer = settings.tokenizer ?? (yield* tokenizing([text], made));
    return new LanguageModel(networkOf(settings, tokenizer.size), tokenizer, context);
  }

  /**
   * Makes a task of an existing network and tokenizer.
   *
   * @param model the network
   * @param tokenizer the tokenizer of its tokens
   * @param context the number of tokens of a window; default the network's, or 64
   * @returns the task
   * @throws SeqgradError `value` for something that is not a tokenizer
   */
  static of(model: RecurrentLM | TransformerLM, tokenizer: Tokenizer, context?: number): LanguageModel {
    if (context !== undefined) checkInteger("LanguageModel.of", "context", context, 1);
    if (!(model instanceof RecurrentLM || model instanceof TransformerLM))
      throw new SeqgradError("value", `LanguageModel.of: the model is ${shown(model)}; give a RecurrentLM or a TransformerLM.`);
    return new LanguageModel(model, checkTokenizer("LanguageModel.of", tokenizer), context ?? contextOf(model.config));
  }

  /**
   * Rebuilds the model of a folder that save() or `seqgrad train lm` wrote.
   *
   * @param saved the result of io.loadModel()
   * @returns the task
   * @throws SeqgradError `io` for a folder that is not complete, `format` for a config that does not fit the other files
   */
  static async fromSaved(saved: SavedModel): Promise<LanguageModel> {
    const current = checkSaved("LanguageModel.fromSaved", saved);
    const { config, vocabulary, tokenizer: file } = current;
    if (!vocabulary && !file) throw new SeqgradError("io", "the model's vocab.json is missing; the folder is not complete.");
    const tokenizer = await tokenizerFromJSON(file ?? vocabulary);
    const model = savedNetwork(current, tokenizer);
    const { context } = config;
    return LanguageModel.of(model, tokenizer, isCount(context) ? context : undefined);
  }

  /**
   * Trains on windows of a text, with AdamW, and keeps at the end the weights of the evaluation that is best on the end of the text, which
   * is held back. Its events of `evaluation` have all `measures`.
   *
   * @param text in the tokens of the model, or these tokens; longer than `context` tokens
   * @param options see LanguageModelTrainOptions
   * @returns the run of fit(): go through its events with `for await`, or await it
   * @throws SeqgradError `value` for an unknown option; `range` for a text that is too short, of tokens at once and else from the run
   * @example
   * const text = "the cat sat on the mat. ".repeat(20);
   * const lm = sg.tasks.LanguageModel.create(text, { arch: "rnn", hidden: 8, embed: 4, context: 8 });
   * for await (const event of lm.train(text, { steps: 2 })) if (event.type === "step") console.log(event.loss);
   */
  train(text: string | Int32Array, options: LanguageModelTrainOptions = {}): FitRun {
    const op = "LanguageModel.train";
    if (!(text instanceof Int32Array)) checkText(op, text);
    LanguageModel.training.complete(options, inCode(op), this.#known);
    const { validation } = options;
    if (typeof text !== "string" && typeof validation !== "string") return this.#run(text, options, validation);
    return runOf(this.#encoding(text, options, validation));
  }

  async *#encoding(
    text: string | Int32Array,
    options: LanguageModelTrainOptions,
    validation: LanguageModelTrainOptions["validation"],
  ): AsyncGenerator<FitEvent, void, undefined> {
    const held = typeof validation === "string" ? await encodedInTurns(this.tokenizer, validation) : validation;
    yield* this.#run(typeof text === "string" ? await encodedInTurns(this.tokenizer, text) : text, options, held);
  }

  #run(tokens: Int32Array, options: LanguageModelTrainOptions, held: number | Int32Array | undefined): FitRun {
    const op = "LanguageModel.train";
    const settings = LanguageModel.training.complete(options, inCode(op), this.#known);
    const { steps, batch, seed, evaluateEvery, best, patience, checkpoint, signal, control } = settings;
    const { context } = this;
    const share = held ?? settings.validation;
    const { train, validation } = typeof share === "number" ? splitTokens(tokens, share) : { train: tokens, validation: share };
    if (train.length <= context || (share !== 0 && validation.length < 2))
      throw new SeqgradError(
        "range",
        `${op}: the text has ${train.length} tokens to train on and ${validation.length} to measure by; expected more than context, ${context}, and at least 2. Give a longer text, a smaller context, or validation: 0.`,
      );
    const windows = new RandomWindows(train, { batch, context, seed });
    const schedule = makeSchedule(settings, steps);
    if (validation.length === 0) refuseUnmeasured(op, options, "no part of the text is held back for validation");
    const criterion = criteria.find(({ name }) => name === best);
    let measures: LanguageModelMeasures | undefined;
    const text = this.tokenizer.decode(validation);
    const run = async () => {
      measures = measuresOf(this.tokenizer, await this.lossOf(validation, context, batch), validation, text);
      return criterion ? rankOf(op, criterion, measures) : measures.loss;
    };
    const fitWith = (optimizer: AdamW) =>
      fit(this.model, windows, {
        optimizer,
        steps,
        ...(schedule && { schedule }),
        ...(validation.length > 0 && {
          ...{ evaluate: { every: evaluateEvery, run }, keepBest: true },
          ...(patience > 0 && { earlyStopping: { patience } }),
        }),
        ...(checkpoint && { checkpoint: { every: CHECKPOINT, ...checkpoint } }),
        ...(signal && { signal }),
        ...(control && { control }),
      });
    return taskRun(this.model, settings, fitWith, () => measures);
  }

  get #known(): Given {
    return { arch: this.arch };
  }

  /** The kind of network. */
  get arch(): "rnn" | "gru" | "lstm" | "transformer" {
    return this.model instanceof RecurrentLM ? this.model.config.arch : "transformer";
  }

  /**
   * Measures the model on a text that it has not seen, in windows of `context` tokens, each without the text before it.
   *
   * @param text at least two tokens
   * @returns the loss in nats, the perplexity, and bits per character
   * @throws SeqgradError `range` for a text of fewer than two tokens
   */
  async evaluate(text: string | Int32Array): Promise<LanguageModelMeasures> {
    const ids = text instanceof Int32Array ? text : await encodedInTurns(this.tokenizer, checkText("LanguageModel.evaluate", text));
    return measuresOf(this.tokenizer, await this.lossOf(ids), ids, typeof text === "string" ? text : undefined);
  }

  /**
   * Returns the mean cross-entropy of all tokens but the first, in consecutive windows that each begin without a state.
   *
   * @param tokens at least two token ids
   * @param context the number of tokens of a window; default the model's
   * @param batch the number of windows read at once; it changes the loss by rounding only. Default 32
   * @returns the loss, in nats
   * @throws SeqgradError `range` for fewer than two tokens
   */
  async lossOf(tokens: Int32Array, context: number = this.context, batch: number = ROWS): Promise<number> {
    toTokens("LanguageModel.lossOf", "tokens", tokens);
    const windows = consecutiveWindows(tokens, { batch, context });
    const total = ({ x, y, shape }: WindowBatch) =>
      crossEntropy(this.model.forward(tensor(x, shape)).logits, tensor(y, shape), { reduction: "sum" });
    let [sum, count] = [0, 0];
    for await (const { batch, data } of outputs(windows, total)) {
      sum += nth(data, 0);
      count += batch.y.length;
    }
    return sum / count;
  }

  /**
   * Continues a text, piece by piece: each piece is the text that a new token adds.
   *
   * @param prompt at least one token; left out, the model begins as after a line break or a sentence
   * @param options see WriteOptions
   * @returns an async iterator of texts; leaving the loop early frees the model's state
   * @throws SeqgradError `range` or `value` for an impossible option, `value` for a prompt without a token
   */
  async *generate(prompt?: string, options: WriteOptions = {}): AsyncGenerator<string, void, undefined> {
    const { stop, ...sampling } = checkWriting("LanguageModel.generate", options);
    const { tokenizer } = this;
    const ids = await this.#encoded("LanguageModel.generate", prompt);
    const stream = new TextStream(tokenizer, ids);
    const { model } = this;
    const pieces = async function* () {
      for await (const token of generate<unknown>(model, ids, { tokenizer, ...sampling })) yield stream.push(token);
      yield stream.flush();
    };
    for await (const piece of before(pieces(), stop)) if (piece !== "") yield piece;
  }

  /**
   * Continues each prompt to its end, as generate() does.
   *
   * @param prompts texts of at least one token
   * @param options see WriteOptions
   * @returns the continuation of each prompt, without the prompt
   * @throws SeqgradError `range` or `value` for an impossible option, `value` for a prompt without a token
   */
  async predict(prompts: readonly string[], options: WriteOptions = {}): Promise<string[]> {
    checkItems("LanguageModel.predict", "prompts", prompts, isText, "strings");
    checkObject("LanguageModel.predict", "the options", options, "as in { maxTokens: 100 }");
    const answers: string[] = [];
    for (const prompt of prompts) {
      let text = "";
      for await (const piece of this.generate(prompt, options)) text += piece;
      answers.push(text);
    }
    return answers;
  }

  /**
   * Searches for the likeliest continuations of a text, by a beam search.
   *
   * @param prompt as for `generate()`
   * @param options see LanguageModelSearchOptions
   * @returns the `nBest` texts, best first, without the prompt
   * @throws SeqgradError as `beamSearch`
   * @example
   * const lm = sg.tasks.LanguageModel.create("to be or not to be", { hidden: 8, embed: 4 });
   * const [best] = await lm.search("to ", { beam: 2, maxTokens: 5 });
   */
  async search(prompt?: string, options: LanguageModelSearchOptions = {}): Promise<FoundText[]> {
    const { stop, ...search } = checkWriting("LanguageModel.search", options);
    const { tokenizer } = this;
    const ids = await this.#encoded("LanguageModel.search", prompt);
    const found = await beamSearch<unknown>(this.model, ids, { tokenizer, ...search });
    return found.map(({ tokens, logProbability }) => {
      const stream = new TextStream(tokenizer, ids);
      const text = tokens.map((token) => stream.push(token)).join("") + stream.flush();
      return { text: stop === undefined ? text : (text.split(stop)[0] ?? ""), logProbability };
    });
  }

  /** The tokens of a prompt. Without one, a token after which most texts begin: a line break or a full stop, or any other. */
  async #encoded(op: string, prompt: string | undefined): Promise<ArrayLike<number>> {
    const { tokenizer } = this;
    if (prompt !== undefined) return encodedInTurns(tokenizer, checkText(op, prompt, "the prompt"));
    return [tokenizer.special.sos ?? tokenizer.idOf("\n") ?? tokenizer.idOf(".") ?? tokenizer.size - 1];
  }

  /**
   * Saves the task as a folder in Hugging Face's layout; tasks.load() reads it.
   *
   * @param store where to save it
   * @throws SeqgradError `io` if the store cannot be written
   */
  save(store: Store): Promise<void> {
    return saveTask(store, this);
  }

  /**
   * Returns a table of the layers with their shapes and parameters.
   *
   * @returns lines of text
   */
  summary(): string {
    return this.model.summary();
  }

  /**
   * Lists what capture() can show.
   *
   * @returns the names
   */
  captureNames(): Promise<string[]> {
    return this.model.captureNames();
  }

  /**
   * Shows what the model's layers compute while it trains or predicts: see Module.capture(). captureNames() lists the names.
   *
   * @param names names, or patterns of them
   * @param fn called with a name and its value
   * @param options see CaptureOptions
   * @returns the capture, which stop() ends
   * @throws SeqgradError `value` for a name that no layer has, with those that there are
   */
  capture(names: readonly string[], fn: CaptureFunction, options: CaptureOptions = {}): Promise<Capture> {
    return this.model.capture(names, fn, options);
  }

  /**
   * Returns the settings that rebuild the task, without the weights.
   *
   * @returns config, and vocabulary or tokenizer
   */
  describe(): Omit<SavedModel, "tensors"> {
    const { model, tokenizer, context } = this;
    const kind = model instanceof RecurrentLM ? languageModelKinds.recurrent : languageModelKinds.transformer;
    const config = { architectures: [kind.architecture], ...model.config, ...(model instanceof RecurrentLM && { context }) };
    return { config, ...(tokenizer instanceof CharTokenizer ? { vocabulary: tokenizer.toJSON() } : { tokenizer: tokenizer.toJSON() }) };
  }
}

const contextOf = (config: RecurrentLMConfig | TransformerLMConfig): number => ("context" in config ? config.context : WINDOW);

/** The options, when `stop` is a text that can appear. */
function checkWriting<O extends { readonly stop?: string }>(op: string, options: O): O {
  const { stop } = checkObject(op, "the options", options, "as in { maxTokens: 100 }");
  if (stop !== undefined && checkText(op, stop, "stop") === "")
    throw new SeqgradError("value", `${op}: stop is empty, which every text begins with; give a text, or leave it out.`);
  return options;
}

/** The pieces of a text before another text appears in it. What may be the beginning of that one waits for the next piece. */
async function* before(pieces: AsyncIterable<string>, stop: string | undefined): AsyncGenerator<string, void, undefined> {
  let held = "";
  for await (const piece of pieces) {
    if (stop === undefined) {
      yield piece;
      continue;
    }
    held += piece;
    const at = held.indexOf(stop);
    if (at >= 0) {
      yield held.slice(0, at);
      return;
    }
    let kept = Math.min(stop.length - 1, held.length);
    while (!stop.startsWith(held.slice(held.length - kept))) kept--;
    yield held.slice(0, held.length - kept);
    held = held.slice(held.length - kept);
  }
  yield held;
}
