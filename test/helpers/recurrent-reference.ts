/** What the float64 references of the recurrent layers, and their tests, share. */
export type Numbers = ArrayLike<number>;

/** Uniform numbers in [-scale, scale), the same on every run. */
export function generator(seed: number): (count: number, scale?: number) => Float32Array {
  let state = seed;
  return (count, scale = 1) =>
    Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return (state / 2 ** 31) * scale;
    });
}

/** The valid steps of row b in the order in which the layer takes them; absent lengths are T. */
export function steps(b: number, { T, reverse, lengths }: { T: number; reverse: boolean; lengths?: Numbers | undefined }): number[] {
  const order = Array.from({ length: lengths?.[b] ?? T }, (_, t) => t);
  return reverse ? order.reverse() : order;
}
