import type { Gpu } from "../backend/webgpu/gpu.js";
import { createDevice, type Device, type DeviceType, makeDefault } from "../tensor/device.js";
import { SeqgradError } from "../util/errors.js";

interface Bounds {
  readonly low: number;
  readonly high?: number;
  readonly integer?: boolean;
}

/** A number from the command line, within bounds. */
export function numberOption(name: string, text: string, { low, high = Number.MAX_VALUE, integer = false }: Bounds): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= low && value <= high) || (integer && !Number.isInteger(value))) {
    const kind = integer ? "a whole number" : "a number";
    const interval = high === Number.MAX_VALUE ? `of at least ${low}` : `from ${low} to ${high}`;
    throw new SeqgradError("range", `--${name} is "${text}"; give ${kind} ${interval}.`);
  }
  return value;
}

/** The options that say where to compute, for every command that does. */
export const deviceOptions = {
  device: {
    type: "string",
    description: "auto, wasm, webgpu (needs the package webgpu), or reference: slow float64 (Default: auto)",
    valueHint: "auto|wasm|webgpu|reference",
  },
  deterministic: { type: "boolean", description: "The same bits on every machine" },
} as const;

const devices: readonly string[] = ["auto", "wasm", "webgpu", "reference"];

export function deviceOption(text: string): "auto" | DeviceType {
  if (!devices.includes(text)) throw new SeqgradError("device", `--device is "${text}"; this version has ${devices.join(", ")}.`);
  return text as "auto" | DeviceType;
}

/** Makes the device that the options name the default. */
export async function initDevice(args: { device?: string | undefined; deterministic?: boolean | undefined }): Promise<Device> {
  const device = deviceOption(args.device ?? "auto");
  const deterministic = args.deterministic ?? false;
  return makeDefault(await createDevice({ device, deterministic, ...(device === "webgpu" && { gpu: await nodeGpu() }) }));
}

/** It must outlive its devices. */
let gpu: Gpu | undefined;

/** The counterpart of `navigator.gpu`: from the optional package `webgpu`, beside this one or in the working folder. */
export async function nodeGpu(): Promise<Gpu> {
  if (gpu) return gpu;
  const name = "webgpu";
  const here = () => import(name);
  const there = async () => {
    const [{ createRequire }, { pathToFileURL }] = await Promise.all([import("node:module"), import("node:url")]);
    return import(pathToFileURL(createRequire(`${process.cwd()}/`).resolve(name)).href);
  };
  try {
    const { create, globals } = await here().catch(there);
    Object.assign(globalThis, globals);
    gpu = create([]) as Gpu;
    return gpu;
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND" ? "is not installed" : `fails: ${(cause as Error).message}`;
    throw new SeqgradError("device", `--device webgpu: the package webgpu ${reason}. Run: npm install webgpu`, { cause });
  }
}
