import type { Backend } from "../src/backend/backend.js";
import { addressOf, type KernelBuffer, type KernelCall, type KernelName, type KernelRow, kernels } from "../src/backend/kernels.js";
import { WasmBackend } from "../src/backend/wasm/wasm-backend.js";
import { type Device, deviceOf } from "../src/tensor/device.js";

/** A kernel call as it reached the backend, with addresses for buffers. */
export interface Call {
  readonly kernel: KernelName;
  readonly call: Readonly<Record<string, number | undefined>>;
}

/** The device with another `alloc` or `dispatch` in front of its own. */
function before(device: Device, other: Partial<Pick<Backend, "alloc" | "dispatch">>): Device {
  // Methods of a backend see private fields, which a proxy has none of.
  const backend = new Proxy(device.backend, {
    get(inner, key) {
      if (key in other) return other[key as keyof typeof other];
      const value: unknown = Reflect.get(inner, key, inner);
      return typeof value === "function" ? value.bind(inner) : value;
    },
  });
  return { ...device, backend };
}

/** The call with the addresses that its buffers have now: tensors may be gone when it is made again. */
function settled(kernel: KernelName, call: Readonly<Record<string, KernelBuffer | undefined>>): Call["call"] {
  const { reads, writes }: KernelRow = kernels[kernel];
  const addresses = [...reads, ...writes].map((name) => [name, call[name] && addressOf(call[name])]);
  return { ...(call as Call["call"]), ...Object.fromEntries(addresses) };
}

/** The device, and the kernel calls that it makes, to be made again with `replay`. */
export function recorded(device: Device): { device: Device; log: Call[]; replay: (call: Call) => void } {
  const log: Call[] = [];
  const dispatch: Backend["dispatch"] = (kernel, call) => {
    log.push({ kernel, call: settled(kernel, call) });
    return device.backend.dispatch(kernel, call);
  };
  const replay = ({ kernel, call }: Call) => void device.backend.dispatch(kernel, call as unknown as KernelCall<typeof kernel>);
  return { device: before(device, { dispatch }), log, replay };
}

/** The device, the kernel calls that it makes, and the milliseconds that each took by the wall's clock. */
export function timed(device: Device): { device: Device; calls: (Call & { readonly ms: number })[] } {
  const calls: (Call & { readonly ms: number })[] = [];
  const dispatch: Backend["dispatch"] = (kernel, call) => {
    const start = performance.now();
    const answer = device.backend.dispatch(kernel, call);
    const ms = performance.now() - start;
    calls.push({ kernel, call: settled(kernel, call), ms });
    return answer;
  };
  return { device: before(device, { dispatch }), calls };
}

/** A device all of whose kernels do nothing, and how many were called: what takes time there is the host's. */
export function idling(): { device: Device; count: { calls: number } } {
  const count = { calls: 0 };
  const nothing = () => {
    count.calls++;
    return -1;
  };
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65535 });
  const names = Object.keys(kernels).flatMap((name) => [name, `${name}Workspace`]);
  const idle = { exports: Object.fromEntries(names.map((name) => [name, name.endsWith("Workspace") ? () => 0 : nothing])), modules: [] };
  const backend = new WasmBackend(memory, idle, 2 ** 31, async () => idle);
  return { device: deviceOf("wasm", backend), count };
}

/** The device, and the most bytes in use after any of its calls; set `bytes` to 0 to start again. */
export function watched(device: Device): { device: Device; peak: { bytes: number } } {
  const inner = device.backend;
  const peak = { bytes: 0 };
  const seen = <T>(result: T): T => {
    peak.bytes = Math.max(peak.bytes, inner.memory().inUse);
    return result;
  };
  const alloc = (bytes: number) => seen(inner.alloc(bytes));
  const dispatch: Backend["dispatch"] = (kernel, call) => seen(inner.dispatch(kernel, call));
  return { device: before(device, { alloc, dispatch }), peak };
}
