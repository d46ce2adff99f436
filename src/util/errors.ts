/** The kind of an error, as a word that a program can switch on. */
export type ErrorCode =
  | "shape" // shapes that do not fit together
  | "dtype" // a float32 where an int32 was expected, or the reverse
  | "range" // an index, label, length or option outside its interval
  | "value" // an argument of the wrong kind
  | "state" // a call out of order: backward twice, a disposed tensor, no init()
  | "not-finite" // a NaN or an infinity in a loss or a gradient
  | "device" // a device that is not there, or lacks a feature
  | "memory" // out of memory
  | "format" // bytes that are not what their format says
  | "io"; // a file or store that cannot be read or written

/** The words of an error, or of anything else that was thrown. */
export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** The code that the system gave an error, such as `ENOENT`. */
export const systemCodeOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;

/**
 * An error that seqgrad throws on purpose: the message says what failed, what it got, what was expected and what to do.
 *
 * @param code the kind of the error
 * @param message the message
 * @param options `cause`: the error behind it
 * @example
 * try {
 *   sg.reshape(sg.zeros([6]), [4]);
 * } catch (error) {
 *   if (error instanceof sg.SeqgradError) console.log(error.code, error.message); // shape reshape: [6] holds 6 elements, ..
 * }
 */
export class SeqgradError extends Error {
  override readonly name = "SeqgradError";
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(typeof message === "string" ? message : Object.prototype.toString.call(message), options);
  }
}
