/**
 * The float32 or int32 at `constant`, in all lanes. The constants of formulas lie in static memory because one instruction spreads one
 * from there, whereas V8 builds a vector constant by three at every use: ln would take 1.3 times as long, e^x 1.7 times.
 */
// @ts-ignore: decorator
@inline
export function splat(constant: usize): v128 {
  return v128.load32_splat(constant);
}

export const one = memory.data<f32>([1]);
export const minusOne = memory.data<f32>([-1]);
export const half = memory.data<f32>([0.5]);
export const minusHalf = memory.data<f32>([-0.5]);
/** 1.5 * 2^23: added to a number, it leaves the nearest integer in the low bits of the sum. */
export const shifter = memory.data<f32>([12582912]);
export const signBit = memory.data<i32>([i32.MIN_VALUE]);
