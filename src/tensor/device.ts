import type { Backend } from "../backend/backend.js";
import { createWasmBackend, detectVariant, type WasmSource, type WasmVariant } from "../backend/wasm/wasm-backend.js";
import { SeqgradError } from "../util/errors.js";
import { account, type StorageKind } from "./storage.js";

export type DeviceType = "wasm" | "reference";

export interface InitOptions {
  /** `auto` takes the fastest that is there; `reference` is slow float64, for checking. Default `auto`. */
  device?: "auto" | DeviceType;
  /** Use only instructions that give the same bits on every machine. */
  deterministic?: boolean;
  /** The kernels from elsewhere than the package's own chunk, for a strict Content Security Policy or a cache. */
  wasm?: WasmSource;
  /** Bytes that the device's memory may reach. */
  memoryLimit?: number;
}

/** Where tensors live and kernels run. */
export interface Device {
  readonly type: DeviceType;
  /** The WebAssembly variant in use. */
  readonly variant: WasmVariant | undefined;
  /** One line for a user. */
  readonly info: string;
  readonly backend: Backend;
}

let current: Device | undefined;

/**
 * Makes a device ready and the default for tensors made from now on. Tensors of an earlier device stay there.
 *
 * @throws SeqgradError `device` when it is not there, `value` for an unknown option.
 * @example
 * const device = await sg.init();
 * console.log(device.info); // "WebAssembly, relaxed SIMD, one thread"
 */
export async function init(options: InitOptions = {}): Promise<Device> {
  current = await createDevice(options);
  return current;
}

/**
 * Makes a device without making it the default.
 * @throws SeqgradError `device` when it is not there
 * @example
 * const exact = await sg.createDevice({ device: "reference" });
 * const x = sg.zeros([3], { device: exact }); // in float64
 */
export async function createDevice(options: InitOptions = {}): Promise<Device> {
  const type = options.device ?? "auto";
  if (type === "reference") {
    const { ReferenceBackend } = await import("../backend/reference/reference-backend.js");
    const backend = new ReferenceBackend(options.memoryLimit);
    return { type, variant: undefined, info: backend.info, backend };
  }
  if (type !== "auto" && type !== "wasm") {
    throw new SeqgradError("device", `init: there is no device "${String(type)}". Use "auto", "wasm" or "reference".`);
  }
  const variant = options.deterministic ? "simd" : await detectVariant();
  const backend = await createWasmBackend({ variant, source: options.wasm, memoryLimit: options.memoryLimit });
  return { type: "wasm", variant, info: backend.info, backend };
}

/**
 * The default device.
 * @throws SeqgradError `state` before init().
 * @example
 * console.log(sg.defaultDevice().info);
 */
export function defaultDevice(): Device {
  if (!current) throw new SeqgradError("state", "there is no device yet: call `await init()` once before making tensors.");
  return current;
}

/**
 * Runs `fn` with another default device, then restores the one before. `fn` is synchronous.
 * @example
 * const exact = await sg.createDevice({ device: "reference" });
 * const y = sg.withDevice(exact, () => sg.exp(sg.ones([3])));
 */
export function withDevice<T>(device: Device, fn: () => T): T {
  const before = current;
  current = device;
  try {
    return fn();
  } finally {
    current = before;
  }
}

export interface MemoryReport {
  /** Bytes alive in tensors, by what they are for. */
  readonly bytes: Readonly<Record<StorageKind, number>>;
  /** Tensor storages alive. */
  readonly tensors: number;
  /** Bytes the device has handed out, scratch memory included, and the most it ever had. */
  readonly inUse: number;
  readonly peak: number;
  readonly reserved: number;
  readonly limit: number;
}

/**
 * What is alive on a device: bytes and tensors. Ten thousand training steps leave it flat.
 * @throws SeqgradError `state` before init()
 * @example
 * const { bytes, tensors } = sg.memory();
 * console.log(bytes.parameter, bytes.optimizer, tensors);
 */
export function memory(device: Device = defaultDevice()): MemoryReport {
  return { ...account(device.backend), ...device.backend.memory() };
}
