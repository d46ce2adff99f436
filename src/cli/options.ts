import { type Device, type DeviceType, init } from "../tensor/device.js";
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
  device: { type: "string", description: "auto, wasm, or reference: slow float64 (Default: auto)", valueHint: "auto|wasm|reference" },
  deterministic: { type: "boolean", description: "The same bits on every machine" },
} as const;

const devices: readonly string[] = ["auto", "wasm", "reference"];

export function deviceOption(text: string): "auto" | DeviceType {
  if (!devices.includes(text)) throw new SeqgradError("device", `--device is "${text}"; this version has ${devices.join(", ")}.`);
  return text as "auto" | DeviceType;
}

/** Makes the device that the options name the default. */
export async function initDevice(args: { device?: string | undefined; deterministic?: boolean | undefined }): Promise<Device> {
  return init({ device: deviceOption(args.device ?? "auto"), deterministic: args.deterministic ?? false });
}
