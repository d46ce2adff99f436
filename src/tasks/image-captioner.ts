import { type Frames, frameScaler, type PaddedFrames, padFrames } from "../data/frames.js";
import { SeriesScaler } from "../data/series.js";
import type { SavedModel } from "../io/model-folder.js";
import { Captioner, type CaptionerConfig, captionerNames } from "../models/captioner.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { finish, inTurns, type Pieces } from "../util/breath.js";
import { SeqgradError } from "../util/errors.js";
import { maxOf } from "../util/numbers.js";
import { optionsAmong } from "../util/options.js";
import { choice, type Fields, inCode, schema } from "../util/schema.js";
import { courseRule, decoderFields, embedField, epochFields, textFields, tokenizerField } from "./fields.js";
import { checkItems, checkSaved, demandCount, isText, savedTokenizer, withWeights } from "./task.js";
import { TextWriter, tokenizerOf, type UnitOptions, type Writing, writerCriteria } from "./text-writer.js";

export interface CaptionedImage {
  /** `[G, F]`: the vectors of the places of a grid; one for a picture given as a vector. */
  readonly features: Frames;
  readonly caption: string;
}

export interface ImageCaptionerOptions extends UnitOptions, Omit<CaptionerConfig, "features" | "places" | "targetVocab"> {
  /** With `<pad>` as 0, `<sos>` and `<eos>`. Default: by `unit`. */
  readonly tokenizer?: Tokenizer;
}

const options = schema({
  ...decoderFields({ arch: "lstm", hidden: 128, dropout: 0.1 }),
  inject: choice(["state", "input"], { default: "state", help: "Where the mean of the places enters the decoder" }),
  ...textFields({ unit: "words", vocab: 8000 }),
  embed: embedField("token"),
  tokenizer: tokenizerField,
} satisfies Fields<ImageCaptionerOptions>);

const training = schema(epochFields({ epochs: 20, lr: 3e-3, criteria: writerCriteria }), courseRule);

/**
 * Describes pictures, which are given as feature vectors: of the whole, or of the cells of a grid.
 *
 * features, scaled to mean 0 and deviation 1 -> decoder with attention to the cells -> tokens of the caption
 *
 * Make one with create(), train it with train(), then call predict(), evaluate() or save(). evaluate() measures BLEU and exact captions.
 * @example
 * const images = [{ features: [[1, 0], [0, 0]], caption: "a dot above" }, { features: [[0, 0], [1, 0]], caption: "a dot below" }];
 * const task = sg.tasks.ImageCaptioner.create(images, { arch: "gru", hidden: 8, minCount: 1 });
 * const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 0.01 });
 * for await (const event of sg.fit(task.model, task.loader(images, { batch: 2 }), { optimizer, epochs: 3 })) continue;
 * const [caption] = await task.predict([[[0, 0], [1, 0]]], { beam: 2 });
 */
export class ImageCaptioner extends TextWriter<CaptionedImage, Frames, Frames, PaddedFrames> {
  static readonly type = "seqgrad-image-captioner";
  static readonly options = options;
  static readonly training = training;
  static readonly criteria = writerCriteria;
  override readonly type = ImageCaptioner.type;
  override readonly training = training;

  private constructor(
    override readonly model: Captioner,
    readonly scaler: SeriesScaler,
    target: Tokenizer,
    context: number,
  ) {
    super("ImageCaptioner", model, target, context);
  }

  /**
   * Makes an untrained captioner for the features and the captions of the training pictures.
   *
   * @param images `{ features, caption }` each; features are `[cells][F]`, with the same F in all pictures
   * @param options see ImageCaptionerOptions
   * @returns the untrained task
   * @throws SeqgradError `value` for no picture, an unknown option or unit or a tokenizer without special tokens, `shape` for features of
   *   different sizes, `range` for an impossible size
   */
  static create(images: readonly CaptionedImage[], options: ImageCaptionerOptions = {}): ImageCaptioner {
    return finish(ImageCaptioner.#making(images, options));
  }

  /**
   * Makes an untrained captioner in turns: timers, clicks and other work of a page run in between.
   *
   * @param images `{ features, caption }` each; features are `[cells][F]`, with the same F in all pictures
   * @param options see ImageCaptionerOptions
   * @returns the untrained task
   * @throws SeqgradError `value` for no picture, an unknown option or unit or a tokenizer without special tokens, `shape` for features of
   *   different sizes, `range` for an impossible size
   * @example
   * const images = [{ features: [[1, 0], [0, 0]], caption: "a dot above" }];
   * const task = await sg.tasks.ImageCaptioner.createAsync(images, { arch: "gru", hidden: 8, minCount: 1 });
   * task.target.size; // = 7
   */
  static createAsync(images: readonly CaptionedImage[], options: ImageCaptionerOptions = {}): Promise<ImageCaptioner> {
    return inTurns(ImageCaptioner.#making(images, options));
  }

  static *#making(images: readonly CaptionedImage[], options: ImageCaptionerOptions): Pieces<ImageCaptioner> {
    const settings = ImageCaptioner.options.complete(options, inCode("ImageCaptioner.create"));
    const { unit, minCount, vocab, locale, tokenizer, context, ...config } = settings;
    checkImages("ImageCaptioner.create", images);
    if (images.length === 0)
      throw new SeqgradError("value", "ImageCaptioner: the list of pictures is empty; give at least one to learn from.");
    const captions = images.map(({ caption }) => caption);
    const target = tokenizer ?? (yield* tokenizerOf(captions, settings));
    const scaler = frameScaler(images.map(({ features }) => features));
    const places = maxOf(images.map(({ features }) => features.length));
    const model = new Captioner({ ...config, features: scaler.means.length, places, targetVocab: target.size });
    return new ImageCaptioner(model, scaler, target, context);
  }

  /**
   * Rebuilds the captioner of a folder that save() or `seqgrad train` wrote.
   *
   * @param saved the result of io.loadModel()
   * @returns the task
   * @throws SeqgradError `io` for a folder that is not complete, `format` for a config that does not fit the other files
   */
  static async fromSaved(saved: SavedModel): Promise<ImageCaptioner> {
    const { config, tensors, tokenizer } = checkSaved("ImageCaptioner.fromSaved", saved);
    const context = demandCount(config, "context");
    const scaler = SeriesScaler.fromJSON(config.scaler);
    const target = await savedTokenizer({ tokenizer });
    const sizes = { features: scaler.means.length, targetVocab: target.size };
    const model = withWeights(tensors, () => new Captioner({ ...optionsAmong(config, captionerNames), ...sizes }));
    return new ImageCaptioner(model, scaler, target, context);
  }

  override describe(): Omit<SavedModel, "tensors"> {
    const { model, scaler, context, target } = this;
    return { config: { ...model.config, context, scaler: scaler.toJSON() }, tokenizer: target.toJSON() };
  }

  protected itemOf(features: Frames): Frames {
    return features;
  }

  protected padded(grids: readonly Frames[]): PaddedFrames {
    return padFrames(grids, { scaler: this.scaler });
  }

  protected decoder(grid: Frames): Writing {
    return this.model.decoder(grid, { scaler: this.scaler });
  }

  protected checkExamples(op: string, images: readonly CaptionedImage[]): void {
    checkImages(op, images);
  }

  protected checkInputs(op: string, grids: readonly Frames[]): void {
    checkItems(op, "pictures", grids, Array.isArray, "lists of vectors");
  }

  protected inputOf({ features }: CaptionedImage): Frames {
    return features;
  }

  protected textOf({ caption }: CaptionedImage): string {
    return caption;
  }
}

const checkImages = (op: string, images: readonly CaptionedImage[]): void =>
  checkItems(op, "pictures", images, (image) => Array.isArray(image?.features) && isText(image.caption), "{ features, caption }");
