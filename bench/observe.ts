import type { Backend } from "../src/backend/backend.js";
import type { KernelCall, KernelName } from "../src/backend/kernels.js";
import type { Device } from "../src/tensor/device.js";

/** A kernel call as it reached the backend. */
export interface Call {
  readonly kernel: KernelName;
  readonly call: Readonly<Record<string, number | undefined>>;
}

/** The device with another `alloc` or `dispatch` in front of its own. */
function before(device: Device, other: Partial<Pick<Backend, "alloc" | "dispatch">>): Device {
  const inner = device.backend;
  const backend: Backend = {
    type: inner.type,
    info: inner.info,
    alloc: (bytes) => inner.alloc(bytes),
    free: (address) => inner.free(address),
    write: (address, data) => inner.write(address, data),
    read: (address, count, dtype) => inner.read(address, count, dtype),
    readSync: (address, count, dtype) => inner.readSync!(address, count, dtype),
    has: (kernel) => inner.has(kernel),
    dispatch: (kernel, call) => inner.dispatch(kernel, call),
    memory: () => inner.memory(),
    ...other,
  };
  return { ...device, backend };
}

/** The device, and the kernel calls that it makes, to be made again with `replay`. */
export function recorded(device: Device): { device: Device; log: Call[]; replay: (call: Call) => void } {
  const log: Call[] = [];
  const dispatch: Backend["dispatch"] = (kernel, call) => {
    log.push({ kernel, call });
    return device.backend.dispatch(kernel, call);
  };
  const replay = ({ kernel, call }: Call) => void device.backend.dispatch(kernel, call as unknown as KernelCall<typeof kernel>);
  return { device: before(device, { dispatch }), log, replay };
}

/** The device, and a switch that makes every kernel one that does nothing: what still takes time is the host's. */
export function idling(device: Device): { device: Device; idle: { on: boolean; calls: number } } {
  const idle = { on: false, calls: 0 };
  const dispatch: Backend["dispatch"] = (kernel, call) => {
    idle.calls++;
    return idle.on ? -1 : device.backend.dispatch(kernel, call);
  };
  return { device: before(device, { dispatch }), idle };
}

/** The device, and the most bytes in use after any of its calls; set `bytes` to 0 to begin anew. */
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
