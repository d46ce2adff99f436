/** The position of the first of index[0 .. count) outside 0 .. n - 1, or -1. */
export function firstOutside(index: usize, count: i32, n: i32): i32 {
  for (let j = 0; j < count; j++, index += 4) {
    if (load<u32>(index) >= <u32>n) return j;
  }
  return -1;
}
