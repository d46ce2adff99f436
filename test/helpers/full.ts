import { describe, inject } from "vitest";

export const FULL = "in full";

/** Registers tests that only the full suite runs, and of which .ci/run runs a part. */
export function full(register: () => void): void {
  if (inject("part") !== "quick") describe(FULL, register);
}
