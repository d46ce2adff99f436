import { SeqgradError } from "./errors.js";

/** A value for a message: the string "2" looks different from the number 2. Works for every value, also for symbols. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  return value === null || (typeof value !== "object" && typeof value !== "function") ? String(value) : kindOf(value);
}

/** The value, when it is a finite number. */
export function checkFinite(op: string, name: string, value: number): number {
  if (!Number.isFinite(value)) throw new SeqgradError("value", `${op}: ${name} is ${shown(value)}; give a finite number.`);
  return value;
}

/** The value, when it is a number, be it infinite or NaN. */
export function checkNumber(op: string, name: string, value: unknown): number {
  if (typeof value !== "number") throw new SeqgradError("value", `${op}: ${name} is ${shown(value)}; give a number.`);
  return value;
}

/** True for a whole number that is exact: below 2^53. */
export const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

/** The value, when it is a whole number from `low` to `high`. */
export function checkInteger(op: string, name: string, value: number, low = 0, high = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isInteger(value) || value < low || value > high) {
    const interval = high === Number.MAX_SAFE_INTEGER ? `of at least ${low}` : `from ${low} to ${high}`;
    throw new SeqgradError("range", `${op}: ${name} is ${shown(value)}; give a whole number ${interval}.`);
  }
  return value;
}

/** The number of layers, when a model may have as many: before any is made, since a number by mistake would fill the memory. */
export const checkLayers = (op: string, name: string, value: number): number => checkInteger(op, name, value, 1, 1024);

/** The value, when it lies in [low, high]. */
export function checkInterval(op: string, name: string, value: unknown, low: number, high = Number.POSITIVE_INFINITY): number {
  if (!(typeof value === "number" && value >= low && value <= high)) {
    const interval = high === Number.POSITIVE_INFINITY ? `of at least ${low}` : `from ${low} to ${high}`;
    throw new SeqgradError("range", `${op}: ${name} is ${shown(value)}; give a number ${interval}.`);
  }
  return value;
}

/**
 * The list, when it is one: an array, a typed array, or what has a whole `length` as they have it, and is not too long for a machine.
 * `what` says what is in it: "give lengths, a number for each row".
 */
export function checkList<L extends ArrayLike<unknown>>(op: string, name: string, list: L, what: string): L {
  const { length }: ArrayLike<unknown> = Object(list);
  if (typeof list !== "object" || !Number.isInteger(length) || length < 0 || length >= 2 ** 32)
    throw new SeqgradError("value", `${op}: ${name} is ${kindOf(list)}; give ${what}.`);
  return list;
}

/** The list, when it is an array. */
export function checkArray<L>(op: string, name: string, list: L, what: string): L {
  if (!Array.isArray(list)) throw new SeqgradError("value", `${op}: ${name} is ${kindOf(list)}; give ${what}.`);
  return list;
}

/** The items, when there are any to take one after the other; a string is one text, and not several. */
export function checkIterable<I>(op: string, name: string, items: I, what: string): I {
  if (typeof items === "string" || typeof Object(items)[Symbol.iterator] !== "function")
    throw new SeqgradError("value", `${op}: ${name} is ${kindOf(items)}; give ${what}.`);
  return items;
}

/** True for an object that is not an array: its properties may be read, and may be anything. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object, when it is one; `what` says what it must hold. */
export function checkObject<O>(op: string, name: string, value: O, what: string): O {
  if (!isRecord(value)) throw new SeqgradError("value", `${op}: ${name} is ${shown(value)}; give ${what}.`);
  return value;
}

/** The function, when it is one. */
export function checkFunction<F>(op: string, name: string, value: F, what = "a function"): F {
  if (typeof value !== "function") throw new SeqgradError("value", `${op}: ${name} is ${shown(value)}; give ${what}.`);
  return value;
}

/** The value, when it is true or false. */
export function checkBoolean(op: string, name: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw new SeqgradError("value", `${op}: ${name} is ${shown(value)}; give true or false.`);
  return value;
}

/** The value, when it is one of the choices. */
export function checkChoice<T>(op: string, name: string, value: T, choices: readonly T[]): T {
  if (!choices.includes(value))
    throw new SeqgradError("value", `${op}: there is no ${name} ${shown(value)}; use ${choices.map(shown).join(", ")}.`);
  return value;
}

/** Token ids as int32, which are what the ids are: none is rounded, and no text is taken for ids. */
export function toTokens(op: string, name: string, ids: ArrayLike<number>): Int32Array<ArrayBuffer> {
  if (ids instanceof Int32Array) return ids as Int32Array<ArrayBuffer>;
  checkList(op, name, ids, "token ids, as a tokenizer's encode() makes them");
  const bad = firstNotInt32(ids);
  if (bad < 0) return Int32Array.from(ids);
  throw new SeqgradError(
    "range",
    `${op}: ${name}[${bad}] is ${shown(ids[bad])}; give whole numbers, as a tokenizer's encode() makes them.`,
  );
}

/** The index of the first value that is not an integer of int32, or -1. */
export function firstNotInt32(list: ArrayLike<unknown>): number {
  for (let i = 0; i < list.length; i++) {
    const value = list[i];
    if (typeof value !== "number" || value !== (value | 0)) return i;
  }
  return -1;
}

/** The kind of a value, for a message: `null`, `undefined`, `an array`, `a Map`, `an object`, `a number`. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  if (Array.isArray(value)) return "an array";
  const name: unknown = Object(value).constructor?.name;
  if (typeof name !== "string" || name === "" || name === "Object") return "an object";
  return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

/** The text, when it is one. */
export function checkText(op: string, text: string, name = "the text"): string {
  if (typeof text !== "string") throw new SeqgradError("value", `${op}: ${name} is ${kindOf(text)}; give a string.`);
  return text;
}
