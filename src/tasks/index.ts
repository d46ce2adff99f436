export type { RunOptions, TrainOptions } from "./base-task.js";
export { EntityTagger, type EntityTaggerOptions, type EntityTaggerReport } from "./entity-tagger.js";
export { type CaptionedImage, ImageCaptioner, type ImageCaptionerOptions } from "./image-captioner.js";
export { LanguageModel, type LanguageModelMeasures, type LanguageModelOptions, type LanguageModelTrainOptions } from "./language-model.js";
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
export { type TextPair, Translator, type TranslatorOptions } from "./translator.js";
