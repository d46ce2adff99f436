export { EntityTagger, type EntityTaggerOptions, type EntityTaggerReport } from "./entity-tagger.js";
export { type CaptionedImage, ImageCaptioner, type ImageCaptionerOptions } from "./image-captioner.js";
export {
  type FoundText,
  LanguageModel,
  type LanguageModelSearchOptions,
  type WriteOptions,
} from "./language-model.js";
export {
  type Forecast,
  type ForecastStep,
  SeriesForecaster,
  type SeriesForecasterOptions,
  type SeriesForecasterReport,
  type SeriesPoint,
} from "./series-forecaster.js";
export { type Recording, SpeechRecognizer, type SpeechRecognizerOptions } from "./speech-recognizer.js";
export {
  type LabeledText,
  type LabelProbabilities,
  TextClassifier,
  type TextClassifierOptions,
  type TextClassifierReport,
} from "./text-classifier.js";
export { type TextPair, Translator, type TranslatorOptions, type TranslatorTrainOptions } from "./translator.js";
