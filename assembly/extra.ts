// Exports only: the kernels that a page loads as a second module, where its code holds an operation that calls one of them.
export { swigluBackward, swigluForward } from "./elementwise/swiglu";
export { rotary } from "./attention/rotary";
export { additiveAttentionBackward, additiveAttentionBackwardWorkspace, additiveAttentionForward } from "./attention/additive";
export { attentionBackward, attentionBackwardWorkspace } from "./attention/scaled-dot-backward";
export { attentionForward, attentionForwardWorkspace } from "./attention/scaled-dot";
export { batchNormBackward, batchNormBackwardWorkspace, batchNormForward, batchNormForwardWorkspace } from "./norm/batch-norm";
export { rnnBackward, rnnBackwardWorkspace, rnnForward, rnnForwardWorkspace } from "./recurrent/rnn";
export { layerNormBackward, layerNormForward } from "./norm/layer-norm";
export { rmsNormBackward, rmsNormForward } from "./norm/rms-norm";
export { ctcBackward, ctcBackwardWorkspace, ctcForward, ctcForwardWorkspace } from "./structured/ctc";
export { crfBackward, crfBackwardWorkspace, crfForward, crfForwardWorkspace } from "./structured/crf";
export { gloveStep } from "./words/glove";
export { word2vecStep, word2vecStepWorkspace } from "./words/word2vec";
export { argsort, argsortWorkspace } from "./indexing/sort";
export { remainder } from "./elementwise/remainder";
export { special, specialBackward } from "./elementwise/special";
export { rmsprop } from "./optim/rmsprop";
export { adagrad } from "./optim/adagrad";
