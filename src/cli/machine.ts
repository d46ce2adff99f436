import { availableParallelism } from "node:os";
import { obstacle } from "../backend/wasm/fusing.js";
import type { Device } from "../tensor/device.js";
import type { Given } from "../util/schema.js";
import { readFlags } from "./flags.js";
import { deviceFields } from "./options.js";

/** A property of this machine, and what to do to get more from it. */
export interface Finding {
  readonly name: string;
  readonly value: string;
  readonly advice?: string | undefined;
}

/** The findings as lines, the values below each other. */
export function linesOf(findings: readonly Finding[]): string {
  const line = ({ name, value, advice }: Finding) => `${name.padEnd(14)}${value}${advice ? `\n${" ".repeat(14)}${advice}` : ""}\n`;
  return findings.map(line).join("");
}

/** The device, its kernels and its threads, in one object for --json. */
export const deviceFacts = (device: Device) => ({
  ...{ device: device.type, variant: device.variant ?? null, info: device.info },
  ...{ cores: availableParallelism(), threads: device.threads, wideMissing: obstacle() || null },
});

/** The device that computes, and why its kernels are not wider and its threads not more. @param args the flags that chose it */
export function deviceFindings(
  device: Device,
  args: Given,
): { readonly device: Finding; readonly width: Finding; readonly cores: Finding } {
  const flags = readFlags(deviceFields, args);
  return {
    device: { name: "computes on", value: device.info.replace(/; no GPU.*/s, "") },
    width: { name: "256 bits", value: device.variant === "wide" ? "in use: wide kernels" : `not in use: ${whyNotWide(device, flags)}` },
    cores: { name: "cores", value: coresOf(device, flags) },
  };
}

function whyNotWide({ type }: Device, { noWide, deterministic }: Given): string {
  if (type !== "wasm") return `the device is ${type}`;
  if (noWide) return "--no-wide was given";
  if (deterministic) return "--deterministic was given";
  return obstacle() || "the processor lacks it";
}

function coresOf({ type, threads }: Device, { threads: asked }: Given): string {
  const cores = availableParallelism();
  const used = `${cores}; seqgrad computes on ${threads === 1 ? "one thread" : `${threads} threads`}`;
  if (threads >= cores) return used;
  if (type !== "wasm") return `${used}: the device is ${type}`;
  if (threads === asked) return `${used}: --threads ${threads} was given`;
  const most = deviceFields.threads.fallback({});
  return threads === most ? `${used}, the most without --threads` : `${used}: some could not start`;
}
