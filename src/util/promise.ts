import { SeqgradError } from "./errors.js";

/** Promises of data that are on their way already: nothing is computed after them. */
const ofData = new WeakSet<object>();

/** Marks a promise as one of data. */
export function promiseOfData<P extends Promise<unknown>>(promise: P): P {
  ofData.add(promise);
  return promise;
}

/**
 * The result of a function whose setting ends when it returns, unless it is a promise: what comes after an await would run without the
 * setting. A promise of a tensor's data holds.
 * @throws SeqgradError `value`
 */
export function refusePromise<T>(op: string, result: T, advice: string): T {
  if (typeof Object(result).then !== "function" || ofData.has(Object(result))) return result;
  if (result instanceof Promise) result.catch(() => {}); // its error would end the process in addition to this one
  throw new SeqgradError("value", `${op}: the function returned a promise, but ${op} ends at the function's first await. ${advice}`);
}
