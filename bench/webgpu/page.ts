// What bench.ts runs in a page.
import { createDevice } from "../../src/tensor/device.js";
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

globalThis.bench = async ({ sections, quick }) => {
  const device = await createDevice({ device: "webgpu" });
  const gpu = gpuOf(device, quick);
  await measureGpu(gpu, sections, report);
  device.destroy();
  if (sections.includes("peers")) await report(await measurePeers(gpu.backend.capabilities.software, quick));
  return device.info;
};
