import { signal } from "@preact/signals";
import type * as sg from "seqgrad";

/** The device of a run, and its threads. */
export interface DeviceChoice {
  readonly device: "auto" | "wasm" | "webgpu";
  readonly threads: "auto" | number;
  /** True for the same bits on every machine. */
  readonly deterministic: boolean;
}

const KEY = "seqgradDevice";
const usual: DeviceChoice = { device: "auto", threads: "auto", deterministic: true };

function stored(): DeviceChoice {
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return usual;
  }
}

/** The reader's choice, which the next run takes. */
export const deviceChoice = signal<DeviceChoice>(typeof localStorage === "undefined" ? usual : stored());

/** Keeps a choice for the next visit. */
export function chooseDevice(choice: DeviceChoice): void {
  deviceChoice.value = choice;
  localStorage.setItem(KEY, JSON.stringify(choice));
}

/** The numbers of threads that this page can have. */
export function threadChoices(): number[] {
  const cores = globalThis.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency || 1, 8) : 1;
  return [1, 2, 4, 8].filter((count) => count <= cores);
}

/** The options of a worker. A GPU has other bits than a processor, so a deterministic run stays on WebAssembly. */
export const startOptions = ({ device, threads, deterministic }: DeviceChoice, seed: number): sg.worker.StartOptions => ({
  ...(deterministic ? { device: "wasm", deterministic: true } : { device }),
  threads,
  seed,
});
