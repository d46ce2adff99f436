import type { Backend, WasmVariant } from "../backend/backend.js";
import { neededKernels } from "../backend/needed.js";
import { detectVariant, fusing, unpacked, type WasmSource } from "../backend/wasm/modules.js";
import { createWasmBackend } from "../backend/wasm/wasm-backend.js";
import type { Gpu } from "../backend/webgpu/gpu.js";
import { checkBoolean, checkChoice, checkFunction, checkInterval, shown } from "../util/check.js";
import { messageOf, SeqgradError } from "../util/errors.js";
import { checkOptions, namesOf } from "../util/options.js";
import { refusePromise } from "../util/promise.js";
import { account, forget, type StorageKind } from "./storage.js";

export type DeviceType = "wasm" | "webgpu" | "reference";

export interface InitOptions {
  /**
   * `webgpu` insists on a GPU; `auto` takes it where there is one that is not software, else `wasm`; `reference` is slow float64, for
   * checking. Default `auto`.
   */
  device?: "auto" | DeviceType;
  /** The GPU interface. Default: `navigator.gpu`. Node has none; the package `webgpu` makes one. */
  gpu?: Gpu;
  /** `f16`: on WebGPU, matrix products take their factors as 16-bit floats and sum in 32 bits. Default `f32`. */
  precision?: "f32" | "f16";
  /** Use only instructions that give the same bits on every machine: no GPU, no relaxed SIMD. */
  deterministic?: boolean;
  /** The kernels from elsewhere than the package's own chunk, for a strict Content Security Policy or a cache; they decide the variant. */
  wasm?: WasmSource;
  /**
   * Kernels for processors of 256 bits, with the bits of the others. Default: taken where the runtime fuses pairs of 128-bit operations by
   * itself. `true`: in Node 24 or newer on x86-64, sets V8's flag for that, which holds for the whole process. `false`: never.
   */
  wide?: boolean;
  /** The most bytes of the device's memory. Default: the device's own limit. */
  memoryLimit?: number;
  /**
   * Threads that share the long calls of WebAssembly, from 1 to 64; `auto`: as many as there are cores, 8 at most. A page has more than one
   * where it is cross-origin isolated. Results do not depend on it. Default `auto`.
   */
  threads?: "auto" | number;
}

/** A place where tensors live and kernels run. */
export interface Device {
  readonly type: DeviceType;
  /** The WebAssembly variant in use. */
  readonly variant: WasmVariant | undefined;
  /** One line for a user: what it is, and why no other was taken. */
  readonly info: string;
  /** Threads that share its long calls, the caller's included. */
  readonly threads: number;
  readonly backend: Backend;
  /** Frees all that lives on it: what is done with its tensors afterwards is an error, `device`. */
  destroy(): void;
}

let current: Device | undefined;
/** The call of init() that has not made its device yet. */
let opening: { readonly options: InitOptions; readonly device: Promise<Device> } | undefined;

/**
 * Prepares a device and makes it the default for new tensors.
 *
 * Call it once, at the start of a program, after the code that uses seqgrad is loaded. A second call with the same options returns the same
 * device.
 *
 * @param options see InitOptions
 * @returns the device
 * @throws SeqgradError `device` if the device is not available, `value` for an unknown option, `state` if there is a default device that
 *   was made with other options
 * @example
 * const device = await sg.init();
 * console.log(device.info); // "WebAssembly, relaxed SIMD, one thread; no GPU: there is no navigator.gpu"
 * (await sg.init()) === device; // = true
 */
export async function init(options: InitOptions = {}): Promise<Device> {
  checkOptions("init", options, names, 'write init({ device: "wasm" }).');
  const earlier = current ? origins.get(current.backend) : opening?.options;
  if (earlier) checkSame(options, earlier);
  const already = current ?? opening?.device;
  if (earlier && already) return already;
  const device = createDevice(options);
  opening = { options, device };
  try {
    return makeDefault(await device);
  } finally {
    opening = undefined;
  }
}

/** Makes a device the default instead of another, which stays alive. */
export function makeDefault(device: Device): Device {
  current = device;
  return device;
}

const defaults: Readonly<Record<string, unknown>> = { device: "auto", deterministic: false, precision: "f32", threads: "auto" };

/** Throws where init() gets other options than the default device was made with. */
function checkSame({ wasm, ...options }: InitOptions, earlier: InitOptions): void {
  const now: Readonly<Record<string, unknown>> = { ...options, ...wasm };
  const before: Readonly<Record<string, unknown>> = { ...earlier, ...earlier.wasm, wasm: undefined };
  for (const name of Object.keys({ ...now, ...before })) {
    const [got, was] = [now[name] ?? defaults[name], before[name] ?? defaults[name]];
    if (got !== was)
      throw new SeqgradError(
        "state",
        `init: ${name} is ${shown(got)}, and the default device was made with ${shown(was)}. createDevice() makes a second device; destroy() frees the default one.`,
      );
  }
}

/**
 * Makes a device without making it the default.
 *
 * @param options see InitOptions
 * @returns the device
 * @throws SeqgradError `device` if it is not available, `value` for an unknown option
 * @example
 * const exact = await sg.createDevice({ device: "reference" });
 * const x = sg.zeros([3], { device: exact }); // in float64
 */
export async function createDevice(options: InitOptions = {}): Promise<Device> {
  checkOptions("createDevice", options, names, 'write createDevice({ device: "wasm" }).');
  const device = await open(options);
  origins.set(device.backend, options);
  return device;
}

/** How the devices were made. */
const origins = new WeakMap<Backend, InitOptions>();

/** Replaces a lost device with a new one of the same (or given) type, falling back to WebAssembly. It becomes the default if the lost one was. */
export async function replaceDevice(gone: Backend, type?: DeviceType): Promise<Device> {
  const options = { ...origins.get(gone), ...(type && { device: type }) };
  destroyBackend(gone);
  const device = await createDevice(options).catch(() => createDevice({ ...options, device: "wasm" }));
  if (current?.backend === gone) current = device;
  return device;
}

async function open(options: InitOptions): Promise<Device> {
  const { device: type = "auto", deterministic = false, precision = "f32" } = options;
  if (!choices.includes(type))
    throw new SeqgradError("device", `init: there is no device ${shown(type)}. Use ${choices.map(shown).join(", ")}.`);
  checkChoice("init", "precision", precision, ["f32", "f16"]);
  checkBoolean("init", "deterministic", deterministic);
  if (options.wide !== undefined) checkBoolean("init", "wide", options.wide);
  const { threads = "auto" } = options;
  if (threads !== "auto" && !(Number.isInteger(threads) && threads >= 1 && threads <= 64))
    throw new SeqgradError("value", `init: threads is ${shown(threads)}; give "auto" or a whole number from 1 to 64.`);
  if (options.memoryLimit !== undefined) checkInterval("init", "memoryLimit", options.memoryLimit, 0);
  if (type === "reference") {
    const { ReferenceBackend } = await import("../backend/reference/reference-backend.js");
    return deviceOf(type, new ReferenceBackend(options.memoryLimit));
  }
  if (type === "webgpu") {
    if (deterministic) throw new SeqgradError("value", 'init: a GPU is not deterministic between machines; use "wasm", or leave it out.');
    return openGpu(options, true);
  }
  let reason = "";
  if (type === "auto" && deterministic) reason = "; no GPU, which would not be deterministic";
  else if (type === "auto") {
    try {
      return await openGpu(options, false);
    } catch (error) {
      reason = `; no GPU: ${messageOf(error).replace(/^webgpu: |\.( .*)?$/gs, "")}`;
    }
  }
  return openWasm(options, reason);
}

async function openWasm(options: InitOptions, reason: string): Promise<Device> {
  const { deterministic = false, wasm: source, memoryLimit, wide, threads = "auto" } = options;
  const isFlagged = wide && (await fuse());
  const fitting = deterministic ? "simd" : await detectVariant();
  const mayWiden = fitting === "relaxed" && wide !== false && !source;
  const variant = mayWiden && isFlagged ? "wide" : fitting;
  const backend = await createWasmBackend({ variant, source, memoryLimit, needed: neededKernels, threads });
  if (deterministic && backend.variant !== "simd")
    throw new SeqgradError(
      "value",
      "init: the kernels of the option wasm use relaxed SIMD, which is not deterministic; give seqgrad/wasm/simd.wasm.",
    );
  // A device works without it: where a chunk does not load, or does not compile, the kernels that are there go on.
  if (mayWiden)
    fusing()
      .then(({ widen }) => widen(backend, unpacked))
      .catch(() => {});
  return deviceOf("wasm", backend, reason);
}

/** Sets V8's flag for wide kernels; true where it is set. */
async function fuse(): Promise<boolean> {
  const { askToFuse, obstacle } = await fusing();
  const missing = obstacle();
  if (missing) throw new SeqgradError("device", `init: ${missing}; leave \`wide\` out.`);
  if (missing === "") askToFuse();
  return missing === "";
}

function destroyBackend(backend: Backend): void {
  forget(backend);
  backend.destroy();
}

const names = namesOf<InitOptions>({ device: 1, gpu: 1, precision: 1, deterministic: 1, wasm: 1, memoryLimit: 1, threads: 1, wide: 1 });
const choices: readonly string[] = ["auto", "wasm", "webgpu", "reference"];

/** `insist`: an adapter in software will do. */
async function openGpu({ gpu = navigatorGpu(), precision, memoryLimit }: InitOptions, insist: boolean): Promise<Device> {
  if (!gpu) {
    const advice = "Use a browser with WebGPU over https or localhost; in Node, give init({ gpu }) what the package `webgpu` makes.";
    throw new SeqgradError("device", `webgpu: there is no navigator.gpu. ${advice}`);
  }
  const { createWebGpuBackend } = await import("../backend/webgpu/open.js");
  return deviceOf("webgpu", await createWebGpuBackend({ gpu, allowSoftware: insist, precision, memoryLimit }));
}

const navigatorGpu = (): Gpu | undefined => globalThis.navigator?.gpu;

/** The device of a backend made by hand. */
export function deviceOf(type: DeviceType, backend: Backend, reason = ""): Device {
  const device: Device = {
    ...{ type, backend },
    get variant() {
      return backend.variant;
    },
    get threads() {
      return backend.threads ?? 1;
    },
    get info() {
      return backend.info + reason;
    },
    destroy() {
      destroyBackend(backend);
      if (current === device) current = undefined;
    },
  };
  return device;
}

/**
 * Returns the default device.
 *
 * @returns the device of init()
 * @throws SeqgradError `state` before init()
 * @example
 * console.log(sg.defaultDevice().info);
 */
export function defaultDevice(): Device {
  if (!current) throw new SeqgradError("state", "there is no device yet: call `await init()` once before making tensors.");
  return current;
}

/** The device, when it is one; the default where there is none. */
export function checkDevice(op: string, device: { readonly backend: Backend } = defaultDevice()): { readonly backend: Backend } {
  if (typeof device?.backend?.alloc !== "function")
    throw new SeqgradError("value", `${op}: the device is ${shown(device)}; give one that init() or createDevice() answers.`);
  return device;
}

/**
 * Runs a function with another default device, then restores the one before.
 *
 * @param device a device of createDevice() or init()
 * @param fn a synchronous function; it may return the promise of a tensor's data()
 * @returns the result of `fn`
 * @throws SeqgradError `value` if it returns another promise: tensors made after an await would lie on the device before
 * @example
 * const exact = await sg.createDevice({ device: "reference" });
 * const y = sg.withDevice(exact, () => sg.exp(sg.ones([3])));
 */
export function withDevice<T>(device: Device, fn: () => T): T {
  checkDevice("withDevice", device);
  checkFunction("withDevice", "fn", fn);
  const before = current;
  current = device;
  try {
    const advice = "Make tensors in a synchronous function, or give them the option device; await their data() after it.";
    return refusePromise("withDevice", fn(), advice);
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
 * Reports the memory in use on a device: bytes and tensors. It stays level over ten thousand training steps.
 *
 * @param device default the default device
 * @returns the report
 * @throws SeqgradError `state` before init()
 * @example
 * const { bytes, tensors } = sg.memory();
 * console.log(bytes.parameter, bytes.optimizer, tensors);
 */
export function memory(device: Device = defaultDevice()): MemoryReport {
  const { backend } = checkDevice("memory", device);
  return { ...account(backend), ...backend.memory() };
}
