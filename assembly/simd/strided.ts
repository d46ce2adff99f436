import { loadLanes } from "./lanes";

/** x[0], x[stride], x[2 stride], x[3 stride], no more of them than `count`, which is 1 or more; of stride 0, x[0] in every lane. */
// @ts-ignore: decorator
@inline
export function loadStrided(x: usize, stride: i32, count: i32): v128 {
  if (stride == 1) return loadLanes(x, count);
  return stride == 0 ? v128.load32_splat(x) : gatherLanes(x, (<usize>stride) << 2, count);
}

function gatherLanes(x: usize, step: usize, count: i32): v128 {
  let v = v128.load32_zero(x);
  if (count > 1) v = v128.load32_lane(x + step, v, 1);
  if (count > 2) v = v128.load32_lane(x + 2 * step, v, 2);
  if (count > 3) v = v128.load32_lane(x + 3 * step, v, 3);
  return v;
}
