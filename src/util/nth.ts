/** The list, when it has no element that is undefined; else undefined. */
export function allOf<T>(list: readonly (T | undefined)[]): T[] | undefined {
  const present = list.filter((element) => element !== undefined);
  return present.length === list.length ? present : undefined;
}

/** Element i of a list that is known to have it: a number for the compiler where `list[i]` may be undefined, and an error where the code is wrong. */
export function nth<T>(list: ArrayLike<T | undefined>, i: number): T {
  const element = list[i];
  if (element === undefined) throw new RangeError(`a list of ${list.length} has no element ${i}`);
  return element;
}
