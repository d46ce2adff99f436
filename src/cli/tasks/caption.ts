import type { Frames } from "../../data/frames.js";
import { type CaptionedImage, ImageCaptioner } from "../../tasks/image-captioner.js";
import { SeqgradError } from "../../util/errors.js";
import { maxOf } from "../../util/numbers.js";
import type { Given } from "../../util/schema.js";
import { mostCommon, signed, textBaseline, writerJudge } from "../judges/writers.js";
import { kindOf } from "../train.js";
import { partsOf } from "./kind.js";
import { type Reading, textReading, wordsOf } from "./reading.js";
import { columnsIn, type FramesForm, framesIn, framesOf, inputsIn } from "./text-table.js";

const parts = ["caption", "features"] as const;

/** The pictures of a file. */
async function imagesIn(
  text: string,
  file: string,
  reading: Reading,
  form?: FramesForm,
): Promise<{ images: CaptionedImage[]; reading: Given }> {
  const { rows, reading: found } = await columnsIn(text, file, parts, reading);
  const features = framesIn(rows, 1, file, form);
  return { images: features.map(({ frames }, i) => ({ caption: rows[i]?.cells[0] ?? "", features: frames })), reading: found };
}

/** The form of the pictures that a model takes. */
const formOf = ({ model: { config } }: ImageCaptioner): FramesForm => ({ size: config.features, most: config.places });

const captionerJudge = writerJudge<ImageCaptioner, CaptionedImage, Frames>({
  advice: "Try more --epochs, a larger --hidden, or more pictures; or use the baseline.",
  inputOf: ({ features }) => features,
  expectedOf: ({ caption }) => caption,
  shown: ({ features }) => `${features.length} places`,
  async measured(task, images, answers) {
    const { measures, bleu } = await task.report(images, { answers });
    return { measures, ...signed(bleu) };
  },
  async baselines(train, images) {
    const captions = images.map(({ caption }) => caption);
    const common = mostCommon(train?.map(({ caption }) => caption) ?? captions);
    const answers = captions.map(() => common);
    const features = images.map((image) => image.features);
    return [await textBaseline("always the most common caption", answers, features, captions)];
  },
});

export const caption = kindOf<ImageCaptioner, CaptionedImage, Frames, string>({
  name: "caption",
  task: ImageCaptioner,
  description: "Train a writer of captions from vectors",
  data: "Rows of caption, tab, features: numbers between spaces, places of a grid between semicolons; or a .csv file; a header may name the columns",
  reading: textReading(parts),
  needed: ["minCount"],
  judge: captionerJudge,

  async prepare(text, file, recipe, shares) {
    const { images, reading } = await imagesIn(text, file, { flags: wordsOf(recipe), trained: {} });
    const { train, validation, test } = partsOf(images, shares);
    const places = maxOf(train.map(({ features }) => features.length));
    const large = [...validation, ...test].find(({ features }) => features.length > places);
    if (large) {
      const got = `a grid of ${large.features.length} places occurs only in the part for validation or test`;
      throw new SeqgradError("value", `${file}: ${got}; give more of them, another --seed or a smaller --validation.`);
    }
    return async () => ({
      task: await ImageCaptioner.createAsync(train, ImageCaptioner.options.among(recipe)),
      train,
      validation,
      test,
      reading,
    });
  },
  train: (task, { train, validation }, recipe, run) => task.train(train, { ...ImageCaptioner.training.among(recipe), ...run, validation }),

  examples: async (task, text, file, reading) => (await imagesIn(text, file, reading, formOf(task))).images,
  answers: {
    searches: "texts",
    inputs: async (task, text, source, reading) => framesOf(await inputsIn(text, source, parts, "features", reading), source, formOf(task)),
    predict: (task, pictures, search) => task.predict(pictures, search),
    isBlank: ({ length }) => length === 0,
    blank: "",
    show: (answer) => answer,
    json: (answer) => ({ answer }),
  },
});
