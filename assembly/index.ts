// Exports only: this file is the ABI. One export a row of src/backend/kernels.ts, under the row's name.
export { fill } from "./elementwise/fill";
export { gemm } from "./gemm/gemm";
export { gruForward } from "./recurrent/gru";
export { gruBackward } from "./recurrent/gru-backward";
export { rnnBackward, rnnForward } from "./recurrent/rnn";
