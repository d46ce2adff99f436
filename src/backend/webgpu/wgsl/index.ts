import type { WgslKernels } from "../kernel.js";
import { elementwiseKernels } from "./elementwise.js";

/** The WGSL source of every kernel. */
export const wgslKernels: WgslKernels = { ...elementwiseKernels };
