// Exports only: the kernels that a page loads as a second module, where its code holds an operation that calls one of them.
export { swigluBackward, swigluForward } from "./elementwise/swiglu";
export { rotary } from "./attention/rotary";
export { additiveAttentionBackward, additiveAttentionForward } from "./attention/additive";
export { attentionBackward } from "./attention/scaled-dot-backward";
export { attentionForward } from "./attention/scaled-dot";
export { batchNormBackward, batchNormForward } from "./norm/batch-norm";
export { layerNormBackward, layerNormForward } from "./norm/layer-norm";
export { rmsNormBackward, rmsNormForward } from "./norm/rms-norm";
export { ctcBackward, ctcForward } from "./structured/ctc";
export { crfBackward, crfForward } from "./structured/crf";
export { gloveStep } from "./words/glove";
export { word2vecStep } from "./words/word2vec";
export { argsort } from "./indexing/sort";
export { remainder } from "./elementwise/remainder";
export { special, specialBackward } from "./elementwise/special";
