import { SeqgradError } from "./errors.js";

/** The value, when it is a finite number. */
export function checkFinite(op: string, name: string, value: number): number {
  if (!Number.isFinite(value)) throw new SeqgradError("value", `${op}: ${name} is ${value}; give a finite number.`);
  return value;
}

/** The value, when it is a whole number from `low` to `high`. */
export function checkInteger(op: string, name: string, value: number, low = 0, high = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isInteger(value) || value < low || value > high) {
    const interval = high === Number.MAX_SAFE_INTEGER ? `of at least ${low}` : `from ${low} to ${high}`;
    throw new SeqgradError("range", `${op}: ${name} is ${value}; give a whole number ${interval}.`);
  }
  return value;
}

/** The value, when it lies in [low, high]. */
export function checkInterval(op: string, name: string, value: number, low: number, high = Number.POSITIVE_INFINITY): number {
  if (!(value >= low && value <= high)) {
    const interval = high === Number.POSITIVE_INFINITY ? `a number of at least ${low}` : `a number from ${low} to ${high}`;
    throw new SeqgradError("range", `${op}: ${name} is ${value}; give ${interval}.`);
  }
  return value;
}
