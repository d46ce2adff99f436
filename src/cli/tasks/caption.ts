import { attentionKinds } from "../../models/recurrent-decoder.js";
import { type CaptionedImage, ImageCaptioner } from "../../tasks/image-captioner.js";
import { SeqgradError } from "../../util/errors.js";
import { maxOf } from "../../util/numbers.js";
import { captionerJudge } from "../judges/writers.js";
import { choiceOption, commonOptions, partsOf, sizesOf, type TaskKind, textOptions } from "./kind.js";
import { textReading } from "./reading.js";
import type { Reading, TaskRecipe } from "./task-options.js";
import { columnsIn, type FramesForm, framesIn, framesOf, inputsIn } from "./text-table.js";

const parts = ["caption", "features"] as const;

/** The pictures of a file. */
async function imagesIn(
  text: string,
  file: string,
  reading: Reading,
  form?: FramesForm,
): Promise<{ images: CaptionedImage[]; reading: TaskRecipe }> {
  const { rows, reading: found } = await columnsIn(text, file, parts, reading);
  const features = framesIn(rows, 1, file, form);
  return { images: rows.map(({ cells: [caption] }, i) => ({ caption: caption!, features: features[i]!.frames })), reading: found };
}

/** The form of the pictures that a model takes. */
const formOf = (task: unknown): FramesForm => {
  const { features: size, places: most } = (task as ImageCaptioner).model.config;
  return { size, most };
};

export const caption: TaskKind = {
  name: "caption",
  type: ImageCaptioner.type,
  description: "Train a writer of captions from vectors",
  data: "Rows of caption, tab, features: numbers between spaces, places of a grid between semicolons; or a .csv file; a header may name the columns",
  options: {
    ...textReading(parts),
    attention: choiceOption("attention", attentionKinds, "additive", "How a word looks at the places"),
    inject: choiceOption("inject", ["state", "input"], "state", "Where the mean of the places enters the decoder"),
    ...textOptions,
    ...commonOptions({ cell: "lstm", hidden: 128, dropout: 0.1, batch: 32, epochs: 20 }, ["gru", "lstm"]),
  },
  judge: captionerJudge,

  async prepare(text, file, recipe) {
    const { images, reading } = await imagesIn(text, file, { given: recipe, trained: {} });
    const { train, validation, test } = partsOf(images, recipe);
    const places = maxOf(train.map(({ features }) => features.length));
    const large = [...validation, ...test].find(({ features }) => features.length > places);
    if (large) {
      const got = `a grid of ${large.features.length} places occurs only in the part for validation or test`;
      throw new SeqgradError("value", `${file}: ${got}; give more of them, another --seed or a smaller --val.`);
    }
    const { cell: arch, hidden, layers, embed, dropout, attention, inject, unit } = recipe;
    const options = { arch, hidden, layers, embed, dropout, attention, inject, unit, ...sizesOf(recipe) };
    return async () => ({ task: await ImageCaptioner.createAsync(train, options as object), train, validation, test, reading });
  },

  examples: async (task, text, file, reading) => (await imagesIn(text, file, reading, formOf(task))).images,
  searches: "texts",
  inputs: async (task, text, source, reading) => framesOf(await inputsIn(text, source, parts, "features", reading), source, formOf(task)),
  blank: "",
  show: (answer) => answer as string,
  json: (answer) => ({ answer }),
};
