import { availableParallelism } from "node:os";
import { defineCommand } from "citty";
import { relaxedSimd, simd } from "wasm-feature-detect";
import { formatBytes } from "../util/format.js";
import { deviceOptions, initDevice } from "./options.js";
import { version } from "./version.js";

export const info = defineCommand({
  meta: { name: "info", description: "Say what this machine offers and what would be used" },
  args: { ...deviceOptions, json: { type: "boolean", description: "Print one JSON object" } },
  async run({ args }) {
    const device = await initDevice(args);
    const { reserved, limit } = device.backend.memory();
    const facts = {
      version,
      node: process.versions.node,
      device: device.type,
      variant: device.variant ?? null,
      simd: await simd(),
      relaxedSimd: await relaxedSimd(),
      threadsPossible: typeof SharedArrayBuffer === "function",
      cores: availableParallelism(),
      memoryReserved: reserved,
      memoryLimit: limit,
    };
    if (args.json) {
      process.stdout.write(`${JSON.stringify(facts)}\n`);
      return;
    }
    const yes = (b: boolean) => (b ? "yes" : "no");
    const rows = [
      ["seqgrad", version],
      ["node", facts.node],
      ["device", device.info],
      ["variant", facts.variant ?? "none"],
      ["SIMD", yes(facts.simd)],
      ["relaxed SIMD", yes(facts.relaxedSimd)],
      ["threads", `${facts.threadsPossible ? "possible" : "not possible"} (${facts.cores} cores); this version uses one`],
      ["memory", `${formatBytes(reserved)} reserved, limit ${formatBytes(limit)}`],
    ];
    process.stdout.write(`${rows.map(([name, value]) => `${name!.padEnd(14)}${value}`).join("\n")}\n`);
  },
});
