import { EntityTagger } from "./entity-tagger.js";
import { ImageCaptioner } from "./image-captioner.js";
import { LanguageModel } from "./language-model.js";
import { SeriesForecaster } from "./series-forecaster.js";
import { SpeechRecognizer } from "./speech-recognizer.js";
import { TextClassifier } from "./text-classifier.js";
import { Translator } from "./translator.js";

/** The kinds of task, by the command line's word for each. */
export const kinds = {
  lm: LanguageModel,
  classify: TextClassifier,
  tag: EntityTagger,
  forecast: SeriesForecaster,
  translate: Translator,
  caption: ImageCaptioner,
  recognize: SpeechRecognizer,
} as const;

export type KindName = keyof typeof kinds;
export type AnyKind = (typeof kinds)[KindName];

/** The values of `model_type` in the config.json of a kind. */
export const typesOf = (kind: AnyKind): readonly string[] => ("types" in kind ? kind.types : [kind.type]);
