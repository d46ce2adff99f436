// What bench.ts runs in a page.

import { WasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { createDevice, type Device } from "../../src/tensor/device.js";
import { measureThreads } from "../sections/threads.js";
import type { Table } from "../table.js";
import { measurePeers } from "./peers.mjs";
import { gpuOf, measureGpu } from "./sections.js";

export interface PageOptions {
  readonly sections: readonly string[];
  readonly quick: boolean;
}

declare global {
  /** Answers what the device is. */
  var bench: (options: PageOptions) => Promise<string>;
  /** Of bench.ts. */
  function report(table: Table): Promise<void>;
}

/** A device with that number of threads, once it has found out which kernels are the fastest here. */
async function threaded(threads: number): Promise<Device> {
  const device = await createDevice({ device: "wasm", threads });
  await new Promise((resolve) => setTimeout(resolve, 5000));
  // Workers of a page start between its tasks, of which a bench leaves none.
  if (device.backend instanceof WasmBackend) await device.backend.ready();
  return device;
}

globalThis.bench = async ({ sections, quick }) => {
  if (sections.includes("threads")) for (const table of await measureThreads(threaded, quick)) await report(table);
  if (!sections.some((name) => name !== "threads")) return navigator.userAgent;
  const device = await createDevice({ device: "webgpu" });
  const gpu = gpuOf(device, quick);
  await measureGpu(gpu, sections, report);
  device.destroy();
  if (sections.includes("peers")) await report(await measurePeers(gpu.backend.capabilities.software, quick));
  return device.info;
};
