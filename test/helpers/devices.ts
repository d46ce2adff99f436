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

/** A test whose function runs, up to its first await, with this default device. */
export const on =
  (device: Device) =>
  (name: string, run: () => void | Promise<void>, timeout?: number): void =>
    test(name, () => withDevice(device, run), timeout);
