import { describe, test } from "vitest";
import { createWasmBackend, detectVariant, type WasmVariant } from "../../src/backend/wasm/wasm-backend.js";
import { createDevice, type Device, deviceOf, withDevice } from "../../src/tensor/device.js";

/** A device on one WebAssembly variant. */
export async function wasmDevice(variant: WasmVariant, memoryLimit?: number): Promise<Device> {
  const backend = await createWasmBackend({ variant, memoryLimit });
  return deviceOf("wasm", backend, variant);
}

/** Runs a suite once for each WebAssembly variant; skips `relaxed`, and says why, where the runtime lacks it. */
export async function describeWasm(name: string, suite: (device: Device) => void): Promise<void> {
  const best = await detectVariant();
  for (const variant of ["simd", "relaxed"] satisfies WasmVariant[]) {
    if (variant === "relaxed" && best !== "relaxed") {
      describe.skip(`${name} (relaxed: this runtime has no relaxed SIMD)`, () => suite(undefined as never));
    } else {
      const device = await wasmDevice(variant);
      describe(`${name} (${variant})`, () => suite(device));
    }
  }
}

/** Runs a suite on the reference device and once for each WebAssembly variant. */
export async function describeDevices(name: string, suite: (device: Device) => void): Promise<void> {
  const reference = await createDevice({ device: "reference" });
  describe(`${name} (reference)`, () => suite(reference));
  await describeWasm(name, suite);
}

let gpuDevice: Promise<Device> | undefined;

/** The WebGPU device of this test file, in software where there is no better; rejects with the reason where there is none. */
export function webGpuDevice(): Promise<Device> {
  const inPage = "document" in globalThis;
  gpuDevice ??= (async () => createDevice({ device: "webgpu", ...(!inPage && { gpu: await (await import("./dawn.js")).dawn() }) }))();
  return gpuDevice;
}

/** Runs a suite on WebGPU; skips it, and says why, where there is none. */
export async function describeGpu(name: string, suite: (device: Device) => void): Promise<void> {
  const [device, reason] = await webGpuDevice().then(
    (found) => [found, ""] as const,
    (error: Error) => [undefined, error.message] as const,
  );
  if (device) describe(`${name} (webgpu)`, () => suite(device));
  else describe.skip(`${name} (webgpu: ${reason})`, () => suite(undefined as never));
}

/** Runs a suite on every device: reference, WebAssembly and WebGPU. Its tests must not ask for data at once. */
export async function describeEverywhere(name: string, suite: (device: Device) => void): Promise<void> {
  await describeDevices(name, suite);
  await describeGpu(name, suite);
}

/** A test whose function runs, up to its first await, with this default device. */
export const on =
  (device: Device) =>
  (name: string, run: () => void | Promise<void>, timeout?: number): void =>
    test(name, () => withDevice(device, run), timeout);
