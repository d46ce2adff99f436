import { existsSync } from "node:fs";
import { describe, expect } from "vitest";
import type { Backend, TensorData } from "../../src/backend/backend.js";
import type { KernelCall, KernelName, KernelRow } from "../../src/backend/kernels.js";
import { kernels } from "../../src/backend/kernels.js";
import { createWasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { createWebGpuBackend, type WebGpuBackend } from "../../src/backend/webgpu/webgpu-backend.js";

// Chromium brings SwiftShader, a Vulkan driver in software, and a loader of Vulkan for systems without one.
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";
const LOADER = "/usr/lib/chromium/libvulkan.so.1";
/** The system's RTLD_NOW | RTLD_NODELETE. */
const STAY = 0x1002;

let backend: Promise<WebGpuBackend> | undefined;

/** The WebGPU backend of this test file, over Dawn; rejects where the package `webgpu` or an adapter is missing. */
export function webGpuBackend(): Promise<WebGpuBackend> {
  backend ??= open();
  return backend;
}

/** Makes Chromium's driver known where the environment names none; Dawn finds the loader by its name once it is in the process. */
function provideDriver(): void {
  if (process.env.VK_DRIVER_FILES || !existsSync(SWIFTSHADER) || !existsSync(LOADER)) return;
  process.env.VK_DRIVER_FILES = SWIFTSHADER;
  try {
    process.dlopen({ exports: {} }, LOADER, STAY);
  } catch {
    // Always: it is no module of Node. It stays loaded all the same.
  }
}

async function open(): Promise<WebGpuBackend> {
  provideDriver();
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const gpu = create([]);
  // Dawn's instance must outlive its devices.
  Object.assign(globalThis, { keepGpu: gpu });
  return createWebGpuBackend({ gpu, allowSoftware: true });
}

/** Runs a suite on WebGPU beside the WebAssembly baseline; skips it, and says why, where there is no WebGPU. */
export async function describeWebGpu(name: string, suite: (gpu: WebGpuBackend, wasm: Backend) => void): Promise<void> {
  const [gpu, reason] = await webGpuBackend().then(
    (found) => [found, ""] as const,
    (error: Error) => [undefined, error.message] as const,
  );
  if (gpu) {
    const wasm = await createWasmBackend({ variant: "simd" });
    describe(`${name} (${gpu.info})`, () => suite(gpu, wasm));
  } else {
    describe.skip(`${name} (no WebGPU: ${reason})`, () => suite(undefined as never, undefined as never));
  }
}

/** A call with data in place of addresses: writes with what they hold before. One array given twice is one buffer. */
export type DataCall<K extends KernelName> = {
  readonly [name in keyof KernelCall<K>]: KernelCall<K>[name] extends number | undefined ? number | TensorData : number;
};

const GUARD = 16;
const SENTINEL = -7654321.5;

/** Runs a call and gives what its writes hold after it; fails where anything around a buffer was overwritten. */
export async function replay<K extends KernelName>(on: Backend, kernel: K, call: DataCall<K>): Promise<Record<string, TensorData>> {
  const row: KernelRow = kernels[kernel];
  const given = call as Readonly<Record<string, number | TensorData | undefined>>;
  const blocks = new Map<TensorData, number>();
  const args: Record<string, number> = {};
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "number") args[name] = value;
    else if (value !== undefined) {
      if (!blocks.has(value)) blocks.set(value, write(on, value));
      args[name] = blocks.get(value)! + GUARD * 4;
    }
  }
  on.dispatch(kernel, args as KernelCall<K>);
  const results: Record<string, TensorData> = {};
  for (const name of row.writes) {
    const before = given[name];
    if (typeof before !== "object") continue;
    results[name] = await on.read(args[name]!, before.length, before instanceof Int32Array ? "int32" : "float32");
  }
  for (const [{ length }, block] of blocks) {
    for (const guard of [block, block + (GUARD + length) * 4]) {
      const words = await on.read(guard, GUARD, "float32");
      expect(
        words.every((word) => word === SENTINEL),
        `${kernel} writes out of bounds`,
      ).toBe(true);
    }
    on.free(block);
  }
  return results;
}

/** Where the data lies between two guards; returns the address of the first. */
function write(on: Backend, data: TensorData): number {
  const guard = new Float32Array(GUARD).fill(SENTINEL);
  const block = on.alloc((data.length + 2 * GUARD) * 4);
  on.write(block, guard);
  on.write(block + GUARD * 4, data);
  on.write(block + (GUARD + data.length) * 4, guard);
  return block;
}
