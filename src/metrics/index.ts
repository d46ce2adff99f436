export {
  type BleuBucket,
  type BleuOptions,
  type BleuScore,
  bleu,
  bleuByLength,
  type References,
  sentenceBleu,
} from "./bleu.js";
export type { BleuTokenizer } from "./bleu-words.js";
export { type ChrfOptions, chrf } from "./chrf.js";
export {
  accuracy,
  type ClassificationReport,
  type ConfusionMatrix,
  classificationReport,
  confusionMatrix,
  type Score,
} from "./classification.js";
export { editDistance, symbolErrorRate, type WordErrorRate, wordErrorRate } from "./edit.js";
export { type EntityReport, type EntitySpan, entityF1, entitySpans } from "./entities.js";
export { bitsPerCharacter, perplexity } from "./language.js";
export { mase, meanAbsoluteError, rootMeanSquareError, smape } from "./regression.js";
export { type RougeScore, rouge } from "./rouge.js";
export { tokenize13a } from "./tokenize-13a.js";
