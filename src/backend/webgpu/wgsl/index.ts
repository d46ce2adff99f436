import type { WgslKernels } from "../kernel.js";
import { elementwiseKernels } from "./elementwise.js";
import { randomKernels } from "./random.js";

/** The WGSL source of every kernel. */
export const wgslKernels: WgslKernels = { ...elementwiseKernels, ...randomKernels };
