import type { CommonKernelName } from "../../kernels.js";
import type { WgslKernel } from "../kernel.js";
import { additiveAttentionKernels } from "./additive-attention.js";
import { attentionKernels } from "./attention.js";
import { batchNormKernels } from "./batch-norm.js";
import { elementwiseKernels } from "./elementwise.js";
import { gatedKernels } from "./gated.js";
import { gemmKernels } from "./gemm.js";
import { gruKernels } from "./gru.js";
import { indexingKernels } from "./indexing.js";
import { lstmKernels } from "./lstm.js";
import { normKernels } from "./norm.js";
import { optimKernels } from "./optim.js";
import { randomKernels } from "./random.js";
import { recurrentGradientKernels } from "./recurrent-gradient.js";
import { reduceKernels } from "./reduce.js";
import { rnnKernels } from "./rnn.js";
import { rotaryKernels } from "./rotary.js";
import { softmaxKernels } from "./softmax.js";
import { sortKernels } from "./sort.js";
import { specialKernels } from "./special.js";

/** The WGSL source of every kernel that is not on WebAssembly alone. */
export const wgslKernels: Readonly<Record<CommonKernelName, WgslKernel>> = {
  ...elementwiseKernels,
  ...specialKernels,
  ...sortKernels,
  ...reduceKernels,
  ...indexingKernels,
  ...randomKernels,
  ...gemmKernels,
  ...softmaxKernels,
  ...attentionKernels,
  ...normKernels,
  ...batchNormKernels,
  ...gatedKernels,
  ...rotaryKernels,
  ...optimKernels,
  ...lstmKernels,
  ...gruKernels,
  ...rnnKernels,
  ...recurrentGradientKernels,
  ...additiveAttentionKernels,
};
