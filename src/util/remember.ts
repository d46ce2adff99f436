/** Answers that are remembered at a time. */
const MOST = 1 << 16;

/** `make`, which answers at once what it was asked before: for pieces of text, which repeats itself. */
export function remembering<V>(make: (key: string) => V): (key: string) => V {
  const memory = new Map<string, V>();
  return (key) => {
    const known = memory.get(key);
    if (known !== undefined) return known;
    const made = make(key);
    if (memory.size >= MOST) memory.clear();
    memory.set(key, made);
    return made;
  };
}
