/** Bytes, more or less, that one memory of answers may take. */
const MOST = 1 << 23;
/** The size of an entry without its text and its answer. */
const ENTRY = 100;

/**
 * `make`, which answers at once what it was asked before: for pieces of text, which repeats itself. The memory is bounded in bytes, and a
 * piece that would take much of it is not remembered.
 */
export function remembering<V extends ArrayLike<unknown>>(make: (key: string) => V, most = MOST): (key: string) => V {
  const memory = new Map<string, V>();
  let bytes = 0;
  return (key) => {
    const known = memory.get(key);
    if (known !== undefined) return known;
    const made = make(key);
    const size = ENTRY + 2 * key.length + sizeOf(made);
    if (size > most / 64) return made;
    if (bytes + size > most) {
      memory.clear();
      bytes = 0;
    }
    memory.set(key, made);
    bytes += size;
    return made;
  };
}

/** Bytes of the items of an answer: numbers, or texts. */
function sizeOf(items: ArrayLike<unknown>): number {
  let size = 8 * items.length;
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (typeof item === "string") size += 2 * item.length;
  }
  return size;
}
