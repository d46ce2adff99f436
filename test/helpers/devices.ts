import { afterAll, beforeAll, describe, inject, test } from "vitest";
import type { WasmVariant } from "../../src/backend/backend.js";
import { detectVariant } from "../../src/backend/wasm/modules.js";
import { createWasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import type { Capabilities } from "../../src/backend/webgpu/kernel.js";
import { createDevice, type Device, type DeviceType, deviceOf, withDevice } from "../../src/tensor/device.js";
import { dropDefault, initAnew } from "./default-device.js";
import { full } from "./full.js";
import { threadedDevice } from "./threads.js";

/** The two WebAssembly variants. */
export const variants = ["simd", "relaxed"] as const;
/** Every device whose data can be read at once. */
export const immediate = ["reference", ...variants] as const;
export const everywhere = [...immediate, "webgpu"] as const;

/** Forms of the WebGPU kernels that are for other devices than the one at hand: hardware's in software, say. */
const forms = {
  webgpu: {},
  "webgpu as in hardware": { software: false },
  "webgpu without subgroups": { software: false, subgroups: false },
  "webgpu with f16": { software: false },
} satisfies Record<string, Partial<Capabilities>>;

export type DeviceKind = (typeof immediate)[number] | "wide" | keyof typeof forms;

/** Where PyTorch's fixtures run: conformance holds the other devices to these two. "full": in the full suite alone. */
export const fixtureDevices = ["reference", "simd", "full relaxed", "full webgpu"] as const;

/** The devices for kernels without a product: their relaxed variant differs in roundings alone, and conformance holds it. */
export const kernelDevices = ["simd", "full relaxed"] as const;

/** The devices of this run: see vitest.config.ts. */
const chosen = inject("kernels");

/** Runs a suite once for each kind of device; skips it, and says why, where one is not there. On a GPU tests must not ask for data at once. */
export async function forEachDevice(
  kinds: readonly (DeviceKind | `full ${DeviceKind}`)[],
  name: string,
  suite: (device: Device) => void | Promise<void>,
): Promise<void> {
  for (const listed of kinds) {
    const inFull = listed.startsWith("full ") && chosen === "all";
    if (inFull && inject("part") === "quick") continue;
    if (chosen !== "all" && !listed.endsWith(chosen === "wide" ? "relaxed" : "simd")) continue;
    const kind = listed.replace("full ", "") as DeviceKind;
    const [device, reason] = await openDevice(kind).then(
      (found) => [found, ""] as const,
      (error: Error) => [undefined, error.message] as const,
    );
    const register = () => {
      if (device) describe(`${name} (${kind})`, () => suite(device));
      else describe.skip(`${name} (${kind}: ${reason})`, () => suite({} as Device));
    };
    if (inFull) full(register);
    else register();
  }
}

/** A device of a kind: a GPU of which this worker has one for each form, else a new device. Rejects with the reason where there is none. */
export async function openDevice(kind: DeviceKind): Promise<Device> {
  if (kind === "reference") return createDevice({ device: "reference" });
  if (kind !== "simd" && kind !== "relaxed" && kind !== "wide") return gpuDevice(kind);
  if (kind !== "simd" && (await detectVariant()) !== "relaxed") throw new Error("this runtime has no relaxed SIMD");
  return wasmDevice(kind);
}

/** A device on one WebAssembly variant, or on that which this run has in its place. */
export async function wasmDevice(variant: WasmVariant, memoryLimit?: number): Promise<Device> {
  if (chosen === "threads") return threadedDevice(2, { variant, ...(memoryLimit !== undefined && { memoryLimit }) });
  return deviceOf("wasm", await createWasmBackend({ variant: chosen === "wide" && variant === "relaxed" ? "wide" : variant, memoryLimit }));
}

const gpus = new Map<string, Promise<Device>>();

/** A WebGPU device, in software where there is no better; in Node over Dawn. */
function gpuDevice(kind: keyof typeof forms): Promise<Device> {
  const open = async () => {
    const gpu = "document" in globalThis ? undefined : await (await import("./dawn.js")).dawn();
    const precision = kind === "webgpu with f16" ? "f16" : "f32";
    const device = await createDevice({ device: "webgpu", precision, ...(gpu && { gpu }) });
    const { capabilities } = device.backend as unknown as { capabilities: Capabilities };
    Object.assign(capabilities, forms[kind]);
    return device;
  };
  const device = gpus.get(kind) ?? open();
  gpus.set(kind, device);
  return device;
}

/** Makes a device of this kind the default of the tests of this describe(), for those that await. */
export function asDefault({ type, variant }: { readonly type: DeviceType; readonly variant: WasmVariant | undefined }): void {
  beforeAll(async () => {
    await initAnew({ device: type, deterministic: variant === "simd" });
  });
  afterAll(dropDefault);
}

/** Starts a function with this default device, which it has up to its first await. */
export const startOn = <T>(device: Device, run: () => T): T => withDevice(device, () => [run()] as const)[0];

/** A test whose function runs, up to its first await, with this default device. */
export const on =
  (device: Device) =>
  (name: string, run: () => void | Promise<void>, timeout?: number): void =>
    test(name, () => startOn(device, run), timeout);
