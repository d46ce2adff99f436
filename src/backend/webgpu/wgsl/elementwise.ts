import type { WgslKernels } from "../kernel.js";
import { lineKernel } from "../kernel.js";
export const elementwiseKernels: WgslKernels = {
  fill: lineKernel(
    (c) => c.n!,
    `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = line(id, groups);
  if (i < u32(c.n)) { heap[c.y + i] = c.value; }
}`,
  ),
};
