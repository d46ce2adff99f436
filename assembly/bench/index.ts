// What the bench measures beside the kernels: the limits of the machine, and the matrix product on operands that are packed already.
// `node scripts/build-kernels.mjs --bench` compiles it.
export { packB } from "../gemm/pack";
export { gemmPacked } from "../gemm/tiles";
export { expRow } from "../simd/exp";
export { registerOnly } from "./register-only";
export { streamCopy, streamSum } from "./stream";
