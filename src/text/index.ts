export { type BpeOptions, BpeTokenizer } from "./bpe-tokenizer.js";
export { CharTokenizer } from "./char-tokenizer.js";
export type { HuggingFaceJson } from "./hugging-face.js";
export { tokenizerFromJSON } from "./load.js";
export { type EncodeOptions, type SpecialIds, sequenceTokens, type Tokenizer } from "./tokenizer.js";
export { decodeText } from "./utf8.js";
export { Vocabulary, type VocabularyOptions } from "./vocabulary.js";
export { type WordOptions, WordSplitter, WordTokenizer } from "./word-tokenizer.js";
export { type WordPieceOptions, WordPieceTokenizer, type WordPieceTraining } from "./wordpiece-tokenizer.js";
