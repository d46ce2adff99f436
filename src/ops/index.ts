export { elu, glu, logSigmoid, mish, selu } from "./activations.js";
export { additiveAttention } from "./additive-attention.js";
export type { VisibleKeys } from "./alignment.js";
export {
  type AttentionOptions,
  attention,
  attentionWeights,
  attentionWithWeights,
  type Heads,
  type ScaledDotProductOptions,
  type ScoreOptions,
  scaledDotProductAttention,
  selfAttention,
} from "./attention.js";
export type { AxisOptions } from "./axis.js";
export { type BatchNormOptions, batchNorm, type RunningStatistics } from "./batch-norm.js";
export * from "./binary.js";
export { concat, copyOf } from "./copy.js";
export { type CrfScores, crfLoss } from "./crf.js";
export { type CrossEntropyOptions, crossEntropy, type LossOptions, type NllLossOptions, nllLoss } from "./cross-entropy.js";
export { type CtcOptions, ctcLoss } from "./ctc.js";
export { type CustomContext, type CustomInputs, type CustomOpDefinition, customOp } from "./custom-op.js";
export { type BackwardContext, contiguous, defineOp, type Inputs, type OpDefinition, type Run, type Shapes } from "./define-op.js";
export {
  type GaussianNllLossOptions,
  gaussianNllLoss,
  type KlDivLossOptions,
  klDivLoss,
  type PoissonNllLossOptions,
  poissonNllLoss,
} from "./density-losses.js";
export { bernoulli, type GumbelOptions, gumbelSoftmax, multinomial } from "./draws.js";
export { dropout } from "./dropout.js";
export { einsum } from "./einsum.js";
export { expand } from "./expand.js";
export { argmax, argmin, type IndexOptions, maxWithIndices, minWithIndices, type ValuesAndIndices } from "./extreme-index.js";
export { max, min } from "./extremum.js";
export { type BinaryFocalLossOptions, binaryFocalLossWithLogits, type FocalLossOptions, focalLoss } from "./focal-loss.js";
export { embedding, gather, indexSelect, oneHot } from "./gather.js";
export { type GruOptions, gru } from "./gru.js";
export { layerNorm } from "./layer-norm.js";
export { linear } from "./linear.js";
export { logSumExp } from "./log-sum-exp.js";
export { all, any, isFinite, isNaN, logicalAnd, logicalNot, logicalOr, logicalXor } from "./logical.js";
export { binaryCrossEntropyWithLogits, huberLoss, l1Loss, mseLoss, smoothL1Loss } from "./losses.js";
export { type LstmOptions, lstm } from "./lstm.js";
export { maskedFill, maskedSelect } from "./masked.js";
export type { Masks } from "./masks.js";
export { matmul } from "./matmul.js";
export { type PadOptions, pad } from "./pad.js";
export { chunk, unbind } from "./pieces.js";
export { mean, type ReduceOptions, sum } from "./reduce.js";
export { remainder } from "./remainder.js";
export { repeat, repeatInterleave } from "./repeat.js";
export { rmsNorm } from "./rms-norm.js";
export { type Nonlinearity, type RnnOptions, rnn } from "./rnn.js";
export { roll } from "./roll.js";
export { type RotaryOptions, rotary } from "./rotary.js";
export { cumprod, cumsum, prod } from "./scan.js";
export { indexAdd, scatter, scatterAdd } from "./scatter.js";
export { cosineSimilarity, type SimilarityOptions } from "./similarity.js";
export { logSoftmax, softmax } from "./softmax.js";
export { argsort, type MedianOptions, median, type SortOptions, sort, type TopKOptions, topk } from "./sort.js";
export { ceil, erf, expm1, log1p, round, rsqrt, trunc } from "./special.js";
export { swiglu } from "./swiglu.js";
export { toFloat, toInt } from "./to-int.js";
export { type TriangleOptions, tril, triu } from "./triangle.js";
export {
  abs,
  affine,
  clamp,
  cos,
  exp,
  floor,
  gelu,
  leakyRelu,
  log,
  neg,
  reciprocal,
  relu,
  sigmoid,
  sign,
  silu,
  sin,
  softplus,
  sqrt,
  square,
  tanh,
} from "./unary.js";
export { norm, std, type VarianceOptions, variance } from "./variance.js";
export { flatten, flip, permute, reshape, type SliceOptions, select, slice, split, squeeze, stack, transpose, unsqueeze } from "./views.js";
export { where } from "./where.js";
