import type { TaggedSentence } from "../data/conll.js";
import { DataLoader } from "../data/data-loader.js";
import { padRows } from "../data/padding.js";
import { viterbi } from "../decode/viterbi.js";
import type { SavedModel } from "../io/model-folder.js";
import { type ConfusionMatrix, countedConfusion } from "../metrics/classification.js";
import { countedEntities, type EntityReport } from "../metrics/entities.js";
import { SequenceTagger, type SequenceTaggerConfig, type TaggerBatch, type TaggerInput, taggerNames } from "../models/sequence-tagger.js";
import { inference } from "../nn/mode.js";
import { CharTokenizer } from "../text/char-tokenizer.js";
import { lowerCaseOf } from "../text/lower-case.js";
import { sequenceTokens } from "../text/tokenizer.js";
import { Vocabulary } from "../text/vocabulary.js";
import { breathe, finish, inPieces, inTurns, type Pieces } from "../util/breath.js";
import { checkText, isRecord } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { maxOf } from "../util/numbers.js";
import { optionsAmong } from "../util/options.js";
import { boolean, type Fields, inCode, integer, schema } from "../util/schema.js";
import { BaseTask } from "./base-task.js";
import { type Criterion, courseRule, embedField, encoderFields, encoderOf, epochFields, localeField, minCountField } from "./fields.js";
import { signsOf, splitSigns } from "./sign-splitter.js";
import {
  type BatchOptions,
  batchesOf,
  checkBatchOptions,
  checkItems,
  checkSaved,
  demand,
  isStrings,
  isText,
  meanLoss,
  rowOf,
  withWeights,
} from "./task.js";

export interface EntityTaggerOptions extends Omit<SequenceTaggerConfig, "vocab" | "tags" | "characters"> {
  /** Words that occur less often are unknown. Default 2. */
  readonly minCount?: number;
  /** Read the letters of words too. Default true. */
  readonly spelling?: boolean;
  /** The language of the words as a BCP 47 tag, for lower case: `tr` has I and ı. Default: what holds for most languages. */
  readonly locale?: string;
}

export interface EntityTaggerReport {
  readonly measures: Record<string, number>;
  readonly entities: EntityReport;
  /** How often each tag of a word was taken for each other one. */
  readonly confusion: ConfusionMatrix<string>;
  /** The tags of each sentence, as predict() returns them. */
  readonly answers: readonly string[][];
}

const options = schema({
  embed: embedField("word"),
  minCount: minCountField(2),
  spelling: boolean({ default: true, help: "Read the letters of words too" }),
  characterSize: integer({
    ...{ min: 1, default: 32, only: { spelling: [true] }, help: "Size of a letter's vector, and units of what reads the letters" },
  }),
  crf: boolean({ default: false, help: "Choose the tags of a sentence together, by a conditional random field" }),
  locale: localeField,
  ...encoderFields({ arch: "lstm", hidden: 64, dropout: 0.4 }),
} satisfies Fields<EntityTaggerOptions>);

const criteria: readonly Criterion[] = [
  { name: "f1", larger: true },
  { name: "loss", larger: false },
  { name: "accuracy", larger: true },
  { name: "precision", larger: true },
  { name: "recall", larger: true },
];
const training = schema(epochFields({ epochs: 12, batch: 16, lr: 3e-3, criteria }), courseRule);

const isIds = (value: unknown): value is Record<string, number> =>
  isRecord(value) && Object.values(value).every((id) => typeof id === "number");

type Example = Pick<TaggedSentence, "words" | "tags">;

/**
 * Tags each word of a sentence: names, places, parts of speech.
 *
 * words and their letters -> bidirectional encoder -> the likeliest tag of each word, or with `crf: true` the likeliest sequence of tags by a
 * conditional random field
 *
 * Make one with create(), train it with train(), then call predict(), evaluate() or save(). evaluate() measures entity F1 and accuracy.
 * @example
 * const sentences = sg.data.parseConll("Sarah\tB-person\nsmiles\tO\n\nrain\tO\nfell\tO\n");
 * const task = sg.tasks.EntityTagger.create(sentences, { hidden: 8, minCount: 1 });
 * const { loss } = task.model.loss([...task.loader(sentences, { batch: 2 })][0]);
 * const [tags] = await task.predict([["Sarah", "fell"]]);
 */
export class EntityTagger extends BaseTask<Example, readonly string[], string[], TaggerBatch> {
  static readonly type = "seqgrad-entity-tagger";
  static readonly options = options;
  static readonly training = training;
  static readonly criteria = criteria;
  override readonly type = EntityTagger.type;
  override readonly training = training;
  override readonly criteria = criteria;

  readonly #lowerCase: (word: string) => string;

  private constructor(
    override readonly model: SequenceTagger,
    readonly words: Vocabulary,
    readonly letters: CharTokenizer | undefined,
    readonly tags: readonly string[],
    /** The signs that split() makes words of their own, as the data to train on has them. */
    readonly signs: string,
    /** The language whose lower case the words have. */
    readonly locale?: string | undefined,
  ) {
    super();
    this.#lowerCase = lowerCaseOf("EntityTagger", locale);
  }

  /**
   * Makes an untrained tagger for the words, letters and tags of the training sentences.
   *
   * @param sentences `{ words, tags }` each, with a tag for each word
   * @param options see EntityTaggerOptions
   * @returns the untrained task
   * @throws SeqgradError `value` for no sentence or an unknown option, `range` for an impossible size
   */
  static create(sentences: readonly Example[], options: EntityTaggerOptions = {}): EntityTagger {
    return finish(EntityTagger.#making(sentences, options));
  }

  /**
   * Makes an untrained tagger in turns: timers, clicks and other work of a page run in between.
   *
   * @param sentences `{ words, tags }` each, with a tag for each word
   * @param options see EntityTaggerOptions
   * @returns the untrained task
   * @throws SeqgradError `value` for no sentence or an unknown option, `range` for an impossible size
   * @example
   * const sentences = sg.data.parseConll("Sarah\tB-person\nsmiles\tO\n");
   * const task = await sg.tasks.EntityTagger.createAsync(sentences, { hidden: 8, minCount: 1 });
   * task.tags; // = ["O", "B-person"]
   */
  static createAsync(sentences: readonly Example[], options: EntityTaggerOptions = {}): Promise<EntityTagger> {
    return inTurns(EntityTagger.#making(sentences, options));
  }

  static *#making(sentences: readonly Example[], options: EntityTaggerOptions): Pieces<EntityTagger> {
    checkExamples("EntityTagger.create", sentences);
    const settings = EntityTagger.options.complete(options, inCode("EntityTagger.create"));
    const { minCount, spelling, locale: language, ...config } = settings;
    const locale = language === "" ? undefined : language;
    if (sentences.length === 0)
      throw new SeqgradError("value", "EntityTagger: the list of sentences is empty; give at least one to learn from.");
    const special = ["<pad>", "<unk>"];
    const lowerCase = lowerCaseOf("EntityTagger.create", locale);
    const words = yield* Vocabulary.ofTokens(wordsOf(sentences, lowerCase), { minCount, special });
    let text = "";
    if (spelling) yield* inPieces(wordsOf(sentences), (word) => (text += word));
    const letters = spelling ? yield* CharTokenizer.training(text, { special: sequenceTokens }) : undefined;
    const named = new Set(["O"]);
    yield* inPieces(sentences, (sentence) => sentence.tags.forEach((tag) => void named.add(tag)));
    const tags = [...named];
    const sizes = { vocab: words.size, tags: tags.length, characters: letters?.size ?? 0 };
    const signs = yield* signsOf(sentences);
    return new EntityTagger(new SequenceTagger({ ...encoderOf(config), ...sizes }), words, letters, tags, signs, locale);
  }

  /**
   * Rebuilds the tagger of a folder that save() or `seqgrad train` wrote.
   *
   * @param saved the result of io.loadModel()
   * @returns the task
   * @throws SeqgradError `io` for a folder that is not complete, `format` for a config that does not fit the other files
   */
  static async fromSaved(saved: SavedModel): Promise<EntityTagger> {
    const { config, tensors, tokenizer, vocabulary } = checkSaved("EntityTagger.fromSaved", saved);
    const tags = demand(config, "tagNames", isStrings, "a list of tags");
    if (!vocabulary) throw new SeqgradError("io", "the model's vocab.json is missing; the folder is not complete.");
    const words = Vocabulary.fromJSON(vocabulary);
    const letters = tokenizer ? CharTokenizer.fromJSON(demand({ tokenizer }, "tokenizer", isIds, "the id of each letter")) : undefined;
    const sizes = { vocab: words.size, tags: tags.length, characters: letters?.size ?? 0 };
    const signs = demand({ signs: "", ...config }, "signs", (value) => typeof value === "string", "a string");
    const locale = config.locale === undefined ? undefined : demand(config, "locale", isText, "a language tag such as tr");
    const model = withWeights(tensors, () => new SequenceTagger({ ...optionsAmong(config, taggerNames), ...sizes }));
    return new EntityTagger(model, words, letters, tags, signs, locale);
  }

  /**
   * Cuts a text into words, with signs split off if the training data has them as words of their own.
   *
   * @param text the text
   * @returns its words
   */
  split(text: string): string[] {
    return splitSigns(checkText("EntityTagger.split", text), this.signs, (word) => this.words.idOf(this.#lowerCase(word)) !== undefined);
  }

  /**
   * Makes batches of sentences of similar length, in another order each epoch.
   *
   * @param sentences `{ words, tags }` each
   * @param options `batch` and `seed`: see BatchOptions
   * @returns the loader
   * @throws SeqgradError `value` for something that is not a tagged sentence
   */
  override loader(sentences: readonly Example[], options: BatchOptions): DataLoader<Example, TaggerBatch> {
    checkExamples("EntityTagger.loader", sentences);
    const { batch, seed } = checkBatchOptions("EntityTagger.loader", options);
    const collate = (items: Example[]) => this.#collate(items);
    return new DataLoader(sentences, { batch, seed, shuffle: true, bucketBy: ({ words }) => words.length, collate });
  }

  /**
   * Measures the tagger on sentences that it has not seen.
   *
   * `f1`, `precision` and `recall` are of whole entities, `accuracy` is the share of words tagged right, and `loss` is of a sentence (of a
   * word without a random field), in nats. A tag that the model does not know counts as missed, and its sentence not in the loss.
   *
   * @param sentences `{ words, tags }` each
   * @returns the measures by name
   * @throws SeqgradError `value` for something that is not a tagged sentence
   */
  override async evaluate(sentences: readonly Example[]): Promise<Record<string, number>> {
    return (await this.report(sentences)).measures;
  }

  /**
   * Measures the tagger with details: scores by type of entity, which tag was taken for which, and every answer.
   *
   * @param sentences `{ words, tags }` each
   * @returns the report
   * @throws SeqgradError `value` for something that is not a tagged sentence
   */
  async report(sentences: readonly Example[]): Promise<EntityTaggerReport> {
    checkExamples("EntityTagger.evaluate", sentences);
    const answers = await this.predict(sentences.map(({ words }) => words));
    const expected = sentences.map(({ tags }) => tags);
    const entities = await inTurns(countedEntities(answers, expected));
    const confusion = await inTurns(countedConfusion(answers.flat(), expected.flat()));
    const right = confusion.counts.reduce((sum, row, i) => sum + nth(row, i), 0);
    const known = sentences.filter(({ tags }) => tags.every((tag) => this.tags.includes(tag)));
    const countOf = ({ lengths }: TaggerBatch) => (this.model.crf ? lengths.length : lengths.reduce((a, b) => a + b, 0));
    const batches = batchesOf(
      known,
      ({ words }) => words.length,
      (items) => this.#collate(items),
    );
    const loss = known.length > 0 && { loss: await meanLoss(this.model, batches, countOf) };
    const { f1, precision, recall } = entities;
    return { measures: { f1, precision, recall, accuracy: right / expected.flat().length, ...loss }, entities, confusion, answers };
  }

  /**
   * Finds the likeliest tags of each sentence's words, by Viterbi's algorithm if the model has a random field.
   *
   * @param sentences the words of each sentence
   * @returns a tag for each word of each sentence
   * @throws SeqgradError `value` for a sentence without a word
   */
  override async predict(sentences: readonly (readonly string[])[]): Promise<string[][]> {
    checkItems("EntityTagger.predict", "sentences", sentences, isTexts, "lists of words");
    const empty = sentences.findIndex((words) => words.length === 0);
    if (empty >= 0) throw new SeqgradError("value", `EntityTagger: sentence ${empty} has no word.`);
    const batches = batchesOf(
      sentences,
      ({ length }) => length,
      (items) => this.#inputs(items),
    );
    const { crf } = this.model;
    const answers: string[][] = [];
    for (const batch of batches) {
      await breathe();
      const emissions = inference(() => this.model.forward(batch));
      try {
        const ids = crf ? await viterbi(emissions, crf, batch.lengths) : likeliest(await emissions.data(), batch, this.tags.length);
        for (const row of ids) answers.push(row.map((k) => nth(this.tags, k)));
      } finally {
        emissions.dispose();
      }
      await breathe();
    }
    return answers;
  }

  override describe(): Omit<SavedModel, "tensors"> {
    const { model, tags, words, letters } = this;
    const config = { ...model.config, tagNames: tags, signs: this.signs, ...(this.locale !== undefined && { locale: this.locale }) };
    return { config, vocabulary: words.toJSON(), ...(letters && { tokenizer: letters.toJSON() }) };
  }

  #collate(items: readonly Example[]): TaggerBatch {
    return { ...this.#inputs(items.map(({ words }) => words)), tags: items.map((item) => this.#tagIds(item)) };
  }

  #inputs(sentences: readonly (readonly string[])[]): TaggerInput {
    const unknown = this.words.special.unk!;
    const rows = sentences.map((words) => words.map((word) => this.words.idOf(this.#lowerCase(word)) ?? unknown));
    const { data: words, shape, lengths } = padRows(rows);
    if (!this.letters) return { words, shape, lengths };
    // Each different word is spelled once.
    const different = new Map<string, number>();
    const index = padRows(
      sentences.map((list) => list.map((word) => different.get(word) ?? different.set(word, different.size).size - 1)),
    ).data;
    const spelled = padRows(Array.from(different.keys(), (word) => this.letters!.encode(word)));
    return { words, shape, lengths, spelling: { characters: spelled.data, shape: spelled.shape, lengths: spelled.lengths, index } };
  }

  #tagIds({ tags }: Example): number[] {
    return tags.map((tag) => {
      const k = this.tags.indexOf(tag);
      if (k < 0) throw new SeqgradError("range", `EntityTagger: ${JSON.stringify(tag)} is not one of the tags ${this.tags.join(", ")}.`);
      return k;
    });
  }
}

/** All words of the sentences, one after the other. */
function* wordsOf(sentences: readonly Example[], change = (word: string) => word): Generator<string> {
  for (const { words } of sentences) for (const word of words) yield change(word);
}

/** Strings, without a hole. */
const isTexts = (list: unknown): boolean => Array.isArray(list) && list.findIndex((item) => !isText(item)) < 0;

function checkExamples(op: string, sentences: readonly Example[]): void {
  const isGood = (x: Example) =>
    isTexts(x?.words) && !x.words.includes("") && isTexts(x.tags) && x.words.length === x.tags.length && x.words.length > 0;
  checkItems(op, "sentences", sentences, isGood, "{ words, tags }, a tag for each of one or more words");
}

/** The best tag of each word on its own. */
function likeliest(scores: ArrayLike<number>, { shape: [, T], lengths }: TaggerInput, K: number): number[][] {
  return lengths.map((n, b) =>
    Array.from({ length: n }, (_, t) => {
      const row = rowOf(scores, K, b * T + t);
      return row.indexOf(maxOf(row));
    }),
  );
}
