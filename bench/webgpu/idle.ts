import type { Gpu } from "../../src/backend/webgpu/gpu.js";

const nothing = () => {};
const pass = { setPipeline: nothing, setBindGroup: nothing, dispatchWorkgroups: nothing, end: nothing };
const encoder = { beginComputePass: () => pass, copyBufferToBuffer: nothing, finish: nothing };
const made = () => ({});

const buffer = ({ size }: { size: number }) => ({
  ...{ size, destroy: nothing, mapAsync: async () => {}, unmap: nothing },
  getMappedRange: (_: number, bytes: number) => new ArrayBuffer(bytes),
});

const largest = 1 << 30;
const limits = { maxStorageBufferBindingSize: largest, maxBufferSize: largest, maxComputeWorkgroupStorageSize: 1 << 15 };

const device = () => ({
  limits: { ...limits, maxComputeInvocationsPerWorkgroup: 256 },
  lost: new Promise(nothing),
  queue: { writeBuffer: nothing, submit: nothing },
  ...{ createBuffer: buffer, createBindGroupLayout: made, createBindGroup: made, createPipelineLayout: made },
  ...{ createShaderModule: made, createComputePipeline: made, createCommandEncoder: () => encoder, destroy: nothing },
});

/** A GPU that does nothing and reads zeros, at once: what a step takes on it is the time of seqgrad's own JavaScript. */
export function idleGpu(software: boolean): Gpu {
  const info = { vendor: "none", architecture: "", description: "", isFallbackAdapter: software };
  return { requestAdapter: async () => ({ info, features: new Set(["subgroups"]), limits, requestDevice: async () => device() }) };
}
