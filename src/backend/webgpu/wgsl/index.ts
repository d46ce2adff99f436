import type { WgslKernels } from "../kernel.js";
import { elementwiseKernels } from "./elementwise.js";
import { gemmKernels } from "./gemm.js";
import { gruKernels } from "./gru.js";
import { indexingKernels } from "./indexing.js";
import { lstmKernels } from "./lstm.js";
import { randomKernels } from "./random.js";
import { recurrentGradientKernels } from "./recurrent-gradient.js";
import { reduceKernels } from "./reduce.js";
import { rnnKernels } from "./rnn.js";

/** The WGSL source of every kernel. */
export const wgslKernels: WgslKernels = {
  ...elementwiseKernels,
  ...reduceKernels,
  ...indexingKernels,
  ...randomKernels,
  ...gemmKernels,
  ...lstmKernels,
  ...gruKernels,
  ...rnnKernels,
  ...recurrentGradientKernels,
};
