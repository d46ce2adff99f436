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
