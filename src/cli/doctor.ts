import { defineCommand } from "citty";
import { relaxedSimd, simd } from "wasm-feature-detect";
import { createDevice, type Device } from "../tensor/device.js";
import { messageOf } from "../util/errors.js";
import { formatBytes } from "../util/format.js";
import { deviceFacts, deviceFindings, type Finding, linesOf } from "./machine.js";
import { deviceFlags, initDevice, nodeGpu } from "./options.js";
import { version } from "./version.js";

export const doctor = defineCommand({
  meta: { name: "doctor", description: "Say what this machine has, what is used, and why not more" },
  args: { ...deviceFlags, json: { type: "boolean", description: "Print one JSON object" } },
  async run({ args }) {
    const device = await initDevice(args);
    const gpu = device.type === "webgpu" ? { info: device.info } : await findGpu();
    const { reserved, limit } = device.backend.memory();
    const facts = {
      ...{ version, node: process.versions.node, platform: `${process.platform} ${process.arch}` },
      ...deviceFacts(device),
      ...{ simd: await simd(), relaxedSimd: await relaxedSimd(), relaxedSimdInPrograms: hasRelaxedSimdInPrograms() },
      ...{ gpu: gpu.info ?? null, gpuMissing: gpu.missing ?? null },
      ...{ memoryReserved: reserved, memoryLimit: limit },
    };
    if (args.json) return void process.stdout.write(`${JSON.stringify(facts)}\n`);
    const found = deviceFindings(device, args);
    const findings = [
      { name: "seqgrad", value: `${version}, Node ${facts.node}, ${facts.platform}` },
      found.device,
      simdFinding(facts),
      gpuFinding(device, gpu),
      found.width,
      found.cores,
      memoryFinding(reserved, limit),
    ];
    process.stdout.write(linesOf(findings));
  },
});

/** Node 20 has relaxed SIMD behind a flag, which the command line sets for itself and a program must set at its start. */
function hasRelaxedSimdInPrograms(): boolean {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].join(" ");
  return Number.parseInt(process.versions.node, 10) > 20 || flags.includes("--experimental-wasm-relaxed-simd");
}

function simdFinding({
  simd,
  relaxedSimd,
  relaxedSimdInPrograms,
}: Record<"simd" | "relaxedSimd" | "relaxedSimdInPrograms", boolean>): Finding {
  const name = "SIMD";
  if (!simd) return { name, value: "missing; the kernels need it", advice: "update Node to 22 or newer" };
  if (!relaxedSimd)
    return { name, value: "simd; this Node has no relaxed SIMD", advice: "update Node to 22 or newer: steps take less time" };
  if (relaxedSimdInPrograms) return { name, value: "relaxed" };
  const advice = "to get relaxed: node --experimental-wasm-relaxed-simd, or Node 22";
  return { name, value: "relaxed here; on Node 20, your own programs run simd", advice };
}

/** The description of a GPU, or the reason why it is missing. */
interface FoundGpu {
  readonly info?: string;
  readonly missing?: string;
}

async function findGpu(): Promise<FoundGpu> {
  try {
    const device = await createDevice({ device: "webgpu", gpu: await nodeGpu() });
    device.destroy();
    return { info: device.info };
  } catch (error) {
    return { missing: messageOf(error).replace(/^(--device webgpu|webgpu): |\. .*$|\.$/gs, "") };
  }
}

function gpuFinding(device: Device, { info, missing = "" }: FoundGpu): Finding {
  const name = "GPU";
  if (device.type === "webgpu") return { name, value: "in use" };
  if (info)
    return { name, value: `found, but not in use: ${info}`, advice: "to use it: add --device webgpu; to compare: npx seqgrad bench" };
  const advice = missing.includes("not installed")
    ? "to look for one: npm install webgpu, then npx seqgrad doctor"
    : "if this machine has one, install or update its driver";
  return { name, value: `not in use: ${missing}`, advice };
}

/** A parameter takes 16 bytes in training: its value, its gradient, and two averages of Adam. */
function memoryFinding(reserved: number, limit: number): Finding {
  const millions = Math.floor(limit / 16 / 1e6);
  const advice = `room to train fewer than ${millions} million parameters (16 bytes each)`;
  return { name: "memory", value: `${formatBytes(limit)} at most, ${formatBytes(reserved)} reserved now`, advice };
}
