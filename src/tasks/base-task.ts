import { type DataLoader, splitItems } from "../data/data-loader.js";
import type { SavedModel } from "../io/model-folder.js";
import type { Store } from "../io/store.js";
import type { Module } from "../nn/module.js";
import type { Trainable } from "../nn/trainable.js";
import { AdamW } from "../optim/adam.js";
import { type FitRun, fit, runOf } from "../train/fit.js";
import type { FitEvent } from "../train/types.js";
import { checkArray, checkChoice, checkFinite, checkInteger, checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions, namesOf } from "../util/options.js";
import { type BatchOptions, type SearchOptions, saveTask, type Task } from "./task.js";

/** How an optimizer and a run are set up, for every task. */
export interface RunOptions {
  /** The learning rate of AdamW. */
  readonly lr?: number;
  /** The largest norm of the gradient; 0 does not clip. Default 1. */
  readonly clipNorm?: number;
  /** The weight decay of AdamW, times the rate. Default 0. */
  readonly weightDecay?: number;
  /** The seed of the batches and of the split. Default 1. */
  readonly seed?: number;
  /** A checkpoint in this store every `every` updates; `resume` continues from the one that is there. */
  readonly checkpoint?: { store: Store; every: number; resume?: boolean };
  /** Ends the run after the current update: the `signal` of an AbortController. */
  readonly signal?: { readonly aborted: boolean };
}

export interface TrainOptions extends RunOptions {
  /** The number of times to go through the examples. Default 10. */
  readonly epochs?: number;
  /** The number of examples of an update. Default 32. */
  readonly batch?: number;
  /** The share of the examples that is held back, to measure each epoch by; 0 holds none back. Default 0.1. */
  readonly validation?: number;
  /** The measure of `evaluate()` by which the best epoch is kept. Default `loss`, or the first one where there is no loss. */
  readonly best?: string;
  /** Stop after this number of epochs without a better one. Default: never. */
  readonly patience?: number;
}

const runNames = { lr: 1, clipNorm: 1, weightDecay: 1, seed: 1, checkpoint: 1, signal: 1 } as const;
const trainNames = namesOf<TrainOptions>({ ...runNames, epochs: 1, batch: 1, validation: 1, best: 1, patience: 1 });

/** The names of RunOptions and of a task's own options. */
export const withRunNames = (own: Readonly<Record<string, number>>): readonly string[] => Object.keys({ ...runNames, ...own });

/** Measures of which more is better. */
const rising: ReadonlySet<string> = new Set(["accuracy", "f1", "precision", "recall", "bleu", "exact"]);

/** Throws unless the options that all tasks have are good. */
export function checkRun(op: string, { lr, clipNorm, weightDecay, seed }: RunOptions): void {
  for (const [name, value] of Object.entries({ lr, clipNorm, weightDecay }))
    if (value !== undefined) checkInterval(op, name, checkFinite(op, name, value), 0);
  if (seed !== undefined) checkInteger(op, "seed", seed, 0);
}

/** The methods that all tasks have that learn from examples. */
export abstract class BaseTask<Example, Input, Answer, Batch> implements Task<Example, Input, Answer, Batch> {
  abstract readonly type: string;
  abstract readonly model: Module & Trainable<Batch>;
  /**
   * Makes batches of examples of similar length, in another order each epoch.
   *
   * @param examples the examples
   * @param options `batchSize` and `seed`: see BatchOptions
   * @returns the loader
   * @throws SeqgradError `value` for something that is not an example, `range` for an impossible option
   */
  abstract loader(examples: readonly Example[], options: BatchOptions): DataLoader<Example, Batch>;
  /**
   * Measures the model on examples that it has not seen.
   *
   * @param examples the examples
   * @param options see SearchOptions
   * @returns the measures by name
   */
  abstract evaluate(examples: readonly Example[], options?: SearchOptions): Promise<Record<string, number>>;
  /**
   * Answers each input.
   *
   * @param inputs the inputs
   * @param options see SearchOptions
   * @returns an answer for each input
   */
  abstract predict(inputs: readonly Input[], options?: SearchOptions): Promise<Answer[]>;
  /**
   * Returns the settings that rebuild the task, without the weights.
   *
   * @returns config, and tokenizer or vocabulary where there is one
   */
  abstract describe(): Omit<SavedModel, "tensors">;

  /**
   * Trains on examples: batches in another order each epoch, AdamW, and at the end the weights of the epoch that is best on the held-back
   * examples.
   *
   * @param examples the examples
   * @param options see TrainOptions
   * @returns the run of fit(): go through its events with `for await`, or await it
   * @throws SeqgradError `value` or `range` at once for unknown or impossible options; from the run as fit()
   */
  train(examples: readonly Example[], options: TrainOptions = {}): FitRun {
    return trainTask(this, examples, options);
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
}

function trainTask<Example, Batch>(
  task: BaseTask<Example, never, unknown, Batch>,
  examples: readonly Example[],
  options: TrainOptions,
): FitRun {
  const op = `${task.constructor.name}.train`;
  checkArray(op, "examples", examples, "a list of examples");
  checkOptions(op, options, trainNames);
  checkRun(op, options);
  const { epochs = 10, batch = 32, validation: share = 0.1, best, patience, lr = 2e-3, clipNorm = 1, weightDecay = 0, seed = 1 } = options;
  checkInteger(op, "epochs", epochs, 1);
  checkInteger(op, "batch", batch, 1);
  if (patience !== undefined) checkInteger(op, "patience", patience, 1);
  const { train, validation } = splitItems(examples, { validation: share, seed });
  const loader = task.loader(train, { batchSize: batch, seed });
  const judges = validation.length > 0;
  if (!judges && (best !== undefined || patience !== undefined))
    throw new SeqgradError(
      "value",
      `${op}: best and patience choose by examples that are held back, and validation ${share} of ${examples.length} examples holds none back; give a larger share.`,
    );
  const judge = async () => {
    const measures = await task.evaluate(validation);
    const name = best ?? ("loss" in measures ? "loss" : Object.keys(measures)[0]!);
    return rising.has(name) ? -measures[name]! : measures[name]!;
  };
  const run = fit(task.model, loader, {
    optimizer: new AdamW(task.model.parameters(), { lr, weightDecay, ...(clipNorm > 0 && { clipNorm }) }),
    epochs,
    ...(judges && { evaluate: { every: loader.length, run: judge }, keepBest: true }),
    ...(patience !== undefined && { earlyStopping: { patience } }),
    ...(options.checkpoint && { checkpoint: options.checkpoint }),
    ...(options.signal && { signal: options.signal }),
  });
  if (best === undefined) return run;
  // One example names the measures, before the run changes anything; a label that the model does not know has no loss.
  const measured = async () => checkChoice(op, "best", best, ["loss", ...Object.keys(await task.evaluate(validation.slice(0, 1)))]);
  return runOf(after(measured, run));
}

async function* after(check: () => Promise<unknown>, run: FitRun): AsyncGenerator<FitEvent, void, undefined> {
  await check();
  yield* run;
}
