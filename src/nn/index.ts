export {
  AdditiveAttention,
  type Attended,
  type AttendOptions,
  DotAttention,
  GeneralAttention,
  type ProjectedKeys,
} from "./attention-scores.js";
export { GRUCell, LSTMCell, RNNCell } from "./cells.js";
export * as init from "./init.js";
export { Dropout, Embedding, Linear, Sequential, type UnaryModule } from "./layers.js";
export { Module, ParameterTable } from "./module.js";
export { BatchNorm, type BatchNormLayerOptions, LayerNorm, RMSNorm } from "./norm.js";
export {
  GRU,
  identityRNN,
  LSTM,
  type LSTMState,
  type RecurrentOptions,
  type RecurrentState,
  RNN,
  type SequenceOptions,
} from "./recurrent.js";
