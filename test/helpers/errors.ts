import { expect } from "vitest";
import { type ErrorCode, SeqgradError } from "../../src/util/errors.js";

/** Expects `act` to throw a SeqgradError of the code whose message has every one of the parts. */
export function expectError(code: ErrorCode, act: () => unknown, ...parts: string[]): void {
  let error: unknown;
  try {
    act();
  } catch (thrown) {
    error = thrown;
  }
  checkError(code, error, parts);
}

/** The same of a promise. */
export async function expectRejection(code: ErrorCode, promise: Promise<unknown>, ...parts: string[]): Promise<void> {
  checkError(
    code,
    await promise.then(
      () => undefined,
      (error: unknown) => error,
    ),
    parts,
  );
}

function checkError(code: ErrorCode, error: unknown, parts: readonly string[]): void {
  expect(error).toBeInstanceOf(SeqgradError);
  const { code: got, message } = error as SeqgradError;
  expect(got, message).toBe(code);
  for (const part of parts) expect(message).toContain(part);
}
