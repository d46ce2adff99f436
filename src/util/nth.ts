/** Element i of a list that is known to have it: a number for the compiler where `list[i]` may be undefined, and an error where the code is wrong. */
export function nth<T>(list: ArrayLike<T>, i: number): T {
  const element = list[i];
  if (element === undefined) throw new RangeError(`a list of ${list.length} has no element ${i}`);
  return element;
}
