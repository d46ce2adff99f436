import { readFile } from "node:fs/promises";
import type { WasmVariant } from "../src/backend/backend.js";
import { askToFuse, obstacle } from "../src/backend/wasm/fusing.js";
import { createWasmBackend } from "../src/backend/wasm/wasm-backend.js";
import { type Device, deviceOf } from "../src/tensor/device.js";

/** The arguments of every section. */
export interface Context {
  readonly variant: WasmVariant;
  readonly quick: boolean;
  /** The duration of one measurement, in milliseconds. */
  readonly time: number;
  /** A device with a memory of its own. */
  device(): Promise<Device>;
  /** A device with that number of threads, on the fastest kernels of this runtime. */
  threaded(threads: number): Promise<Device>;
}

export async function createContext(variant: WasmVariant, quick: boolean): Promise<Context> {
  const module = await WebAssembly.compile(await readFile(`build/${variant}.wasm`));
  return {
    variant,
    quick,
    time: quick ? 4 : 40,
    device: async () => deviceOf("wasm", await createWasmBackend({ variant, source: { module } })),
    threaded: async (threads) => {
      const isWide = obstacle() === "";
      if (isWide) askToFuse();
      const bytes = new Uint8Array(await readFile(`build/${isWide ? "wide" : variant}.wasm`));
      return deviceOf("wasm", await (await createWasmBackend({ threads, source: { bytes } })).ready());
    },
  };
}
