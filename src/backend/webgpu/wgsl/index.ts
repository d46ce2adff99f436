import type { WgslKernels } from "../kernel.js";

/** The WGSL source of every kernel. */
export const wgslKernels: WgslKernels = {};
