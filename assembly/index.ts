// Exports only: this file is the ABI. One export a row of src/backend/kernels.ts, under the row's name.
export { fill } from "./elementwise/fill";
export { gemm } from "./gemm/gemm";
export { recurrentGradient } from "./recurrent/gradient";
export { gruForward } from "./recurrent/gru";
export { gruBackward } from "./recurrent/gru-backward";
export { lstmForward } from "./recurrent/lstm";
export { lstmBackward } from "./recurrent/lstm-backward";
export { rnnBackward, rnnForward } from "./recurrent/rnn";
