import { describe, expect } from "vitest";
import type { Backend, TensorData } from "../../src/backend/backend.js";
import type { KernelCall, KernelName, KernelRow } from "../../src/backend/kernels.js";
import { kernels } from "../../src/backend/kernels.js";
import { createWasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import type { Capabilities } from "../../src/backend/webgpu/kernel.js";
import { createWebGpuBackend, type WebGpuBackend } from "../../src/backend/webgpu/webgpu-backend.js";
import { dawn } from "../helpers/dawn.js";

/** How a suite wants its backend. */
export interface Form {
  /** Forms of kernels that are for other devices than this one: those of hardware in software, say. */
  readonly as?: Partial<Capabilities>;
  readonly precision?: "f32" | "f16";
}

const inHardware: Form = { as: { software: false } };
export const forms = {
  inHardware,
  withoutSubgroups: { as: { software: false, subgroups: false } },
  f16: { ...inHardware, precision: "f16" },
} satisfies Record<string, Form>;

const backends = new Map<string, Promise<WebGpuBackend>>();

/** The WebGPU backend of this test file, over Dawn; rejects where the package `webgpu`, an adapter or a feature is missing. */
function webGpuBackend({ as, precision }: Form): Promise<WebGpuBackend> {
  const open = async () => {
    const made = await createWebGpuBackend({ gpu: await dawn(), allowSoftware: true, precision });
    Object.assign(made.capabilities, as);
    return made;
  };
  const key = JSON.stringify({ as, precision });
  const backend = backends.get(key) ?? open();
  backends.set(key, backend);
  return backend;
}

/** Runs a suite on WebGPU beside the WebAssembly baseline; skips it, and says why, where there is no WebGPU. */
export async function describeWebGpu(name: string, suite: (gpu: WebGpuBackend, wasm: Backend) => void, form: Form = {}): Promise<void> {
  const [gpu, reason] = await webGpuBackend(form).then(
    (found) => [found, ""] as const,
    (error: Error) => [undefined, error.message] as const,
  );
  if (gpu) {
    const wasm = await createWasmBackend({ variant: "simd" });
    describe(`${name} (${[gpu.info, ...Object.entries(form.as ?? {}).map(([key, value]) => `${key}: ${value}`)].join(", ")})`, () =>
      suite(gpu, wasm));
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
