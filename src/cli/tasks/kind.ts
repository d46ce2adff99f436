import type { CommandDef } from "citty";
import { splitItems } from "../../data/data-loader.js";
import type { SavedModel } from "../../io/model-folder.js";
import type { Store } from "../../io/store.js";
import type { Module } from "../../nn/module.js";
import { type Checkpoint, type Criterion, mayDiffer, shareField } from "../../tasks/fields.js";
import type { SearchOptions } from "../../tasks/index.js";
import type { typesOf } from "../../tasks/task.js";
import type { FitRun } from "../../train/fit-run.js";
import { type AnyFields, type Given, type Schema, text } from "../../util/schema.js";
import type { Baseline, Evaluation, Judge, Measures, Sample } from "../judges/judge.js";
import { deviceFields } from "../options.js";
import type { Matrix } from "../page/chart.js";
import type { Reading } from "./reading.js";

/** A task, and the examples to train it on and to judge it by. */
export interface Prepared<T, Example> {
  readonly task: T;
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
  /** Held back until the end. */
  readonly test: readonly Example[];
  /** Options of reading that were left open, as they were found in the file. */
  readonly reading?: Given;
}

/** The shares of the examples that are held back, and the seed that draws them. */
export interface Shares {
  readonly validation: number;
  readonly test: number;
  readonly seed: number;
}

/** The parts of the examples by the shares; shuffled by the seed, unless their order counts. */
export const partsOf = <T>(items: readonly T[], { validation, test, seed }: Shares, inOrder = false) =>
  splitItems(items, { validation, test, ...(!inOrder && { seed }) });

/** The part of a task that every command needs. */
export interface CommandTask {
  readonly model: Module;
  summary(): string;
  save(store: Store): Promise<void>;
}

/** How `predict` answers. */
interface Answers<T, Input, Answer> {
  /** The inputs of a text, which came from a file, from stdin or from the command line; undefined is a blank one. */
  inputs(task: T, text: string, source: string, reading: Reading): Promise<readonly (Input | undefined)[]>;
  predict(task: T, inputs: readonly Input[], search: SearchOptions): Promise<readonly Answer[]>;
  /** The answer to a blank input, where the task is not asked for one. */
  readonly blank?: Answer;
  /** True for an input that holds nothing. */
  isBlank(input: Input): boolean;
  /** The kind of answers that a beam follows, if the task can search: texts that end, which a length penalty ranks, or the prefixes of CTC. */
  readonly searches?: "texts" | "prefixes";
  /** The output of `predict` for one input, as lines and as JSON. */
  show(answer: Answer, input: Input | undefined): string;
  json(answer: Answer, input: Input | undefined): object;
}

/** The parts of a task's class that the command line is derived from. */
type TaskClass<T> = Parameters<typeof typesOf>[0] &
  TaskSchemas & {
    readonly criteria: readonly Criterion[];
    fromSaved(saved: SavedModel): Promise<T>;
  };

interface TaskSchemas {
  readonly options: Schema<AnyFields>;
  readonly training: Schema<AnyFields>;
}

/** How a data file becomes a task, and an answer a line. */
export interface Form<T extends CommandTask, Example, Input = never, Answer = never> {
  /** The word after `train`. */
  readonly name: string;
  readonly task: TaskClass<T>;
  readonly description: string;
  /** The content of the data file, for the help. */
  readonly data: string;
  /** The options that say how a file is read. */
  readonly reading: AnyFields;
  /** The options of a run that only the command line has. */
  readonly own?: AnyFields;
  /** The options without which a record cannot be resumed. */
  readonly needed?: readonly string[];
  /** Reads and parts the data; the function that it returns makes the task on the default device. @throws SeqgradError that names file, line and column */
  prepare(text: string, file: string, recipe: Given, shares: Shares): Promise<() => Promise<Prepared<T, Example>>>;
  train(task: T, parts: Prepared<T, Example>, recipe: Given, run: RunSettings): FitRun;
  /** The examples of a file, for a task that is there. @param reading how the file is read */
  examples(task: T, text: string, file: string, reading: Reading): Promise<readonly Example[]>;
  readonly judge: Judge<T, Example>;
  readonly answers?: Answers<T, Input, Answer>;
  /** How the run is reported, where it does not go through examples. */
  readonly counted?: Counted<T, Example>;
  /** The part of the report's page that is about the model at work. */
  page?(task: T, samples: readonly Sample[]): Promise<Shown>;
}

/** How a run is set up, next to its options. */
export interface RunSettings {
  readonly checkpoint: Checkpoint;
  readonly signal: { readonly aborted: boolean };
}

/** A kind that counts tokens, and not examples. */
export interface Counted<T, Example> {
  readonly unit: "tokens";
  /** The model in words. */
  title(task: T): string;
  sizeOf(examples: readonly Example[]): number;
  /** Updates of the run, and tokens of an update. */
  plan(recipe: Given): { readonly steps: number; readonly perStep: number };
  /** Updates between two evaluations, and between two checkpoints. */
  every(recipe: Given): { readonly evaluation: number; readonly checkpoint: number };
  /** The measures in words, at an evaluation and at the end. */
  lineOf(measures: Measures, recipe: Given, isEnd: boolean): string;
}

export interface Shown {
  /** The model in words. */
  readonly kind?: string;
  readonly written?: readonly { readonly prompt: string; readonly text: string }[];
  readonly attention: readonly Matrix[];
}

/** A saved task and what is asked of it, whatever its examples are. */
export interface Opened {
  readonly model: Module;
  readonly title: string;
  summary(): string;
  evaluate(text: string, file: string, asked: Asked & { readonly baseline?: readonly [text: string, file: string] }): Promise<Judged>;
  /** The lines of `predict`. */
  answer(text: string, source: string, asked: Asked & { readonly json: boolean }): Promise<readonly string[]>;
  page(samples: readonly Sample[]): Promise<Shown>;
}

interface Asked {
  readonly search: SearchOptions;
  readonly reading: Reading;
}

/** An evaluation and its baselines. */
export interface Judged {
  readonly evaluation: Evaluation;
  readonly count: number;
  readonly baselines: readonly Baseline[];
}

/** A kind of task for the command line. */
export interface Kind {
  readonly name: string;
  readonly types: readonly string[];
  readonly description: string;
  /** All options of `train`. */
  readonly fields: AnyFields;
  readonly reading: AnyFields;
  readonly criteria: readonly Criterion[];
  readonly advice: string;
  readonly searches: "texts" | "prefixes" | undefined;
  readonly predicts: boolean;
  readonly learnsBaseline: boolean;
  readonly counts: "examples" | "tokens";
  readonly command: CommandDef;
  open(saved: SavedModel): Promise<Opened>;
}

const shareOrFile = text({
  ...{ default: "0", hint: "SHARE|FILE", help: "Share of the examples, or a file, to be measured once, at the end" },
  fault(word) {
    const isShare = word.trim() !== "" && !Number.isNaN(Number(word));
    return isShare && shareField("").fault(Number(word)) ? "give a number from 0 to 0.9, or the name of a file" : undefined;
  },
});

/** The options of a run that only the command line has, since a program has others for the same. */
export const runFields = {
  validation: shareField("Share of the examples for validation; 0 for none"),
  validationFile: text({
    ...{ default: "", hint: "FILE", whyFixed: mayDiffer, help: "A file of examples for validation, instead of --validation" }, // what is in it counts
  }),
  test: shareOrFile,
  ...deviceFields,
};

/** All options of `train` for a kind, in the order of the help. */
export const fieldsOf = ({
  task,
  reading,
  own = {},
}: Pick<Form<never, never>, "reading" | "own"> & { readonly task: TaskSchemas }): AnyFields => ({
  ...task.options.fields,
  ...reading,
  ...task.training.fields,
  ...own,
  ...runFields,
});
