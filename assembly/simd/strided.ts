import { loadLanes } from "./lanes";

/**
 * x[0], x[stride], x[2 stride], x[3 stride], no more of them than `count`, which is 1 or more: what is left of a row, however much; of
 * stride 0, x[0] in every lane.
 */
// @ts-ignore: decorator
@inline
export function loadStrided(x: usize, stride: i32, count: i32): v128 {
  if (stride == 1) return loadLanes(x, count);
  if (stride == 0) return v128.load32_splat(x);
  const step = (<usize>stride) << 2;
  return count >= 4 ? gatherFour(x, step) : gatherFew(x, step, count);
}

// @ts-ignore: decorator
@inline
function gatherFour(x: usize, step: usize): v128 {
  let v = v128.load32_lane(x + step, v128.load32_zero(x), 1);
  v = v128.load32_lane(x + 2 * step, v, 2);
  return v128.load32_lane(x + 3 * step, v, 3);
}

function gatherFew(x: usize, step: usize, count: i32): v128 {
  let v = v128.load32_zero(x);
  if (count > 1) v = v128.load32_lane(x + step, v, 1);
  return count > 2 ? v128.load32_lane(x + 2 * step, v, 2) : v;
}
