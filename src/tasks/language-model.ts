import { consecutiveWindows, RandomWindows, splitTokens, type WindowBatch } from "../data/windows.js";
import { type GenerateOptions, generate } from "../decode/generate.js";
import type { StepModel } from "../decode/step-model.js";
import type { SavedModel } from "../io/model-folder.js";
import type { Store } from "../io/store.js";
import { bitsPerCharacter, perplexity } from "../metrics/language.js";
import { RecurrentLM, type RecurrentLMConfig } from "../models/recurrent-lm.js";
import { TransformerLM, type TransformerLMConfig } from "../models/transformer-lm.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { AdamW } from "../optim/adam.js";
import { tensor } from "../tensor/create.js";
import { CharTokenizer } from "../text/char-tokenizer.js";
import { tokenizerFromJSON } from "../text/load.js";
import { TextStream } from "../text/text-stream.js";
import { encodedInTurns, type Tokenizer } from "../text/tokenizer.js";
import { type TextUnit, training } from "../text/train-tokenizer.js";
import { type FitRun, fit, runOf } from "../train/fit.js";
import type { FitEvent } from "../train/types.js";
import { finish, inTurns, type Pieces } from "../util/breath.js";
import { checkChoice, checkInteger, checkInterval, checkObject, checkText, shown, toTokens } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions, namesOf } from "../util/options.js";
import { checkRun, type RunOptions, withRunNames } from "./base-task.js";
import { languageModelKinds, savedNetwork } from "./saved-language-model.js";
import { checkItems, checkSaved, checkTokenizer, isText, outputs, saveTask } from "./task.js";

/** Tokens of a window where nothing else is known. */
const WINDOW = 64;
/** Windows that are measured together; it changes no measure but by rounding. */
const ROWS = 32;

export interface LanguageModelOptions {
  /** Default lstm. */
  readonly arch?: "rnn" | "gru" | "lstm" | "transformer";
  /** Units of a layer, or the width of a Transformer. Default 256, of a Transformer 128. */
  readonly hidden?: number;
  /** The size of a token's vector, of rnn, gru and lstm. Default 64. */
  readonly embed?: number;
  /** Default 1, of a Transformer 4. */
  readonly layers?: number;
  /** The number of tokens of a window to train on, and of the longest text that a Transformer reads. Default 64. */
  readonly context?: number;
  /** The probability of zeroing an activation in training. Default 0. */
  readonly dropout?: number;
  /** Heads of a Transformer's attention. Default 4. */
  readonly heads?: number;
  /** Heads of a Transformer's keys and values. Default `heads`. */
  readonly kvHeads?: number;
  /** The kind of token: a character, a word in lower case, or a part of a word. Default characters. */
  readonly unit?: TextUnit;
  /** The most words, or parts of words. Default 8000. */
  readonly vocab?: number;
  /** A tokenizer to use instead of one made from the text. */
  readonly tokenizer?: Tokenizer;
}

export interface LanguageModelTrainOptions extends RunOptions {
  /** The number of updates. Default 2000. */
  readonly steps?: number;
  /** The number of windows of an update. Default 32. */
  readonly batch?: number;
  /** The share of the text, at its end, that is held back to measure by; 0 holds none back. Default 0.1. */
  readonly validation?: number;
  /** The number of updates between two measures. Default 500. */
  readonly evaluateEvery?: number;
}

export interface LanguageModelMeasures extends Readonly<Record<string, number>> {
  /** The mean cross-entropy of a token, in nats. */
  readonly loss: number;
  readonly perplexity: number;
  readonly bitsPerCharacter: number;
}

const recurrentNames = ["embed"];
const transformerNames = ["heads", "kvHeads"];
const optionNames = namesOf<LanguageModelOptions>({
  ...{ arch: 1, hidden: 1, embed: 1, layers: 1, context: 1, dropout: 1, heads: 1, kvHeads: 1, unit: 1, vocab: 1, tokenizer: 1 },
});
const trainNames = withRunNames({ steps: 1, batch: 1, validation: 1, evaluateEvery: 1 });

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
    checkOptions(op, options, optionNames);
    const { arch = "lstm", context = WINDOW, unit = "characters", vocab, tokenizer: given, layers, dropout } = options;
    checkChoice<string>(op, "arch", arch, ["rnn", "gru", "lstm", "transformer"]);
    checkInteger(op, "context", context, 1);
    const others = arch === "transformer" ? recurrentNames : transformerNames;
    const stray = others.find((name) => options[name as keyof LanguageModelOptions] !== undefined);
    if (stray) throw new SeqgradError("value", `${op}: ${stray} is not an option of arch "${arch}"; leave it out.`);
    if (given !== undefined) checkTokenizer(op, given);
    if (given !== undefined && (options.unit !== undefined || vocab !== undefined))
      throw new SeqgradError("value", `${op}: unit and vocab make a tokenizer, and a tokenizer is given; leave one of them out.`);
    const tokenizer = given ?? (yield* training([text], { unit, ...(vocab !== undefined && { vocab }) }));
    const common = { vocab: tokenizer.size, ...(dropout !== undefined && { dropout }) };
    if (arch !== "transformer") {
      const { hidden = 256, embed = 64 } = options;
      return new LanguageModel(new RecurrentLM({ ...common, arch, embed, hidden, layers: layers ?? 1 }), tokenizer, context);
    }
    const { hidden = 128, heads = 4, kvHeads = heads } = options;
    const sizes = { context, hidden, heads, kvHeads, layers: layers ?? 4 };
    return new LanguageModel(new TransformerLM({ ...common, ...sizes }), tokenizer, context);
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
    return LanguageModel.of(model, tokenizer, Number.isInteger(context) && (context as number) > 0 ? (context as number) : undefined);
  }

  /**
   * Trains on windows of a text, with AdamW. The loss on the held-back end of the text comes as events of `evaluation`.
   *
   * @param text in the tokens of the model; longer than `context` tokens
   * @param options see LanguageModelTrainOptions
   * @returns the run of fit(): go through its events with `for await`, or await it
   * @throws SeqgradError `value` for an unknown option; from the run, `range` for a text that is too short
   * @example
   * const text = "the cat sat on the mat. ".repeat(20);
   * const lm = sg.tasks.LanguageModel.create(text, { arch: "rnn", hidden: 8, embed: 4, context: 8 });
   * for await (const event of lm.train(text, { steps: 2 })) if (event.type === "step") console.log(event.loss);
   */
  train(text: string, options: LanguageModelTrainOptions = {}): FitRun {
    const op = "LanguageModel.train";
    checkText(op, text);
    checkOptions(op, options, trainNames);
    checkRun(op, options);
    const { steps = 2000, batch = 32, validation = 0.1, evaluateEvery = 500 } = options;
    for (const [name, value] of Object.entries({ steps, batch, evaluateEvery })) checkInteger(op, name, value, 1);
    checkInterval(op, "validation", validation, 0, 0.9);
    return runOf(this.#training(text, { ...options, steps, batch, validation, evaluateEvery }));
  }

  async *#training(
    text: string,
    options: RunOptions & Required<Omit<LanguageModelTrainOptions, keyof RunOptions>>,
  ): AsyncGenerator<FitEvent, void, undefined> {
    const { steps, batch, validation: share, evaluateEvery, seed = 1, clipNorm = 1, weightDecay = 0 } = options;
    const { lr = this.model instanceof RecurrentLM ? 2e-3 : 1e-3, checkpoint, signal } = options;
    const { context, tokenizer } = this;
    const { train, validation } = splitTokens(await encodedInTurns(tokenizer, text), share);
    if (train.length <= context || (share > 0 && validation.length < 2))
      throw new SeqgradError(
        "range",
        `LanguageModel.train: the text has ${train.length} tokens to train on and ${validation.length} to measure by; expected more than context, ${context}, and at least 2. Give a longer text, a smaller context, or validation: 0.`,
      );
    const windows = new RandomWindows(train, { batchSize: batch, context, seed });
    yield* fit(this.model, windows, {
      optimizer: new AdamW(this.model.parameters(), { lr, betas: [0.9, 0.99], weightDecay, ...(clipNorm > 0 && { clipNorm }) }),
      steps,
      ...(share > 0 && { evaluate: { every: evaluateEvery, run: () => this.lossOf(validation) } }),
      ...(checkpoint && { checkpoint }),
      ...(signal && { signal }),
    });
  }

  /**
   * Measures the model on a text that it has not seen, in windows of `context` tokens, each without the text before it.
   *
   * @param text at least two tokens
   * @returns the loss in nats, the perplexity, and bits per character
   * @throws SeqgradError `range` for a text of fewer than two tokens
   */
  async evaluate(text: string): Promise<LanguageModelMeasures> {
    checkText("LanguageModel.evaluate", text);
    const ids = await encodedInTurns(this.tokenizer, text);
    const loss = await this.lossOf(ids);
    const characters = Math.max(1, [...text].length - [...this.tokenizer.decode(ids.subarray(0, 1))].length);
    const perToken = characters / (ids.length - 1); // nothing predicts the first
    return { loss, perplexity: perplexity(loss), bitsPerCharacter: bitsPerCharacter(loss, perToken) };
  }

  /**
   * Returns the mean cross-entropy of all tokens but the first, in consecutive windows that each begin without a state.
   *
   * @param tokens at least two token ids
   * @param context the number of tokens of a window; default the model's
   * @param batchSize the number of windows read at once; it changes the loss by rounding only. Default 32
   * @returns the loss, in nats
   * @throws SeqgradError `range` for fewer than two tokens
   */
  async lossOf(tokens: Int32Array, context: number = this.context, batchSize: number = ROWS): Promise<number> {
    toTokens("LanguageModel.lossOf", "tokens", tokens);
    const windows = consecutiveWindows(tokens, { batchSize, context });
    const total = ({ x, y, shape }: WindowBatch) =>
      crossEntropy(this.model.forward(tensor(x, shape)).logits, tensor(y, shape), { reduction: "sum" });
    let [sum, count] = [0, 0];
    for await (const { batch, data } of outputs(windows, total)) {
      sum += data[0]!;
      count += batch.y.length;
    }
    return sum / count;
  }

  /**
   * Continues a text, piece by piece: each piece is the text that a new token adds.
   *
   * @param prompt at least one token
   * @param options see decode's GenerateOptions
   * @returns an async iterator of texts; leaving the loop early frees the model's state
   * @throws SeqgradError `range` or `value` for an impossible option, `value` for a prompt without a token
   */
  async *generate(prompt: string, options: GenerateOptions = {}): AsyncGenerator<string, void, undefined> {
    checkText("LanguageModel.generate", prompt, "the prompt");
    checkObject("LanguageModel.generate", "the options", options, "as in { maxTokens: 100 }");
    const { tokenizer } = this;
    const ids = await encodedInTurns(tokenizer, prompt);
    const stream = new TextStream(tokenizer, ids);
    const model = this.model as StepModel<unknown>; // each kind has a state of its own
    for await (const token of generate(model, ids, { tokenizer, ...options })) {
      const piece = stream.push(token);
      if (piece !== "") yield piece;
    }
    const rest = stream.flush();
    if (rest !== "") yield rest;
  }

  /**
   * Continues each prompt to its end, as generate() does.
   *
   * @param prompts texts of at least one token
   * @param options see decode's GenerateOptions
   * @returns the continuation of each prompt, without the prompt
   * @throws SeqgradError `range` or `value` for an impossible option, `value` for a prompt without a token
   */
  async predict(prompts: readonly string[], options: GenerateOptions = {}): Promise<string[]> {
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
