import { DataLoader } from "../data/data-loader.js";
import { type Frames, frameScaler, padFrames } from "../data/frames.js";
import { SeriesScaler } from "../data/series.js";
import { ctcDecoding } from "../decode/ctc.js";
import type { SavedModel } from "../io/model-folder.js";
import { countedErrors } from "../metrics/edit.js";
import { Recognizer, type RecognizerBatch, type RecognizerConfig, recognizerNames } from "../models/recognizer.js";
import { CharTokenizer } from "../text/char-tokenizer.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { breathe, finish, inTurns, mapInTurns, type Pieces } from "../util/breath.js";
import { checkInteger, checkText } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions, optionsAmong } from "../util/options.js";
import { type Fields, inCode, schema } from "../util/schema.js";
import { BaseTask } from "./base-task.js";
import { type Criterion, courseRule, encoderFields, encoderOf, epochFields, tokenizerField } from "./fields.js";
import {
  type BatchOptions,
  batchesOf,
  checkAnswers,
  checkBatchOptions,
  checkItems,
  checkSaved,
  checkTokenizer,
  demand,
  isText,
  meanLoss,
  outputs,
  type SearchOptions,
  savedTokenizer,
  withWeights,
} from "./task.js";

export interface Recording {
  /** `[T, F]` */
  readonly frames: Frames;
  /** The text that is said in them. */
  readonly text: string;
}

export interface SpeechRecognizerOptions extends Omit<RecognizerConfig, "features" | "classes"> {
  /** With `<pad>` as 0, which stands for the blank. Default: the characters of the texts. */
  readonly tokenizer?: Tokenizer;
}

const options = schema({
  tokenizer: tokenizerField,
  ...encoderFields({ arch: "lstm", hidden: 64, dropout: 0.1 }),
} satisfies Fields<SpeechRecognizerOptions>);

const criteria: readonly Criterion[] = [
  { name: "symbolErrorRate", larger: false },
  { name: "loss", larger: false },
  { name: "exact", larger: true },
];
const training = schema(epochFields({ epochs: 20, batch: 16, lr: 3e-3, criteria }), courseRule);

/**
 * Transcribes frames to text, without an alignment between them: speech, handwriting, gestures.
 *
 * frames, scaled to mean 0 and deviation 1 -> encoder -> symbols or blanks for each frame, trained by CTC
 *
 * Make one with create(), train it with train(), then call predict(), evaluate() or save(). evaluate() measures the symbol error rate and
 * exact texts.
 * @see Graves, Fernández, Gomez and Schmidhuber 2006, "Connectionist Temporal Classification"
 * @example
 * const recordings = [{ frames: [[0, 1], [0, 1], [1, 0]], text: "ab" }, { frames: [[1, 0], [0, 1]], text: "ba" }];
 * const task = sg.tasks.SpeechRecognizer.create(recordings, { hidden: 8 });
 * const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 0.01 });
 * for await (const event of sg.fit(task.model, task.loader(recordings, { batch: 2 }), { optimizer, epochs: 3 })) continue;
 * const [heard] = await task.predict([[[0, 1], [1, 0]]], { beam: 4 });
 */
export class SpeechRecognizer extends BaseTask<Recording, Frames, string, RecognizerBatch> {
  static readonly type = "seqgrad-speech-recognizer";
  static readonly options = options;
  static readonly training = training;
  static readonly criteria = criteria;
  override readonly type = SpeechRecognizer.type;
  override readonly training = training;
  override readonly criteria = criteria;

  private constructor(
    override readonly model: Recognizer,
    readonly tokenizer: Tokenizer,
    readonly scaler: SeriesScaler,
  ) {
    super();
    if (checkTokenizer("SpeechRecognizer", tokenizer).special.pad !== 0)
      throw new SeqgradError("value", 'SpeechRecognizer: the tokenizer lacks <pad> as 0; make it with { special: ["<pad>"] }.');
  }

  /**
   * Makes an untrained recognizer for the symbols and the features of the training recordings.
   *
   * @param recordings `{ frames, text }` each; frames are `[T][F]`, with the same F in all recordings
   * @param options see SpeechRecognizerOptions
   * @returns the untrained task
   * @throws SeqgradError `value` for no recording, one without frames, or an unknown option, `shape` for frames of different sizes, `range`
   *   for an impossible size
   */
  static create(recordings: readonly Recording[], options: SpeechRecognizerOptions = {}): SpeechRecognizer {
    return finish(SpeechRecognizer.#making(recordings, options));
  }

  /**
   * Makes an untrained recognizer in turns: timers, clicks and other work of a page run in between.
   *
   * @param recordings `{ frames, text }` each; frames are `[T][F]`, with the same F in all recordings
   * @param options see SpeechRecognizerOptions
   * @returns the untrained task
   * @throws SeqgradError `value` for no recording, one without frames, or an unknown option, `shape` for frames of different sizes, `range`
   *   for an impossible size
   * @example
   * const task = await sg.tasks.SpeechRecognizer.createAsync([{ frames: [[1, 0], [0, 1]], text: "ab" }], { hidden: 4 });
   * task.tokenizer.size; // = 3
   */
  static createAsync(recordings: readonly Recording[], options: SpeechRecognizerOptions = {}): Promise<SpeechRecognizer> {
    return inTurns(SpeechRecognizer.#making(recordings, options));
  }

  static *#making(recordings: readonly Recording[], options: SpeechRecognizerOptions): Pieces<SpeechRecognizer> {
    checkRecordings("SpeechRecognizer.create", recordings);
    const settings = SpeechRecognizer.options.complete(options, inCode("SpeechRecognizer.create"));
    if (recordings.length === 0)
      throw new SeqgradError("value", "SpeechRecognizer: the list of recordings is empty; give at least one to learn from.");
    const { tokenizer: own, ...config } = settings;
    const tokenizer = own ?? (yield* CharTokenizer.training(recordings.map(({ text }) => text).join(""), { special: ["<pad>"] }));
    const scaler = frameScaler(recordings.map(({ frames }) => frames));
    const model = new Recognizer({ ...encoderOf(config), features: scaler.means.length, classes: tokenizer.size });
    return new SpeechRecognizer(model, tokenizer, scaler);
  }

  /**
   * Rebuilds the recognizer of a folder that save() or `seqgrad train` wrote.
   *
   * @param saved the result of io.loadModel()
   * @returns the task
   * @throws SeqgradError `io` for a folder that is not complete, `format` for a config that does not fit the other files
   */
  static async fromSaved(saved: SavedModel): Promise<SpeechRecognizer> {
    const { config, tensors, tokenizer } = checkSaved("SpeechRecognizer.fromSaved", saved);
    const scaler = SeriesScaler.fromJSON(demand(config, "scaler", (x): x is object => typeof x === "object" && x !== null, "a scaler"));
    const symbols = await savedTokenizer({ tokenizer });
    const model = withWeights(
      tensors,
      () =>
        new Recognizer({
          ...optionsAmong(config, recognizerNames),
          features: scaler.means.length,
          classes: symbols.size,
        }),
    );
    return new SpeechRecognizer(model, symbols, scaler);
  }

  /**
   * Makes batches of recordings of similar length, in another order each epoch.
   *
   * @param recordings `{ frames, text }` each
   * @param options `batch` and `seed`: see BatchOptions
   * @returns the loader
   * @throws SeqgradError `value` for a recording of fewer frames than its text needs
   */
  override loader(recordings: readonly Recording[], options: BatchOptions): DataLoader<Recording, RecognizerBatch> {
    checkRecordings("SpeechRecognizer.loader", recordings);
    const { batch, seed } = checkBatchOptions("SpeechRecognizer.loader", options);
    for (const [i, recording] of recordings.entries()) this.check(recording, `recording ${i}`);
    const collate = (items: Recording[]) => this.#collate(items);
    return new DataLoader(recordings, { batch, seed, shuffle: true, bucketBy: ({ frames }) => frames.length, collate });
  }

  /**
   * Refuses a recording that no alignment can explain: each symbol takes a frame, and a blank lies between equal ones.
   *
   * @param recording the recording
   * @param where the name of the recording, for the message
   * @throws SeqgradError `value` for too few frames, the tokenizer's error for an unknown symbol
   */
  check(recording: Recording, where: string): void {
    checkText("SpeechRecognizer.check", where, "where");
    checkRecordings("SpeechRecognizer.check", [recording]);
    const { frames, text } = recording;
    const symbols = this.#symbolsOf(text, where);
    const needed = symbols.length + symbols.filter((symbol, i) => symbol === symbols[i - 1]).length;
    if (frames.length >= needed) return;
    const got = `${frames.length} frames for ${JSON.stringify(text)}, which takes at least ${needed}`;
    throw new SeqgradError("value", `SpeechRecognizer: ${where} has ${got}; give more frames or a shorter text.`);
  }

  /**
   * Lists the symbols of a text that the model cannot write.
   *
   * @param text the text
   * @returns each unknown symbol once
   */
  unknownSymbols(text: string): string[] {
    return [...new Set(checkText("SpeechRecognizer.unknownSymbols", text))].filter((symbol) => {
      try {
        return this.tokenizer.encode(symbol).length === 0;
      } catch {
        return true;
      }
    });
  }

  /**
   * Measures the recognizer on recordings that it has not seen.
   *
   * `symbolErrorRate` is the share of symbols written wrong, `exact` the share of texts written right, and `loss` is of a recording, in
   * nats. A symbol that the model does not know counts as missed, and its recording not in the loss.
   *
   * @param recordings `{ frames, text }` each
   * @param options see SearchOptions; `answers`: the results of predict() for these recordings, if they exist already
   * @returns the measures by name
   * @throws SeqgradError `value` for something that is not a recording, `shape` for another number of answers
   */
  override async evaluate(
    recordings: readonly Recording[],
    options: Pick<SearchOptions, "beam"> & { readonly answers?: readonly string[] } = {},
  ): Promise<Record<string, number>> {
    checkRecordings("SpeechRecognizer.evaluate", recordings);
    checkOptions("SpeechRecognizer.evaluate", options, ["answers", "beam"]);
    const { answers: own, ...search } = options;
    if (own !== undefined) checkAnswers("SpeechRecognizer.evaluate", own, recordings.length);
    const inputs = recordings.map(({ frames }) => frames);
    const answers = own ?? (await this.predict(inputs, search));
    const [written, expected] = await Promise.all(
      [answers, recordings.map(({ text }) => text)].map((texts) => mapInTurns(texts, (text) => [...text])),
    );
    const exact = answers.filter((answer, i) => answer === nth(recordings, i).text).length / recordings.length;
    const measures = { symbolErrorRate: await inTurns(countedErrors(written!, expected!)), exact };
    const known = recordings.filter(({ text }) => this.unknownSymbols(text).length === 0);
    if (known.length === 0) return measures;
    const batches = batchesOf(
      known,
      ({ frames }) => frames.length,
      (items) => this.#collate(items),
    );
    return { ...measures, loss: await meanLoss(this.model, batches, ({ targets }) => targets.length) };
  }

  /**
   * Writes the text of each recording, by the likeliest class of each frame, or with a beam above 1 by prefix search.
   *
   * @param recordings the frames of each recording, `[T][F]`
   * @param options see SearchOptions
   * @returns a text for each recording
   * @throws SeqgradError `value` for something that is not frames, `shape` for frames of another size, `range` for an impossible option
   */
  override async predict(recordings: readonly Frames[], options: Pick<SearchOptions, "beam"> = {}): Promise<string[]> {
    checkItems("SpeechRecognizer.predict", "recordings", recordings, Array.isArray, "lists of frames");
    checkOptions("SpeechRecognizer.predict", options, ["beam"]);
    const { beam = 1 } = options;
    checkInteger("SpeechRecognizer", "beam", beam, 1);
    const { size } = this.tokenizer;
    const order = Array.from(recordings.keys()).sort((a, b) => nth(recordings, a).length - nth(recordings, b).length);
    const collate = (items: number[]) =>
      padFrames(
        items.map((i) => nth(recordings, i)),
        { scaler: this.scaler },
      );
    const batches = batchesOf(order, (i) => nth(recordings, i).length, collate);
    const answers = new Array<string>(recordings.length);
    let at = 0;
    for await (const { batch, data } of outputs(batches, (frames) => this.model.forward(frames))) {
      const [, T] = batch.shape;
      for (const [b, length] of batch.lengths.entries()) {
        const logProbs = Array.from({ length: length * size }, (_, i) => nth(data, b * T * size + i));
        answers[nth(order, at++)] = this.tokenizer.decode(await inTurns(ctcDecoding(logProbs, size, { beam })));
        await breathe();
      }
    }
    return answers;
  }

  override describe(): Omit<SavedModel, "tensors"> {
    const { model, scaler, tokenizer } = this;
    return { config: { ...model.config, scaler: scaler.toJSON() }, tokenizer: tokenizer.toJSON() };
  }

  #symbolsOf(text: string, where: string): Int32Array {
    try {
      return this.tokenizer.encode(text);
    } catch (error) {
      if (!(error instanceof SeqgradError)) throw error;
      throw new SeqgradError(error.code, `SpeechRecognizer: ${where}: ${error.message}`, { cause: error });
    }
  }

  #collate(recordings: readonly Recording[]): RecognizerBatch {
    const frames = padFrames(
      recordings.map((recording) => recording.frames),
      { scaler: this.scaler },
    );
    return { frames, targets: recordings.map(({ text }) => this.tokenizer.encode(text)) };
  }
}

const checkRecordings = (op: string, recordings: readonly Recording[]): void =>
  checkItems(op, "recordings", recordings, (x) => Array.isArray(x?.frames) && isText(x.text), "{ frames, text }");
