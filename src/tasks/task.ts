import type { DataLoader } from "../data/data-loader.js";
import { type SavedModel, saveModel } from "../io/model-folder.js";
import type { Store } from "../io/store.js";
import type { Capture, CaptureOptions } from "../nn/capture.js";
import type { CaptureFunction } from "../nn/captured-step.js";
import { inference } from "../nn/mode.js";
import type { Module } from "../nn/module.js";
import type { Trainable } from "../nn/trainable.js";
import { buildToFit } from "../tensor/ownership.js";
import type { Tensor } from "../tensor/tensor.js";
import { tokenizerFromJSON } from "../text/load.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { breathe } from "../util/breath.js";
import { checkArray, checkObject, kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { currentConfig, currentTensors } from "./saved-config.js";

export interface BatchOptions {
  /** The number of examples of a batch. */
  readonly batch: number;
  /** The seed of the order of the examples, which differs from epoch to epoch. Default 0. */
  readonly seed?: number;
}

/** The options of tasks that can search. */
export interface SearchOptions {
  /** How many answers are followed at once; 1 takes what is likeliest step by step. Default 1. */
  readonly beam?: number;
  /** alpha of beamSearch(): over 0 prefers longer answers, under 0 shorter ones. For texts searched with a beam above 1. Default 0. */
  readonly lengthPenalty?: number;
}

/**
 * A model together with the steps from raw examples to its batches, and from its outputs to answers. `train(examples)` trains it; so does
 * `fit(task.model, task.loader(examples, ..), ..)`, with an optimizer of your own.
 */
export interface Task<Example, Input, Answer, Batch = unknown> {
  /** The `model_type` in config.json. */
  readonly type: string;
  readonly model: Module & Trainable<Batch>;
  /**
   * Makes batches of examples of similar length, in another order each epoch.
   *
   * @param examples the examples
   * @param options `batch` and `seed`: see BatchOptions
   * @returns the loader
   */
  loader(examples: readonly Example[], options: BatchOptions): DataLoader<Example, Batch>;
  /**
   * Measures the model on examples that it has not seen. The model is in evaluation mode meanwhile.
   *
   * @param examples the examples
   * @param options see SearchOptions
   * @returns the measures by name
   */
  evaluate(examples: readonly Example[], options?: SearchOptions): Promise<Readonly<Record<string, number>>>;
  /**
   * Answers each input.
   *
   * @param inputs the inputs
   * @param options see SearchOptions
   * @returns an answer for each input
   */
  predict(inputs: readonly Input[], options?: SearchOptions): Promise<Answer[]>;
  /**
   * Returns the settings that rebuild the task, without the weights.
   *
   * @returns config, and tokenizer or vocabulary where there is one
   */
  describe(): Omit<SavedModel, "tensors">;
  /**
   * Saves the task as a folder in Hugging Face's layout; tasks.load() reads it.
   *
   * @param store where to save it
   */
  save(store: Store): Promise<void>;
  /**
   * Shows what the model's layers compute while it trains or predicts: see Module.capture(). `task.model.captureNames()` lists the names.
   *
   * @param names names, or patterns of them
   * @param fn called with a name and its value
   * @param options see CaptureOptions
   * @returns the capture, which stop() ends
   * @throws SeqgradError `value` for a name that no layer has, with those that there are
   */
  capture(names: readonly string[], fn: CaptureFunction, options?: CaptureOptions): Promise<Capture>;
}

/** The values of `model_type` in the config.json of a kind of task. */
export const typesOf = (kind: { readonly type: string } | { readonly types: readonly string[] }): readonly string[] =>
  "types" in kind ? kind.types : [kind.type];

/** Throws unless each item of a list is good; `what` says what they are to be. */
export function checkItems<T>(op: string, name: string, items: readonly T[], isGood: (item: T) => boolean, what: string): void {
  checkArray(op, name, items, `a list of ${what}`);
  const bad = items.findIndex((item) => !isGood(item));
  if (bad >= 0) throw new SeqgradError("value", `${op}: ${name}[${bad}] is ${shown(items[bad])}; give a list of ${what}.`);
}

export const isText = (value: unknown): value is string => typeof value === "string";

/** Throws unless there is a text for each of `count` examples. */
export function checkAnswers(op: string, answers: readonly string[], count: number): void {
  checkItems(op, "answers", answers, isText, "strings");
  if (answers.length !== count)
    throw new SeqgradError("shape", `${op}: got ${answers.length} answers for ${count} examples; give one for each.`);
}

/** The options of a loader, when they are. */
export function checkBatchOptions(op: string, options: BatchOptions): Required<BatchOptions> {
  checkOptions(op, options ?? null, ["batch", "seed"], "give them, as in task.loader(examples, { batch: 32 }).");
  return { seed: 0, ...options };
}

/** The tokenizer, when it is one. */
export function checkTokenizer(op: string, tokenizer: Tokenizer): Tokenizer {
  const { encode, decode, special }: Partial<Tokenizer> = tokenizer ?? {};
  if (typeof encode !== "function" || typeof decode !== "function" || typeof special !== "object")
    throw new SeqgradError("value", `${op}: the tokenizer is ${kindOf(tokenizer)}; give one, as trainTokenizer() makes.`);
  return tokenizer;
}

/** Returns the result of loadModel() with a config of this version, or throws if the value is not one. */
export function checkSaved(op: string, saved: SavedModel): SavedModel {
  checkObject(op, "the model", saved, "what loadModel() gave");
  checkObject(op, "config", saved.config, "what loadModel() gave");
  if (!(saved.tensors instanceof Map)) throw new SeqgradError("value", `${op}: the tensors are ${kindOf(saved.tensors)}; give a Map.`);
  const config = currentConfig(saved.config);
  return { ...saved, config, tensors: currentTensors(config, saved.tensors) };
}

/** Saves a task as a folder in Hugging Face's layout; load() reads it. */
export async function saveTask(
  store: Store,
  task: Pick<Task<never, never, unknown>, "type" | "describe"> & { model: Module },
): Promise<void> {
  const { config, ...rest } = task.describe();
  await saveModel(store, { config: { model_type: task.type, ...config }, ...rest, tensors: await task.model.stateDict() });
}

/** The mean of a model's losses over batches, in evaluation mode; `countOf` returns the number of items that the loss of a batch averages. */
export async function meanLoss<B>(model: Module & Trainable<B>, batches: Iterable<B>, countOf: (batch: B) => number): Promise<number> {
  let [sum, count] = [0, 0];
  for await (const { batch, data } of outputs(batches, (batch) => model.loss(batch).loss)) {
    sum += nth(data, 0) * countOf(batch);
    count += countOf(batch);
  }
  return sum / count;
}

/** Rows, and steps of all rows with their padding, that a model reads at once where it learns nothing: few milliseconds' work. */
const ROWS = 64;
const STEPS = 384;

/** Batches of items in their order, each as large as the lengths allow: other work of the page runs between them. */
export function* batchesOf<T, B>(items: readonly T[], lengthOf: (item: T) => number, collate: (items: T[]) => B): Generator<B> {
  let [batch, longest]: [T[], number] = [[], 0];
  for (const item of items) {
    const length = lengthOf(item);
    longest = Math.max(longest, length);
    if (batch.length === ROWS || (batch.length > 0 && (batch.length + 1) * longest > STEPS)) {
      yield collate(batch);
      [batch, longest] = [[], length];
    }
    batch.push(item);
  }
  if (batch.length > 0) yield collate(batch);
}

/** The outputs of `forward` for each batch, read; all other tensors are freed. */
export async function* outputs<B>(
  batches: Iterable<B>,
  forward: (batch: B) => Tensor,
): AsyncGenerator<{ readonly batch: B; readonly data: ArrayLike<number>; readonly shape: readonly number[] }> {
  for (const batch of batches) {
    await breathe();
    const y = inference(() => forward(batch));
    try {
      yield { batch, data: await y.data(), shape: y.shape };
    } finally {
      y.dispose();
    }
    await breathe();
  }
}

/** Row r of numbers `[.., n]`. */
export const rowOf = (data: ArrayLike<number>, n: number, r: number): number[] => Array.from({ length: n }, (_, i) => nth(data, r * n + i));

/** A part of a saved config. */
export function demand<T>(
  config: Readonly<Record<string, unknown>>,
  name: string,
  isGood: (value: unknown) => value is T,
  expected: string,
): T {
  const value = config[name];
  if (!isGood(value))
    throw new SeqgradError(
      "format",
      `config.json: ${name} is ${Array.isArray(value) ? `[${Array.from(value, shown).join(", ")}]` : shown(value)}; expected ${expected}.`,
    );
  return value;
}

/** A model of a saved config with the saved weights; nothing is left of it where they do not fit each other. */
export const withWeights = <M extends Module>(tensors: SavedModel["tensors"], make: () => M): M =>
  buildToFit(tensors, () => {
    const model = make();
    model.loadStateDict(tensors);
    return model;
  });

/** The tokenizer of a saved task. */
export async function savedTokenizer({ tokenizer }: Pick<SavedModel, "tokenizer">): Promise<Tokenizer> {
  if (tokenizer === undefined) throw new SeqgradError("io", "the model's tokenizer.json is missing; the folder is not complete.");
  return tokenizerFromJSON(tokenizer);
}

/** A saved number of things. */
export const demandCount = (config: Readonly<Record<string, unknown>>, name: string): number =>
  demand(config, name, isCount, "a whole number above 0");

export const isCount = (value: unknown): value is number => typeof value === "number" && Number.isInteger(value) && value > 0;

export const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every((item) => typeof item === "string");
