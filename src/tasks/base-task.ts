import { type DataLoader, splitItems } from "../data/data-loader.js";
import type { SavedModel } from "../io/model-folder.js";
import type { Store } from "../io/store.js";
import type { Capture, CaptureOptions } from "../nn/capture.js";
import type { CaptureFunction } from "../nn/captured-step.js";
import type { Module } from "../nn/module.js";
import type { Trainable } from "../nn/trainable.js";
import type { AdamW } from "../optim/adam.js";
import { fit } from "../train/fit.js";
import { type FitRun, runOf } from "../train/fit-run.js";
import type { RunControl } from "../train/run-control.js";
import type { FitEvent } from "../train/types.js";
import { checkArray } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { type Given, inCode, type Schema } from "../util/schema.js";
import type { Checkpoint, Criterion, EpochFields } from "./fields.js";
import { makeOptimizer, makeSchedule, type OptimizerSettings } from "./optimization.js";
import { type BatchOptions, type SearchOptions, saveTask, type Task } from "./task.js";

export type { Checkpoint, Criterion } from "./fields.js";

/** How an optimizer and a run are set up, for every task. Some defaults depend on the task. */
export interface RunOptions {
  /** The learning rate of AdamW, at its highest. */
  readonly lr?: number;
  /** Keep the rate, or lower it along half a cosine until the last update. Default `constant`, of a translator `cosine`. */
  readonly schedule?: "constant" | "cosine";
  /** Updates in which the rate rises. Default 0. */
  readonly warmup?: number;
  /** The last rate of a cosine. Default 0. */
  readonly minLr?: number;
  /** The decay rates of AdamW's averages. Default 0.9 and 0.999; of a language model 0.9 and 0.99. */
  readonly betas?: readonly [number, number];
  /** The largest norm of the gradient; 0 does not clip. Default 5, of a language model 1. */
  readonly clipNorm?: number;
  /** The weight decay of matrices, times the rate. Default 0. */
  readonly weightDecay?: number;
  /** The seed of the batches and of the split. Default 1. */
  readonly seed?: number;
  /** Saves the run in a store as it is made; `resume` continues from the checkpoint that is there. */
  readonly checkpoint?: Checkpoint;
  /** Ends the run after the current update: the `signal` of an AbortController. */
  readonly signal?: { readonly aborted: boolean };
  /** Pauses the run, makes updates one by one, and changes the learning rate. */
  readonly control?: RunControl;
}

export interface TrainOptions<Example = unknown> extends RunOptions {
  /** The number of times to go through the examples, those before a resume included. Default 5 to 20, by the task. */
  readonly epochs?: number;
  /** The number of examples of an update. Default 32, or 16 for tagging and recognition. */
  readonly batch?: number;
  /**
   * The share of the examples that is held back, to measure each epoch by, or a list of other examples to measure by; 0 holds none back.
   * Default 0.1.
   */
  readonly validation?: number | readonly Example[];
  /** The measure of `evaluate()` by which the best epoch is kept; of equal ones the one of the smaller loss. Default: the task's first. */
  readonly best?: string;
  /** Stop after this number of epochs without a better one; 0 goes through all. Default 0. */
  readonly patience?: number;
}

type Measures = Readonly<Record<string, number>>;

export const measureOf = ({ name, of }: Criterion, measures: Measures): number | undefined => (of ? of(measures) : measures[name]);

/** The values that fit() compares, smaller being better: the measure, then the loss. */
export function rankOf(op: string, criterion: Criterion, measures: Measures): number[] {
  const value = measureOf(criterion, measures);
  if (value === undefined) {
    const known = Object.keys(measures).join(", ");
    throw new SeqgradError(
      "value",
      `${op}: best is "${criterion.name}", which the examples for validation do not have; give one of ${known}.`,
    );
  }
  const rank = [criterion.larger ? -value : value];
  return criterion.name === "loss" || measures.loss === undefined ? rank : [...rank, measures.loss];
}

/** Refuses options of a validation that there is not. @param cause why there is none */
export function refuseUnmeasured(op: string, options: object, cause: string): void {
  const { best, patience = 0, evaluateEvery }: { best?: unknown; patience?: unknown; evaluateEvery?: unknown } = options;
  const idle = Object.entries({ best, patience: patience === 0 ? undefined : patience, evaluateEvery }).find(
    ([, value]) => value !== undefined,
  );
  if (idle)
    throw new SeqgradError(
      "value",
      `${op}: ${idle[0]} has no effect, since ${cause}; leave it out, or give a larger share for validation.`,
    );
}

/** The methods that all tasks have that learn from examples. */
export abstract class BaseTask<Example, Input, Answer, Batch> implements Task<Example, Input, Answer, Batch> {
  abstract readonly type: string;
  abstract readonly model: Module & Trainable<Batch>;
  /** The options of train(), with their ranges, defaults and help. */
  abstract readonly training: Schema<EpochFields>;
  /** The measures of evaluate() by which an epoch can be chosen; the first by default. */
  abstract readonly criteria: readonly Criterion[];
  /**
   * Makes batches of examples of similar length, in another order each epoch.
   *
   * @param examples the examples
   * @param options `batch` and `seed`: see BatchOptions
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
   * Trains on examples: batches in another order each epoch, AdamW, and at the end the weights of the epoch that is best on the examples
   * that are held back. Its events of `evaluation` have all `measures`.
   *
   * @param examples the examples
   * @param options see TrainOptions
   * @returns the run of fit(): go through its events with `for await`, or await it
   * @throws SeqgradError `value` or `range` at once for unknown or impossible options; from the run as fit()
   */
  train(examples: readonly Example[], options: TrainOptions<Example> = {}): FitRun {
    const op = `${this.constructor.name}.train`;
    checkArray(op, "examples", examples, "a list of examples");
    const settings = this.training.complete(options, inCode(op), this.known);
    const { epochs, batch, seed, best, patience, checkpoint, signal, control, warmup } = settings;
    const { train, validation } = this.#parts(examples, options.validation ?? settings.validation, seed);
    if (validation.length === 0) refuseUnmeasured(op, options, `none of the ${examples.length} examples is held back for validation`);
    const loader = this.loader(train, { batch, seed });
    const every = loader.length;
    const steps = epochs * every;
    if (warmup > 0 && warmup >= steps)
      throw new SeqgradError("value", `${op}: warmup is ${warmup}, which leaves none of the ${steps} updates; give fewer, or more epochs.`);
    const criterion = this.criteria.find(({ name }) => name === best);
    let measures: Measures | undefined;
    const judge = async () => {
      measures = await this.evaluate(validation);
      return criterion ? rankOf(op, criterion, measures) : 0;
    };
    const schedule = makeSchedule(settings, steps);
    const course = this.course(options, steps);
    const fitWith = (optimizer: AdamW) =>
      fit(this.model, loader, {
        optimizer,
        epochs,
        ...(schedule && { schedule }),
        ...(course && {
          loss: (batch, _, step) => {
            course(step);
            return this.model.loss(batch);
          },
        }),
        ...(validation.length > 0 && {
          evaluate: { every, run: judge },
          keepBest: true,
          ...(patience > 0 && { earlyStopping: { patience } }),
        }),
        ...(checkpoint && { checkpoint: { every, ...checkpoint } }),
        ...(signal && { signal }),
        ...(control && { control }),
      });
    return taskRun(this.model, settings, fitWith, () => measures);
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

  /** The facts that defaults of train() may depend on. */
  protected get known(): Given {
    return {};
  }

  /** Returns the function that sets what changes during a run, before each of its updates, counted from 0; undefined if nothing changes. */
  protected course(_options: TrainOptions<Example>, _steps: number): ((step: number) => void) | undefined {
    return undefined;
  }

  #parts(examples: readonly Example[], validation: number | readonly Example[], seed: number) {
    return typeof validation === "number" ? splitItems(examples, { validation, seed }) : { train: examples, validation };
  }
}

/**
 * A run of fit() with an optimizer of its own, which is freed with it, whose events of evaluation have the measures.
 *
 * @param model the model that is trained
 * @param settings the optimizer's
 * @param fitWith starts fit()
 * @param measures the measures of the last evaluation
 * @returns the run
 */
export function taskRun(
  model: Module,
  settings: OptimizerSettings,
  fitWith: (optimizer: AdamW) => FitRun,
  measures: () => Measures | undefined,
): FitRun {
  const optimizer = makeOptimizer(model, settings);
  try {
    return runOf(measured(fitWith(optimizer), measures, optimizer));
  } catch (error) {
    optimizer.dispose();
    throw error;
  }
}

async function* measured(run: FitRun, measuresOf: () => Measures | undefined, optimizer: AdamW): AsyncGenerator<FitEvent, void, undefined> {
  try {
    for await (const event of run) {
      const measures = event.type === "evaluation" ? measuresOf() : undefined;
      yield event.type === "evaluation" && measures ? { ...event, measures } : event;
    }
  } finally {
    optimizer.dispose();
  }
}
