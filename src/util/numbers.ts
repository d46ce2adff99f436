import { nth } from "./nth.js";

// Over lists of any length: Math.max(...list) and its kind fail where a list has more items than a call may have arguments.

/** The largest of the numbers, or `least` where none is larger; NaN where one is. */
export function maxOf(numbers: ArrayLike<number>, least = Number.NEGATIVE_INFINITY): number {
  let most = least;
  for (let i = 0; i < numbers.length; i++) most = Math.max(most, nth(numbers, i));
  return most;
}

/** The square root of the sum of squares, without overflow: the length of a vector. */
export function normOf(numbers: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]! * numbers[i]!;
  if (sum > 1e-280 && sum < 1e280) return Math.sqrt(sum);
  let most = 0;
  for (let i = 0; i < numbers.length; i++) most = Math.max(most, Math.abs(nth(numbers, i)));
  if (!(most > 0 && most < Number.POSITIVE_INFINITY)) return most;
  sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += (nth(numbers, i) / most) ** 2;
  return most * Math.sqrt(sum);
}
