const IMPORTS = 2;
const [FUNCTION, TABLE, MEMORY] = [0, 1, 2];
/** Of limits: there is a maximum, and threads share the memory. */
const SHARED = 3;

/** The number at a place, in base 128, and the place behind it. */
function numberAt(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

function encoded(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...encoded(Math.floor(value / 128))];
}

/** The place behind `count` numbers. */
const skip = (bytes: Uint8Array, at: number, count: number): number => (count > 0 ? skip(bytes, numberAt(bytes, at)[1], count - 1) : at);

/** The place behind limits. */
const skipLimits = (bytes: Uint8Array, at: number): number => skip(bytes, at + 1, (bytes[at] ?? 0) & 1 ? 2 : 1);

/** The place of the limits of the memory in a section of imports, or -1. */
function memoryLimits(bytes: Uint8Array, section: number): number {
  let [left, at] = numberAt(bytes, section);
  for (; left > 0; left--) {
    for (let names = 0; names < 2; names++) {
      const [length, start] = numberAt(bytes, at);
      at = start + length;
    }
    const kind = bytes[at++];
    if (kind === MEMORY) return at;
    if (kind === FUNCTION) at = skip(bytes, at, 1);
    else if (kind === TABLE) at = skipLimits(bytes, at + 1);
    else at += 2;
  }
  return -1;
}

/**
 * The same WebAssembly module for a memory that threads share: of the memory that it imports the limits get the flag for it and a maximum.
 * Nothing else differs (WebAssembly, Core Specification, 5.3.7 and 5.5.5; threads: 0x03).
 */
export function withSharedMemory(source: BufferSource, pages: number): Uint8Array<ArrayBuffer> {
  const bytes = ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
  for (let at = 8; at < bytes.length; ) {
    const [size, start] = numberAt(bytes, at + 1);
    const limits = bytes[at] === IMPORTS ? memoryLimits(bytes, start) : -1;
    if (limits >= 0) {
      const [initial] = numberAt(bytes, limits + 1);
      const shared = [SHARED, ...encoded(initial), ...encoded(pages)];
      const behind = skipLimits(bytes, limits);
      const head = [...bytes.subarray(0, at + 1), ...encoded(size - (behind - limits) + shared.length)];
      const parts = [head, bytes.subarray(start, limits), shared, bytes.subarray(behind)];
      const result = new Uint8Array(bytes.length + head.length - start + shared.length - (behind - limits));
      let to = 0;
      for (const part of parts) {
        result.set(part, to);
        to += part.length;
      }
      return result;
    }
    at = start + size;
  }
  return Uint8Array.from(bytes);
}
