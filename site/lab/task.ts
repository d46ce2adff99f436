import type * as sg from "seqgrad";
import type { Added } from "../engine/run.js";
import type { AnyTask } from "../engine/sampler.js";

/** The settings of a run by name: numbers and choices. */
export type Values = Readonly<Record<string, number | string>>;

/** A setting: a number within sane limits, or a choice. */
export type Field = { readonly name: string; readonly label: string; readonly hint?: string } & (
  | {
      readonly kind: "integer" | "number";
      readonly min: number;
      readonly max: number;
      readonly step?: number;
      readonly default: number;
    }
  | { readonly kind: "choice"; readonly options: readonly (readonly [value: string, text: string])[]; readonly default: string }
);

/** Data that ship with the page, or are drawn by it, always the same. */
export interface Dataset<D> {
  readonly id: string;
  readonly title: string;
  make(): D | Promise<D>;
}

/** A row of a file that was left out. */
export interface Problem {
  readonly line: number;
  readonly text: string;
}

/** A file, as it was understood. */
export interface Reading<D> {
  readonly data: D;
  readonly notes: readonly string[];
  readonly problems: readonly Problem[];
}

/** Some rows of data, to look at. */
export interface Preview {
  readonly note: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** The needs of a run: weights, and numbers that one update keeps for its gradient. */
export interface Size {
  readonly parameters: number;
  readonly activations: number;
}

/** A task of the Lab. `D` is the kind of its data. */
export interface LabTask<D = unknown> {
  readonly id: string;
  readonly datasets: readonly Dataset<D>[];
  /** Endings of the files that it reads, such as ".csv,.tsv". */
  readonly accept: string;
  /** The form of a file, in a sentence. */
  readonly form: string;
  read(text: string, name: string): Reading<D> | Promise<Reading<D>>;
  preview(data: D): Preview;
  readonly fields: readonly Field[];
  /** Throws where the data cannot be trained on with these settings. */
  check?(data: D, values: Values): void;
  size(data: D, values: Values): Size;
  /** The number of updates of a run. */
  updates(data: D, values: Values): number;
  /** The things of an update that a speed counts, and their name. */
  amount(data: D, values: Values): number;
  readonly unit: string;
  /** The name of the loss on the axis. */
  readonly loss: string;
  create(trainer: sg.worker.Trainer, data: D, values: Values): Promise<AnyTask>;
  train(task: AnyTask, data: D, values: Values, added: Added): AsyncIterable<sg.FitEvent>;
  /** The part of the data that a run holds back, to measure by. */
  evaluate(task: AnyTask, data: D, values: Values): Promise<Readonly<Record<string, number>>>;
  /** Shows what the model can do now. */
  sample(task: AnyTask, data: D, options: SampleOptions): Promise<unknown>;
}

export interface SampleOptions {
  /** Of tasks that draw what they write. */
  readonly temperature: number;
  readonly seed: number;
}

export const numberOf = (values: Values, name: string): number => Number(values[name]);
export const textOf = (values: Values, name: string): string => String(values[name]);

/** The settings that a task begins with. */
export const defaultsOf = ({ fields }: Pick<LabTask, "fields">): Values =>
  Object.fromEntries(fields.map((field) => [field.name, field.default]));
