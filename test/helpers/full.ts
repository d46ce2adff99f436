import { describe, inject } from "vitest";

export const FULL = "in full";

/** Registers tests that only the full suite runs, and of which .ci/run runs a part. */
export function full(register: () => void): void {
  if (inject("part") !== "quick") describe(FULL, register);
}

/** Registers the cases of a table: those that `isQuick` says in both suites, the others in the full one alone. */
export function thinly<T>(
  cases: readonly T[],
  isQuick: (value: T, index: number) => boolean,
  register: (chosen: readonly T[]) => void,
): void {
  const quick = cases.filter(isQuick);
  const others = cases.filter((value) => !quick.includes(value));
  if (quick.length > 0) register(quick);
  if (others.length > 0) full(() => register(others));
}
