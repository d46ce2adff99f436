import { shown } from "./check.js";

/** `[2, 3]` for a message, whatever stands in it; a long one is cut short. */
export function formatShape(shape: readonly number[]): string {
  const more = shape.length > 16 ? ", …" : "";
  return `[${Array.from(shape.slice(0, 16), shown).join(", ")}${more}]`;
}

/** `1.5 MiB` for a message. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}

/**
 * A number for a person: four decimals, or where these would hide it, as of the tiny and the huge, significant digits.
 * @example
 * [0.5, 1.234e-6, 1234567890].map(formatNumber); // = ["0.5000", "1.234e-6", "1.23457e+9"]
 */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 0.1 && size < 1e6) || !Number.isFinite(size)) return value.toFixed(4);
  return value.toPrecision(size < 1 ? 4 : 6);
}
