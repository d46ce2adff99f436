export {
  ELU,
  GELU,
  GLU,
  LeakyReLU,
  LogSigmoid,
  LogSoftmax,
  Mish,
  ReLU,
  SELU,
  Sigmoid,
  SiLU,
  Softmax,
  Softplus,
  Tanh,
} from "./activation-layers.js";
export {
  AdditiveAttention,
  type Attended,
  type AttendOptions,
  DotAttention,
  GeneralAttention,
  type ProjectedKeys,
} from "./attention-scores.js";
export type { Capture, CaptureOptions } from "./capture.js";
export type { CapturedValue, CaptureFunction } from "./captured-step.js";
export { GRUCell, LSTMCell, RNNCell } from "./cells.js";
export { CRF } from "./crf.js";
export { EmbeddingBag } from "./embedding-bag.js";
export { FeedForward, type FeedForwardActivation, type FeedForwardOptions } from "./feed-forward.js";
export { GroupNorm } from "./group-norm.js";
export * as init from "./init.js";
export { type KeysAndValues, KeyValueCache, type KeyValueCacheOptions, type LayerCache } from "./key-value-cache.js";
export { Dropout, Embedding, Linear, Sequential, type UnaryModule } from "./layers.js";
export { Module, ParameterTable } from "./module.js";
export { ModuleDict } from "./module-dict.js";
export {
  MultiheadAttention,
  type MultiheadAttentionCall,
  type MultiheadAttentionOptions,
  type Visibility,
} from "./multihead-attention.js";
export { BatchNorm, type BatchNormLayerOptions, LayerNorm, RMSNorm } from "./norm.js";
export { Pooling, type PoolingKind } from "./pooling.js";
export { LearnedPositionalEmbedding, SinusoidalPositionalEncoding } from "./positions.js";
export {
  GRU,
  identityRNN,
  LSTM,
  type LSTMState,
  type RecurrentLayer,
  type RecurrentOptions,
  type RecurrentState,
  RNN,
  type SequenceOptions,
} from "./recurrent.js";
export {
  type StackCall,
  Transformer,
  type TransformerCall,
  TransformerDecoder,
  TransformerEncoder,
  type TransformerOptions,
  type TransformerStackOptions,
} from "./transformer.js";
export {
  type DecoderLayerCall,
  type LayerCall,
  type NormKind,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from "./transformer-layers.js";
