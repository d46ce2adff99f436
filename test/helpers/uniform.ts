/** Uniform numbers on [low, high), the same for the same seed. */
export function uniform(count: number, low: number, high: number, seed = 1): Float32Array {
  let state = Math.imul(seed, 0x9e3779b9) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + (high - low) * (state / 2 ** 32);
  });
}
