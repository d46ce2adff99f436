import type { Store } from "../io/store.js";
import type { CarriedState, LossResult } from "../nn/trainable.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { Plateau, Schedule } from "../optim/schedules.js";
import type { RunControl } from "./run-control.js";

export type Batches<B> = Iterable<B> | AsyncIterable<B>;

/**
 * Where batches come from:
 * - `batch(step)` gives any batch by the number of its update, from 0; tensors that it makes are freed after the update;
 * - what can be iterated is so once an epoch;
 * - `epoch(n)`, as a DataLoader has it, or a function of the epoch's number, from 0, gives what to iterate: the place for a shuffle that a
 *   resumed run repeats.
 *
 * A run that resumes in the middle of an epoch iterates it again and skips the batches that are done, so an epoch must give the
 * same batches again.
 */
export type Loader<B> = { batch(step: number): B } | { epoch(n: number): Batches<B> } | Batches<B> | ((epoch: number) => Batches<B>);

export type FitEvent =
  | {
      readonly type: "step";
      /** The number of the update, from 1; `epoch` is the number of its epoch, from 0. */
      readonly step: number;
      readonly epoch: number;
      readonly loss: number;
      readonly lr: number;
      readonly milliseconds: number;
    }
  /** An iterable loader has come to its end; `loss` is the mean of the epoch's losses. */
  | { readonly type: "epoch"; readonly epoch: number; readonly step: number; readonly loss: number }
  | {
      readonly type: "evaluation";
      readonly step: number;
      readonly value: number;
      readonly best: boolean;
      /** All measures, where a task is trained. */
      readonly measures?: Readonly<Record<string, number>>;
    }
  | { readonly type: "checkpoint"; readonly step: number }
  /** The run rests after update `step`, until its control resumes it. */
  | { readonly type: "pause"; readonly step: number }
  /** The device was lost; the run continues from the snapshot of `step` on another, and emits the steps after it again. */
  | { readonly type: "device"; readonly step: number; readonly device: string; readonly reason: string }
  | {
      readonly type: "end";
      readonly steps: number;
      /** The seconds of training, the time before a resume included. */
      readonly seconds: number;
      readonly reason: "complete" | "early stop" | "aborted";
      /** The last evaluation and the best one, if there was any. */
      readonly value: number | undefined;
      readonly best: number | undefined;
    };

/** A measure, or a measure and what decides between equal ones. */
export type Measured = number | readonly number[];

export type EventOf<Name extends FitEvent["type"]> = Extract<FitEvent, { type: Name }>;

/** The result of an awaited run: its events by kind, in order. */
export interface FitHistory {
  readonly steps: readonly EventOf<"step">[];
  readonly epochs: readonly EventOf<"epoch">[];
  readonly evaluations: readonly EventOf<"evaluation">[];
  readonly end: EventOf<"end">;
}

/** For batches of type B and a carried state of type S. */
export interface FitOptions<B, S extends CarriedState<S> = object> {
  optimizer: Optimizer;
  /** The number of times to go through an iterable loader. */
  epochs?: number;
  /** The number of updates to make in total, the ones before a resume included. */
  steps?: number;
  /**
   * The loss of a batch as `{ loss }`, or `{ loss, state }` to carry a state; `step` counts the updates before it. Default:
   * `model.loss(batch, state)`, as all of `models` have it. For a model without one write
   * `loss: ({ x, y }) => ({ loss: crossEntropy(model.forward(x), y) })`.
   */
  loss?: (batch: B, state: S | undefined, step: number) => LossResult<S>;
  /**
   * Truncated backpropagation through time (Williams and Peng 1990): each batch starts from the state in which the last one ended. An
   * epoch begins without a state, and so does the batch after a loss that answers none, and one that
   * says `continues: false`, as the batches of ContinuousWindows do when the text starts again. Default false.
   */
  carryState?: boolean;
  /** The learning rate's course over the updates: factors on the optimizer's own, which stays as it is between updates. */
  schedule?: Schedule | Plateau;
  /**
   * A measure, smaller being better, of the model in evaluation mode, every `every` updates and at the end. Of a list the first number is the
   * measure, and the next ones decide between evaluations where those before them are equal.
   */
  evaluate?: { every: number; run: () => Measured | Promise<Measured> };
  /** At the end, unless aborted, restore the parameters of the best evaluation; of equal ones the earliest. Default: with earlyStopping. */
  keepBest?: boolean;
  /** Stop after `patience` evaluations without a better one. */
  earlyStopping?: { patience: number };
  /** Writes a checkpoint every `every` updates, when aborted, and at the end; `resume` continues from the checkpoint in the store. */
  checkpoint?: { store: Store; every: number; resume?: boolean };
  /**
   * Updates between reads of the loss, 1 to 256. Where reading waits for the device, updates are issued ahead and their events come
   * together. Default: 1, and on a GPU up to 16, as many as take a quarter of a second.
   */
  readEvery?: number;
  /**
   * On a GPU, which can be lost (a driver reset, a suspended tab, memory), the run keeps a copy of itself on the host after this many
   * updates or seconds, and continues from it with a new device, or with WebAssembly. A loader or loss that holds tensors of its own, or
   * another device than the default, cannot follow. Default: every 30 seconds.
   */
  snapshot?: { steps?: number; seconds?: number };
  /** Ends the run after the current update, with a checkpoint: the `signal` of an AbortController. */
  signal?: { readonly aborted: boolean };
  /** Pauses the run, makes updates one by one, and changes the learning rate. */
  control?: RunControl;
}
