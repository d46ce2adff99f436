import { splitItems } from "../../data/data-loader.js";
import { lowerCaseOf } from "../../text/lower-case.js";
import { textUnits } from "../../text/train-tokenizer.js";
import type { AnyTask, Judge } from "../judges/judge.js";
import { deviceOption } from "../options.js";
import { flag, number, oneOf, whole } from "../readers.js";
import type { Reading, TaskOption, TaskOptions, TaskRecipe } from "./task-options.js";

export type { TaskOption, TaskOptions, TaskRecipe };

/** A task, and the examples to train it on and to judge it by. */
export interface Prepared {
  readonly task: AnyTask;
  readonly train: readonly unknown[];
  readonly validation: readonly unknown[];
  /** Held back until the end. */
  readonly test: readonly unknown[];
  /** Options of reading that were left open, as they were found in the file. */
  readonly reading?: TaskRecipe;
}

/** How a data file becomes a task, and an answer a line. */
export interface TaskKind {
  /** The word after `train`. */
  readonly name: string;
  /** The `model_type` in config.json. */
  readonly type: string;
  readonly description: string;
  /** The content of the data file, for the help. */
  readonly data: string;
  readonly options: TaskOptions;
  /** Returns the function that sets values that change during a run, before each of its updates, counted from 0; undefined if none changes. */
  course?(task: AnyTask, recipe: TaskRecipe, steps: number): ((step: number) => void) | undefined;
  /** True if what the recipe asks for goes by the number of updates, so that a resumed run cannot have another. */
  isTimed?(recipe: TaskRecipe): boolean;
  readonly judge: Judge;
  /** True if a baseline learns from the data of training. */
  readonly learnsBaseline?: boolean;
  /** Refuses options of another kind of model than the recipe's. */
  checkGiven?(given: Partial<TaskRecipe>, recipe: TaskRecipe): void;
  /** Reads and parts the data; what it answers makes the task on the default device. @throws SeqgradError that names file, line and column */
  prepare(text: string, file: string, recipe: TaskRecipe): Promise<() => Promise<Prepared>>;
  /** The examples of a file, for a task that is there. @param reading how the file is read */
  examples(task: AnyTask, text: string, file: string, reading: Reading): Promise<readonly unknown[]>;
  /** The inputs of a text, which came from a file, from stdin or from the command line. */
  inputs(task: AnyTask, text: string, source: string, reading: Reading): Promise<readonly unknown[]>;
  /** The answer to a blank input, where the task is not asked for one. */
  readonly blank?: unknown;
  /** The kind of answers that beams follow, if the task can search: texts that end, which a length penalty ranks, or the prefixes of CTC. */
  readonly searches?: "texts" | "prefixes";
  /** The output of `predict` for one input, as lines and as JSON. */
  show(answer: unknown, input: unknown): string;
  json(answer: unknown, input: unknown): object;
}

export const wholeOption = (name: string, low: number, fallback: number, description: string): TaskOption => ({
  ...{ read: whole(name, low), default: fallback, description, hint: "N" },
});

export const numberOption = (name: string, [low, high]: readonly [number, number], fallback: number, description: string): TaskOption => ({
  ...{ read: number(name, low, high), default: fallback, description, hint: "X" },
});

export const choiceOption = (name: string, words: readonly string[], fallback: string, description: string): TaskOption => ({
  ...{ read: oneOf(name, words), default: fallback, description, hint: words.join("|") },
});

export const flagOption = (description: string): TaskOption => ({ read: flag, default: false, description, hint: "" });

interface Defaults {
  readonly cell: string;
  readonly hidden: number;
  readonly dropout: number;
  readonly batch: number;
  readonly epochs: number;
  readonly lr?: number;
  readonly schedule?: string;
}

/** The parts of the examples by the recipe's shares; shuffled by its seed, unless their order counts. */
export const partsOf = <T>(items: readonly T[], { val, test, seed }: TaskRecipe, inOrder = false) =>
  splitItems(items, { validation: val as number, test: Number(test), ...(!inOrder && { seed: seed as number }) });

/** The options that every kind has, with its own defaults. */
export const commonOptions = (
  { cell, hidden, dropout, batch, epochs, lr = 3e-3, schedule = "constant" }: Defaults,
  cells: readonly string[],
): TaskOptions => ({
  cell: choiceOption("cell", cells, cell, "What reads the sequence"),
  hidden: wholeOption("hidden", 1, hidden, "Units of a layer in each direction, and a transformer's width"),
  layers: wholeOption("layers", 1, 1, "Layers of the encoder"),
  dropout: numberOption("dropout", [0, 0.999], dropout, "Chance to drop an activation"),
  batch: wholeOption("batch", 1, batch, "Examples of an update"),
  epochs: wholeOption("epochs", 1, epochs, "Times to go through the examples, those before a resume included"),
  lr: numberOption("lr", [0, Number.MAX_VALUE], lr, "Learning rate of AdamW"),
  schedule: choiceOption("schedule", ["constant", "cosine"], schedule, "Course of the learning rate: level, or half a cosine down to 0"),
  "weight-decay": numberOption("weight-decay", [0, Number.MAX_VALUE], 0, "Weight decay of matrices, times the rate"),
  clip: numberOption("clip", [0, Number.MAX_VALUE], 5, "Largest norm of the gradient; 0 does not clip"),
  val: numberOption("val", [0, 0.9], 0.1, "Share of the examples for validation; 0 for none"),
  "val-file": { read: (path) => path, default: "", description: "A file of examples for validation, instead of --val", hint: "FILE" },
  test: {
    read: shareOrFile,
    default: "0",
    description: "Share of the examples, or a file, to be measured once, at the end",
    hint: "SHARE|FILE",
  },
  patience: wholeOption("patience", 0, 0, "Stop after N epochs without a better one; 0 goes through all"),
  seed: {
    read: whole("seed", 0, 2 ** 53),
    default: 1,
    description: "Seed of the weights, the split, the order and the dropout",
    hint: "S",
  },
  device: {
    read: deviceOption,
    default: "auto",
    description: "auto, wasm, webgpu, or reference: slow float64",
    hint: "auto|wasm|webgpu|reference",
  },
  deterministic: flagOption("The same bits on every machine"),
});

/** A share as a number from 0 to 0.9; any other word is a file's name. */
function shareOrFile(text: string): string {
  if (text.trim() === "" || Number.isNaN(Number(text))) return text;
  return `${number("test", 0, 0.9)(text)}`;
}

/** True if --test names a file. */
export const isFile = (test: string): boolean => test.trim() !== "" && Number.isNaN(Number(test));

/** The language of words. */
export const localeOption: TaskOption = {
  read(word) {
    if (word !== "") lowerCaseOf("--locale", word);
    return word;
  },
  ...{ default: "", description: "The language of the words, for lower case: tr, az and lt differ from others", hint: "TAG" },
};

/** The locale of a recipe, as the tasks take it. */
export const localeOf = ({ locale }: TaskRecipe) => locale !== "" && { locale };

/** The options of what reads and writes texts. */
export const textOptions: TaskOptions = {
  unit: choiceOption("unit", textUnits, "words", "What a text is cut into: whole words, characters, or parts of words (bpe)"),
  embed: wholeOption("embed", 1, 64, "Size of a token's vector"),
  "min-count": wholeOption("min-count", 1, 2, "Words that occur less often are unknown"),
  vocabulary: wholeOption("vocabulary", 1, 8000, "The most words, or parts of words"),
  "max-length": wholeOption("max-length", 1, 64, "The longest text in tokens; the rest of a longer one is left out"),
  locale: localeOption,
};

/** The options about tokens in `textOptions`, in the form that the tasks take. */
export const sizesOf = ({ vocabulary, "min-count": minCount, "max-length": maxLength, ...recipe }: TaskRecipe) => ({
  ...{ vocabularySize: vocabulary, minCount, maxLength },
  ...localeOf(recipe),
});
