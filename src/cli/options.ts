import { type Device, init } from "../tensor/device.js";
import { SeqgradError } from "../util/errors.js";

/** A number from the command line, within bounds. */
export function numberOption(
  name: string,
  text: string,
  { low, high = Number.POSITIVE_INFINITY, integer = false }: { low: number; high?: number; integer?: boolean },
): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= low && value <= high) || (integer && !Number.isInteger(value))) {
    const kind = integer ? "a whole number" : "a number";
    const interval = high === Number.POSITIVE_INFINITY ? `of at least ${low}` : `from ${low} to ${high}`;
    throw new SeqgradError("range", `--${name} is "${text}"; give ${kind} ${interval}.`);
  }
  return value;
}

/** The options that say where to compute, for every command that does. */
export const deviceOptions = {
  device: { type: "string", default: "auto", description: "auto, wasm, or reference (slow float64)", valueHint: "auto|wasm|reference" },
  deterministic: { type: "boolean", default: false, description: "The same bits on every machine" },
} as const;

/** Makes the device that the options name the default. */
export async function initDevice(args: { device: string; deterministic: boolean }): Promise<Device> {
  if (!["auto", "wasm", "reference"].includes(args.device)) {
    throw new SeqgradError("device", `--device is "${args.device}"; this version has auto, wasm and reference.`);
  }
  return init({ device: args.device as "auto" | "wasm" | "reference", deterministic: args.deterministic });
}
