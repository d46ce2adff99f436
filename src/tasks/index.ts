export type { Checkpoint, RunOptions, TrainOptions } from "./base-task.js";
export { EntityTagger, type EntityTaggerOptions, type EntityTaggerReport } from "./entity-tagger.js";
export { type CaptionedImage, ImageCaptioner, type ImageCaptionerOptions } from "./image-captioner.js";
export type { LanguageModelMeasures } from "./language-measures.js";
export {
  type FoundText,
  LanguageModel,
  type LanguageModelSearchOptions,
  type WriteOptions,
} from "./language-model.js";
export type { LanguageModelOptions, LanguageModelTrainOptions } from "./language-model-options.js";
export { load } from "./load.js";
export {
  type Forecast,
  type ForecastStep,
  SeriesForecaster,
  type SeriesForecasterOptions,
  type SeriesForecasterReport,
  type SeriesPoint,
} from "./series-forecaster.js";
export { type Recording, SpeechRecognizer, type SpeechRecognizerOptions } from "./speech-recognizer.js";
export type { BatchOptions, SearchOptions, Task } from "./task.js";
export {
  type LabeledText,
  type LabelProbabilities,
  TextClassifier,
  type TextClassifierOptions,
  type TextClassifierReport,
} from "./text-classifier.js";
export type { TextWriter, TextWriterReport } from "./text-writer.js";
export { type TextPair, Translator, type TranslatorOptions, type TranslatorTrainOptions } from "./translator.js";
