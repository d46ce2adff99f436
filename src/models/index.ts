export { type Arch, archs, type RecurrentArch, recurrentArchs } from "./archs.js";
export { Captioner, type CaptionerConfig } from "./captioner.js";
export { type ForecastBatch, Forecaster, type ForecasterConfig } from "./forecaster.js";
export { LogisticRegression, type LogisticRegressionOptions } from "./logistic-regression.js";
export { MaskedLM, type MaskedLMCall, type MaskedLMConfig } from "./masked-lm.js";
export { Recognizer, type RecognizerBatch, type RecognizerConfig } from "./recognizer.js";
export {
  type AttentionKind,
  attentionKinds,
  type DecodedSteps,
  type EncodedSource,
  type RecurrentDecoder,
  type RecurrentDecoderConfig,
  RecurrentDecoding,
  type Seq2SeqState,
} from "./recurrent-decoder.js";
export { RecurrentLM, type RecurrentLMConfig } from "./recurrent-lm.js";
export { RecurrentSeq2Seq, type RecurrentSeq2SeqConfig } from "./recurrent-seq2seq.js";
export type { Seq2SeqBatch } from "./seq2seq-batch.js";
export { type ClassifierBatch, SequenceClassifier, type SequenceClassifierConfig } from "./sequence-classifier.js";
export { SequenceEncoder, type SequenceEncoderConfig } from "./sequence-encoder.js";
export { SequenceTagger, type SequenceTaggerConfig, type TaggerBatch, type TaggerInput } from "./sequence-tagger.js";
export { TransformerLM, type TransformerLMConfig } from "./transformer-lm.js";
export { TransformerDecoding, TransformerSeq2Seq, type TransformerSeq2SeqConfig } from "./transformer-seq2seq.js";
