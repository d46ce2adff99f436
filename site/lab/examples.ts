import type * as sg from "seqgrad";
import type { Added } from "../engine/run.js";
import type { AnyTask } from "../engine/sampler.js";
import { numberOf, textOf, type Values } from "./task.js";

type Task = {
  train(examples: readonly unknown[], options: object): AsyncIterable<sg.FitEvent>;
  evaluate(examples: readonly unknown[]): Promise<Record<string, number>>;
  predict(inputs: readonly unknown[], options?: object): Promise<unknown[]>;
};

/** A task of examples, whatever their kind. */
const task = (any: AnyTask) => any as unknown as Task;

/** The share of the examples that a run does not see: the last ones, so that a page can show them. */
const HELD = 0.15;

/** The examples to train on, and those that are held back. */
export function parted<E>(examples: readonly E[]): { train: readonly E[]; held: readonly E[] } {
  const count = Math.max(1, Math.min(200, Math.round(HELD * examples.length)));
  return { train: examples.slice(0, examples.length - count), held: examples.slice(examples.length - count) };
}

/** The updates of all epochs. */
export const updatesOf = (examples: readonly unknown[], values: Values): number =>
  Math.ceil(parted(examples).train.length / numberOf(values, "batch")) * numberOf(values, "epochs");

/** Trains on the examples, and measures by those that are held back. */
export function trainOn(any: AnyTask, examples: readonly unknown[], values: Values, added: Added): AsyncIterable<sg.FitEvent> {
  const { train, held } = parted(examples);
  return task(any).train(train, {
    ...{ epochs: numberOf(values, "epochs"), batch: numberOf(values, "batch"), lr: numberOf(values, "lr"), seed: numberOf(values, "seed") },
    ...{ schedule: textOf(values, "schedule"), validation: held },
    ...added,
  });
}

export const evaluateOn = (any: AnyTask, examples: readonly unknown[]): Promise<Record<string, number>> =>
  task(any).evaluate(parted(examples).held);

/** The answers to inputs. */
export const predicted = <A>(any: AnyTask, inputs: readonly unknown[], options?: object): Promise<A[]> =>
  task(any).predict(inputs, options) as Promise<A[]>;

/** The mean of lengths. */
export const meanOf = (lengths: readonly number[]): number =>
  lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
export const mostOf = (lengths: readonly number[]): number => lengths.reduce((most, length) => Math.max(most, length), 1);

/** Throws unless there are enough examples to learn from and to measure by. */
export function checkCount(name: string, count: number, what: string): void {
  if (count < 10) throw new Error(`${name} has ${count} ${what}; expected at least 10. Choose a larger file.`);
}
