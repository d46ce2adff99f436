import type { WasmVariant } from "../../src/backend/backend.js";
import { createWasmBackend, type WasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { type Device, deviceOf } from "../../src/tensor/device.js";

/** True where threads can share memory. The pages of the browser project are not cross-origin isolated; test/browser-page has one that is. */
export const canShare = globalThis.crossOriginIsolated !== false;

export interface Settings {
  readonly variant?: WasmVariant;
  /** JavaScript that the workers run at every hand-over. */
  readonly pause?: string;
  readonly memoryLimit?: number;
}

/** A backend of a number of threads, which are there, that shares out every call of more than one unit. */
export async function threaded(threads: number, { variant = "simd", pause = "", memoryLimit }: Settings = {}): Promise<WasmBackend> {
  const backend = await createWasmBackend({ variant, threads, memoryLimit, crew: { least: 0, pause } });
  return backend.ready();
}

/** The same as a device. */
export async function threadedDevice(threads: number, settings: Settings = {}): Promise<Device> {
  return deviceOf("wasm", await threaded(threads, settings));
}

/** Sleeps in one hand-over of three, 10 milliseconds or none at all, which yields. */
export const erratic = `
  globalThis.draw = ((globalThis.draw ?? 1) * 1103515245 + 12345) & 0x7fffffff;
  if (draw % 3 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, draw % 2 === 0 ? 0 : 10);
`;
