import { SeqgradError } from "../../util/errors.js";
import type { Gpu } from "./gpu.js";
import type { Capabilities } from "./kernel.js";
import type { WebGpuBackend } from "./webgpu-backend.js";

export interface WebGpuOptions {
  /** The GPU interface, `navigator.gpu` in a browser. */
  gpu: Gpu;
  /** True if an adapter in software, which is slow, will do. */
  allowSoftware: boolean;
  /** Bytes that the heap may reach. */
  memoryLimit?: number | undefined;
  /** "f16": products take their factors as 16-bit floats and sum in 32 bits; needs the feature shader-f16. */
  precision?: "f32" | "f16" | undefined;
}

/**
 * Asks for an adapter and a device. The backend and its shaders are loaded once there is an adapter.
 * @throws SeqgradError `device` that says what was missing.
 */
export async function createWebGpuBackend({ gpu, allowSoftware, memoryLimit, precision }: WebGpuOptions): Promise<WebGpuBackend> {
  const refuse = (what: string): never => {
    throw new SeqgradError("device", `webgpu: ${what}`);
  };
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!isAdapter(adapter)) return refuse("there is no adapter. Look at the graphics driver, or whether the browser blocks it.");
  const { vendor, architecture, description } = adapter.info;
  const name = [description || vendor, architecture].filter(Boolean).join(", ") || "an adapter without a name";
  const software = adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe/i.test(`${vendor} ${architecture} ${description}`);
  if (software && !allowSoftware) refuse(`the only adapter is in software: ${name}. Insist on it by init({ device: "webgpu" }).`);
  const f16 = precision === "f16";
  if (f16 && !adapter.features.has("shader-f16"))
    refuse(`precision "f16" needs the feature shader-f16, which ${name} lacks. Leave precision at "f32".`);
  const requested: GPUFeatureName[] = f16 ? ["shader-f16", "subgroups"] : ["subgroups"];
  const requiredFeatures = requested.filter((feature) => adapter.features.has(feature));
  const loading = import("./webgpu-backend.js");
  const requiredLimits = Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits }).catch((error: Error) => {
    return refuse(`${name} gives no device: ${error.message}`);
  });
  const capabilities: Capabilities = {
    subgroups: requiredFeatures.includes("subgroups"),
    f16,
    workgroupBytes: device.limits.maxComputeWorkgroupStorageSize,
    workgroupThreads: device.limits.maxComputeInvocationsPerWorkgroup,
    software,
  };
  const details = [name, ...(software ? ["in software"] : []), ...(f16 ? ["f16"] : [])].join(", ");
  const { WebGpuBackend } = await loading;
  return new WebGpuBackend(device, `WebGPU, ${details}`, capabilities, memoryLimit);
}

/** True for what can make a device. */
const isAdapter = (value: unknown): value is GPUAdapter => typeof value === "object" && value !== null && "requestDevice" in value;

/** The limits that are requested at the adapter's maximum. */
const LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;
