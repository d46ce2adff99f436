import type { KernelName } from "./kernels.js";

/** The kernels that the code of this program may call. Bundlers drop unused operations and what they add here. */
export const neededKernels = new Set<KernelName>();

/** Adds a kernel that no operation names, and returns its name. */
/* @__NO_SIDE_EFFECTS__ */
export function needs<K extends KernelName>(kernel: K): K {
  neededKernels.add(kernel);
  return kernel;
}
