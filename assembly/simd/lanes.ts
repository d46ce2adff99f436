// The end of a row whose length is not a multiple of 4, as a vector. With a constant count of 4 these are plain loads and stores, with another
// count there is a call. A call inside a hot loop, even one that is never made, costs V8 the registers of the loop, up to half of its speed:
// let the loop take whole vectors, by an inlined function that is given a count of 4, and give the same function the rest after the loop.

/** The first n of the four floats at x, `rest` in the other lanes; n may be anything, and memory past them is not touched. */
// @ts-ignore: decorator
@inline
export function loadLanes(x: usize, n: i32, rest: f32 = 0): v128 {
  return n >= 4 ? v128.load(x) : loadTail(x, n, f32x4.splat(rest));
}

function loadTail(x: usize, n: i32, rest: v128): v128 {
  let v = rest;
  if (n > 0) v = v128.load32_lane(x, v, 0);
  if (n > 1) v = v128.load32_lane(x, v, 1, 4);
  if (n > 2) v = v128.load32_lane(x, v, 2, 8);
  return v;
}

/** Stores the first n lanes of v at x, four at most. */
// @ts-ignore: decorator
@inline
export function storeLanes(x: usize, v: v128, n: i32): void {
  if (n >= 4) v128.store(x, v);
  else storeTail(x, v, n);
}

function storeTail(x: usize, v: v128, n: i32): void {
  if (n > 0) v128.store32_lane(x, v, 0);
  if (n > 1) v128.store32_lane(x, v, 1, 4);
  if (n > 2) v128.store32_lane(x, v, 2, 8);
}
