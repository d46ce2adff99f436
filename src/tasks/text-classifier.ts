import { DataLoader } from "../data/data-loader.js";
import { type PaddedRows, padRows } from "../data/padding.js";
import type { SavedModel } from "../io/model-folder.js";
import { type ClassificationReport, type ConfusionMatrix, countedConfusion, scored } from "../metrics/classification.js";
import { type ClassifierBatch, classifierNames, SequenceClassifier, type SequenceClassifierConfig } from "../models/sequence-classifier.js";
import { poolings } from "../nn/pooling.js";
import { softmax } from "../ops/softmax.js";
import { tensor } from "../tensor/create.js";
import { encodedInTurns, sequenceTokens, type Tokenizer } from "../text/tokenizer.js";
import { WordTokenizer } from "../text/word-tokenizer.js";
import { breathe, finish, inTurns, mapInTurns, type Pieces } from "../util/breath.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { optionsAmong } from "../util/options.js";
import { choice, type Fields, inCode, schema } from "../util/schema.js";
import { BaseTask } from "./base-task.js";
import {
  type Criterion,
  contextField,
  courseRule,
  embedField,
  encoderFields,
  encoderOf,
  epochFields,
  localeField,
  minCountField,
  tokenizerField,
} from "./fields.js";
import {
  type BatchOptions,
  batchesOf,
  checkBatchOptions,
  checkItems,
  checkSaved,
  demand,
  demandCount,
  isStrings,
  isText,
  outputs,
  rowOf,
  savedTokenizer,
  withWeights,
} from "./task.js";

export interface LabeledText {
  readonly text: string;
  readonly label: string;
}

/** Labels with their probabilities, the likeliest first. */
export type LabelProbabilities = readonly { readonly label: string; readonly probability: number }[];

export interface TextClassifierReport {
  readonly measures: Record<string, number>;
  readonly scores: ClassificationReport<string>;
  readonly confusion: ConfusionMatrix<string>;
  /** The labels of each example, as predict() returns them. */
  readonly answers: readonly LabelProbabilities[];
}

export interface TextClassifierOptions extends Omit<SequenceClassifierConfig, "vocab" | "classes" | "classWeights"> {
  /** `balanced` gives every label the same weight in the loss, however rare: each of its n examples N / (K n). Default `none`. */
  readonly classWeights?: "none" | "balanced";
  /** Default: words of the texts that occur at least `minCount` times, in lower case. */
  readonly tokenizer?: Tokenizer;
  /** Words that occur less often are unknown. Default 2. */
  readonly minCount?: number;
  /** The longest text in tokens; the rest of a longer one is left out. Default 256. */
  readonly context?: number;
  /** The language of the texts as a BCP 47 tag, for words in lower case: `tr` has I and ı. Default: what holds for most languages. */
  readonly locale?: string;
}

const options = schema({
  pooling: choice(["last", ...poolings], { default: "mean", help: "What makes one vector of a text" }),
  embed: embedField("word"),
  minCount: minCountField(2),
  context: contextField(256, "words"),
  classWeights: choice(["none", "balanced"], { default: "none", help: "Let every label count alike in the loss, however rare" }),
  locale: localeField,
  tokenizer: tokenizerField,
  ...encoderFields({ arch: "gru", hidden: 32, dropout: 0.4 }),
} satisfies Fields<TextClassifierOptions>);

const criteria: readonly Criterion[] = [
  { name: "f1", larger: true },
  { name: "loss", larger: false },
  { name: "accuracy", larger: true },
];
const training = schema(epochFields({ epochs: 5, lr: 2e-3, criteria }), courseRule);

/**
 * Classifies texts: sentiment, spam, topics.
 *
 * words -> embedding -> recurrent or Transformer encoder -> pooling -> softmax over the labels
 *
 * Make one with create(), train it with train(), then call predict(), evaluate() or save(). evaluate() measures accuracy and macro F1.
 * @example
 * const examples = [{ text: "a good film", label: "good" }, { text: "a dull film", label: "bad" }];
 * const task = sg.tasks.TextClassifier.create(examples, { arch: "gru", hidden: 8, minCount: 1 });
 * const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 0.01 });
 * for await (const event of sg.fit(task.model, task.loader(examples, { batch: 2 }), { optimizer, epochs: 3 })) continue;
 * const [labels] = await task.predict(["a good film"]); // [{ label, probability }, ..]
 */
export class TextClassifier extends BaseTask<LabeledText, string, LabelProbabilities, ClassifierBatch> {
  static readonly type = "seqgrad-text-classifier";
  static readonly options = options;
  static readonly training = training;
  static readonly criteria = criteria;
  override readonly type = TextClassifier.type;
  override readonly training = training;
  override readonly criteria = criteria;

  private constructor(
    override readonly model: SequenceClassifier,
    readonly tokenizer: Tokenizer,
    readonly labels: readonly string[],
    readonly context: number,
  ) {
    super();
  }

  /**
   * Makes an untrained classifier for the labels and words of the training examples.
   *
   * @param examples `{ text, label }` each, with at least two labels
   * @param options see TextClassifierOptions
   * @returns the untrained task
   * @throws SeqgradError `value` for examples of fewer than two labels or an unknown option, `range` for an impossible size
   */
  static create(examples: readonly LabeledText[], options: TextClassifierOptions = {}): TextClassifier {
    return finish(TextClassifier.#making(examples, options));
  }

  /**
   * Makes an untrained classifier in turns: timers, clicks and other work of a page run in between.
   *
   * @param examples `{ text, label }` each, with at least two labels
   * @param options see TextClassifierOptions
   * @returns the untrained task
   * @throws SeqgradError `value` for examples of fewer than two labels or an unknown option, `range` for an impossible size
   * @example
   * const examples = [{ text: "a good film", label: "good" }, { text: "a dull film", label: "bad" }];
   * const task = await sg.tasks.TextClassifier.createAsync(examples, { arch: "gru", hidden: 8, minCount: 1 });
   * task.labels; // = ["bad", "good"]
   */
  static createAsync(examples: readonly LabeledText[], options: TextClassifierOptions = {}): Promise<TextClassifier> {
    return inTurns(TextClassifier.#making(examples, options));
  }

  static *#making(examples: readonly LabeledText[], options: TextClassifierOptions): Pieces<TextClassifier> {
    checkExamples("TextClassifier.create", examples);
    const settings = TextClassifier.options.complete(options, inCode("TextClassifier.create"));
    const { tokenizer: own, minCount, context, classWeights, locale, ...config } = settings;
    const labels = [...new Set(examples.map(({ label }) => label))].sort();
    if (labels.length < 2)
      throw new SeqgradError(
        "value",
        `TextClassifier: the examples have ${labels.length} labels (${labels.join(", ")}); expected at least 2.`,
      );
    const texts = examples.map(({ text }) => text);
    const language = locale !== "" && { locale };
    const tokenizer = own ?? (yield* WordTokenizer.training(texts, { minCount, special: sequenceTokens, ...language }));
    const model = new SequenceClassifier({
      ...encoderOf(config),
      vocab: tokenizer.size,
      classes: labels.length,
      ...(classWeights === "balanced" && { classWeights: balanced(examples, labels) }),
    });
    return new TextClassifier(model, tokenizer, labels, context);
  }

  /**
   * Rebuilds the classifier of a folder that save() or `seqgrad train` wrote.
   *
   * @param model the result of io.loadModel()
   * @returns the task
   * @throws SeqgradError `io` for a folder that is not complete, `format` for a config that does not fit the other files
   */
  static async fromSaved(model: SavedModel): Promise<TextClassifier> {
    const { config, tensors, ...saved } = checkSaved("TextClassifier.fromSaved", model);
    const labels = demand(config, "labels", isLabels, "a list of labels, two or more, each once");
    const context = demandCount(config, "context");
    const tokenizer = await savedTokenizer(saved);
    const sizes = { vocab: tokenizer.size, classes: labels.length };
    const network = withWeights(tensors, () => new SequenceClassifier({ ...optionsAmong(config, classifierNames), ...sizes }));
    return new TextClassifier(network, tokenizer, labels, context);
  }

  override loader(examples: readonly LabeledText[], options: BatchOptions): DataLoader<LabeledText, ClassifierBatch> {
    checkExamples("TextClassifier.loader", examples);
    const { batch, seed } = checkBatchOptions("TextClassifier.loader", options);
    const collate = (items: LabeledText[]) => this.#collate(items);
    return new DataLoader(examples, { batch, seed, shuffle: true, bucketBy: ({ text }) => text.length, collate });
  }

  /**
   * Measures the classifier on examples that it has not seen.
   *
   * `accuracy` is the share of right labels, `f1` the mean F1 score of the labels, and `loss` the mean cross-entropy, in nats. A label that
   * the model does not know counts as missed, and not in the loss.
   *
   * @param examples `{ text, label }` each
   * @returns the measures by name
   * @throws SeqgradError `value` for something that is not a labeled text
   */
  override async evaluate(examples: readonly LabeledText[]): Promise<Record<string, number>> {
    return (await this.report(examples)).measures;
  }

  /**
   * Measures the classifier with details: scores by label, which label was taken for which, and every answer.
   *
   * @param examples `{ text, label }` each
   * @returns the report
   * @throws SeqgradError `value` for something that is not a labeled text
   */
  async report(examples: readonly LabeledText[]): Promise<TextClassifierReport> {
    checkExamples("TextClassifier.evaluate", examples);
    const answers = await this.predict(examples.map(({ text }) => text));
    await breathe();
    const likeliest = answers.map(([first]) => first!.label);
    const expected = examples.map(({ label }) => label);
    const confusion = await inTurns(countedConfusion(likeliest, expected));
    const scores = await inTurns(scored(confusion));
    const losses = answers.flatMap((answer, i) => {
      const own = answer.find(({ label }) => label === expected[i]);
      return own ? [-Math.log(own.probability || Number.MIN_VALUE)] : [];
    });
    const loss = losses.length > 0 && { loss: losses.reduce((a, b) => a + b, 0) / losses.length };
    const measures = { accuracy: scores.accuracy, f1: scores.macro.f1, ...loss };
    return { measures, scores, confusion, answers };
  }

  /**
   * Finds the probability of each label for each text.
   *
   * @param texts the texts
   * @returns for each text all labels with their probabilities, the likeliest first
   * @throws SeqgradError `value` for something that is not a text
   */
  override async predict(texts: readonly string[]): Promise<LabelProbabilities[]> {
    checkItems("TextClassifier.predict", "texts", texts, isText, "strings");
    const rows = await mapInTurns(texts, async (text) => this.#read(await encodedInTurns(this.tokenizer, text)));
    const batches = batchesOf(rows, ({ length }) => length, padRows);
    const K = this.labels.length;
    const answers: LabelProbabilities[] = [];
    const probabilities = (batch: PaddedRows) => softmax(this.model.forward(tensor(batch.data, batch.shape), batch.lengths));
    for await (const { batch, data } of outputs(batches, probabilities)) {
      for (let b = 0; b < batch.shape[0]; b++) {
        const row = rowOf(data, K, b).map((probability, k) => ({ label: nth(this.labels, k), probability }));
        answers.push(row.sort((x, y) => y.probability - x.probability));
      }
    }
    return answers;
  }

  override describe(): Omit<SavedModel, "tensors"> {
    const config = { ...this.model.config, labels: this.labels, context: this.context };
    return { config, tokenizer: this.tokenizer.toJSON() };
  }

  /** The tokens of a text's that the model reads; a text without a word is one unknown word. */
  #read(ids: Int32Array): Int32Array {
    return ids.length > 0 ? ids.slice(0, this.context) : Int32Array.of(this.tokenizer.special.unk ?? 0);
  }

  #collate(items: readonly LabeledText[]): ClassifierBatch {
    const { data: tokens, shape, lengths } = padRows(items.map(({ text }) => this.#read(this.tokenizer.encode(text))));
    const labels = Int32Array.from(items, ({ label }) => {
      const k = this.labels.indexOf(label);
      if (k < 0)
        throw new SeqgradError("range", `TextClassifier: ${JSON.stringify(label)} is not one of the labels ${this.labels.join(", ")}.`);
      return k;
    });
    return { tokens, shape, lengths, labels };
  }
}

const checkExamples = (op: string, examples: readonly LabeledText[]): void =>
  checkItems(op, "examples", examples, (example) => isText(example?.text) && isText(example.label), "{ text, label }, both strings");

/** N / (K n) for each label of n examples. */
function balanced(examples: readonly LabeledText[], labels: readonly string[]): number[] {
  const counts = new Map<string, number>();
  for (const { label } of examples) counts.set(label, (counts.get(label) ?? 0) + 1);
  return labels.map((label) => examples.length / (labels.length * counts.get(label)!));
}

const isLabels = (value: unknown): value is string[] => isStrings(value) && value.length >= 2 && new Set(value).size === value.length;
