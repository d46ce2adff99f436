import { messageOf, SeqgradError } from "../util/errors.js";
import type { SentError } from "./protocol.js";

/** An error, as it goes over the port. */
export function sentError(error: unknown): SentError {
  const name = error instanceof Error ? error.name : "Error";
  return { name, message: messageOf(error), ...(error instanceof SeqgradError && { code: error.code }) };
}

/** The error that was sent. */
export function receivedError({ name, message, code }: SentError): Error {
  return code ? new SeqgradError(code, message) : Object.assign(new Error(message), { name });
}
