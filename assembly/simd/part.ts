// The end of a row whose length is no multiple of 4, as a vector. With a constant count of 4 these are plain loads and stores.

/** The first `count` floats at p in the low lanes, `rest` in the others; touches no memory beyond them. count: 1 or more. */
// @ts-ignore: decorator
@inline
export function loadPart(p: usize, count: i32, rest: f32 = 0): v128 {
  return count >= 4 ? v128.load(p) : loadTail(p, count, f32x4.splat(rest));
}

/** Stores the first `count` lanes of v at p, four at most. count: 1 or more. */
// @ts-ignore: decorator
@inline
export function storePart(p: usize, v: v128, count: i32): void {
  if (count >= 4) v128.store(p, v);
  else storeTail(p, v, count);
}

function loadTail(p: usize, count: i32, rest: v128): v128 {
  if (count == 1) return v128.load32_lane(p, rest, 0);
  const pair = v128.load64_lane(p, rest, 0);
  return count == 2 ? pair : v128.load32_lane(p, pair, 2, 8);
}

function storeTail(p: usize, v: v128, count: i32): void {
  if (count == 1) return v128.store32_lane(p, v, 0);
  v128.store64_lane(p, v, 0);
  if (count == 3) v128.store32_lane(p, v, 2, 8);
}
