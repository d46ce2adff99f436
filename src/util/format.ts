/** `[2, 3]` for a message. */
export const formatShape = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

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
