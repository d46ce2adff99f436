// An absent vector of scales or shifts is read as these constants, over and over: a loop needs no branch for it.

const ones = memory.data<f32>([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
const zeros = memory.data<f32>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** gamma, or sixteen ones. */
// @ts-ignore: decorator
@inline
export function scales(gamma: usize): usize {
  return gamma ? gamma : ones;
}

/** beta, or sixteen zeros. */
// @ts-ignore: decorator
@inline
export function shifts(beta: usize): usize {
  return beta ? beta : zeros;
}

/** By how many bytes a pointer from `scales` or `shifts` moves on in sixteen columns. */
// @ts-ignore: decorator
@inline
export function advance(parameter: usize): usize {
  return parameter ? 64 : 0;
}

/** Scratch memory for results that nobody asked for; each row overwrites it. */
export const sink = memory.data(64);

/** Stores estimate + missed, and `count` numbers behind it what the rounding of that sum lost (Knuth's sum of two). */
export function storeMean(mean: usize, count: i32, estimate: f32, missed: f32): void {
  const sum: f32 = estimate + missed;
  const part: f32 = sum - estimate;
  store<f32>(mean, sum);
  store<f32>(mean + ((<usize>count) << 2), estimate - (sum - part) + (missed - part));
}
