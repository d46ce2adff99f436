import * as sg from "../../src/index.js";
import type { Device } from "../../src/tensor/device.js";

/** Something that a caller may hand over by mistake, made again for each call. */
export interface Junk {
  readonly name: string;
  readonly make: () => unknown;
}

const junk = (name: string, make: () => unknown): Junk => ({ name, make });

/** What fits hardly any argument. `other` is a device beside the default one. */
export const junkOf = (other: Device): readonly Junk[] => [
  junk("undefined", () => undefined),
  junk("null", () => null),
  junk("true", () => true),
  junk("0", () => 0),
  junk("-1", () => -1),
  junk("1.5", () => 1.5),
  junk("NaN", () => Number.NaN),
  junk("-Infinity", () => Number.NEGATIVE_INFINITY),
  junk("1e9", () => 1e9),
  junk("2 ** 31", () => 2 ** 31),
  junk("2 ** 53", () => 2 ** 53),
  junk('""', () => ""),
  junk('"x"', () => "x"),
  junk('"__proto__"', () => "__proto__"),
  junk('"\\ud800"', () => "\ud800"),
  junk("a symbol", () => Symbol("s")),
  junk("5n", () => 5n),
  junk("a function", () => () => undefined),
  junk("a class", () => class Nothing {}),
  junk("[]", () => []),
  junk("[1, 2]", () => [1, 2]),
  junk("[null]", () => [null]),
  junk("[NaN]", () => [Number.NaN]),
  junk("[a symbol]", () => [Symbol("in")]),
  junk('["a", "b"]', () => ["a", "b"]),
  junk("[[1, 2], [3]]", () => [[1, 2], [3]]),
  junk("a sparse array", () => new Array(3)),
  junk("{}", () => ({})),
  junk("{ unknown }", () => ({ unknown: 1 })),
  junk("an object without prototype", () => Object.create(null)),
  junk("{ length: -1 }", () => ({ length: -1 })),
  junk("{ length: 1e12 }", () => ({ length: 1e12 })),
  junk("a frozen object", () => Object.freeze({ shape: [2], data: [1, 2] })),
  junk("a proxy", () => new Proxy({}, {})),
  junk("a Map", () => new Map([["a", 1]])),
  junk("a Set", () => new Set([1])),
  junk("a Date", () => new Date(0)),
  junk("a promise", () => Promise.resolve(1)),
  junk("a Float64Array", () => Float64Array.of(0.5, Number.NaN)),
  junk("a Uint8Array", () => Uint8Array.of(255, 0)),
  junk("a BigInt64Array", () => BigInt64Array.of(1n)),
  junk("a DataView", () => new DataView(new ArrayBuffer(4))),
  junk("a float32 tensor", () => sg.ones([2, 2])),
  junk("an int32 tensor", () => sg.tensor(Int32Array.of(5, -1))),
  junk("a scalar tensor", () => sg.ones([])),
  junk("an empty tensor", () => sg.zeros([0])),
  junk("a view", () => sg.transpose(sg.ones([3, 2]))),
  junk("a tensor of another device", () => sg.ones([2, 2], { device: other })),
  junk("a tensor that is gone", () => {
    const x = sg.ones([2]);
    x.dispose();
    return x;
  }),
  junk("a layer", () => new sg.nn.Linear(2, 2)),
  junk("a tensor's class", () => sg.Tensor),
];

/** Where a value stands in the arguments: the argument's number, then names and numbers inside it. */
export type Place = readonly (number | string)[];

/** An object as `{ .. }` makes it: options, a config, an example. */
export const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** Each argument, each entry of an object or a list among them, and the same one level further in. */
export function placesIn(args: readonly unknown[], depth = 3): Place[] {
  const within = (value: unknown, left: number): Place[] => {
    if (left === 0) return [];
    const keys = Array.isArray(value) ? (value.length > 0 ? [0] : []) : isPlain(value) ? Object.keys(value) : [];
    return keys.flatMap((key) => [
      [key],
      ...within((value as Record<string | number, unknown>)[key], left - 1).map((rest) => [key, ...rest]),
    ]);
  };
  return args.flatMap((value, i) => [[i], ...within(value, depth - 1).map((rest) => [i, ...rest])]);
}

/** A copy of the list or object with another value in a place of it. */
export function withValue<T>(whole: T, [key, ...rest]: Place, value: unknown): T {
  if (key === undefined) return value as T;
  const copy = Array.isArray(whole) ? [...whole] : { ...whole };
  const parts = copy as Record<string | number, unknown>;
  parts[key] = withValue(parts[key], rest, value);
  return copy as T;
}

export const valueAt = (whole: unknown, place: Place): unknown =>
  place.reduce<unknown>((part, key) => (part as Record<string | number, unknown>)[key], whole);

const codes = ["shape", "dtype", "range", "value", "state", "not-finite", "device", "memory", "format", "io"];

/** Calls and takes what it answers, as far as its third item. Returns what was thrown. */
export async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await settle(await call());
    return undefined;
  } catch (error) {
    return error ?? "nothing";
  }
}

/** What is wrong with an error, if anything: users are promised a SeqgradError, with a code and a message. */
export function faultIn(error: unknown): string | undefined {
  // A class where a function is expected is the caller's function, which throws its own error.
  if (error instanceof TypeError && /^Class constructor \w+ cannot be invoked/.test(error.message)) return undefined;
  if (!(error instanceof sg.SeqgradError)) return error instanceof Error ? `${error.name}: ${error.message}` : `threw ${typeof error}`;
  if (!codes.includes(error.code)) return `the code ${String(error.code)}`;
  const isRaw = /\[object |Cannot (read|convert)|is not (a function|iterable)|Invalid (array|typed)/.test(error.message);
  return isRaw || error.message.length < 12 ? `an unclear message: ${error.message}` : undefined;
}

async function settle(value: unknown): Promise<void> {
  if (!(Symbol.iterator in Object(value) || Symbol.asyncIterator in Object(value))) return;
  const { next, return: end } = value as Partial<AsyncIterator<unknown> & Iterator<unknown>>;
  if (typeof next !== "function") return;
  for (let i = 0; i < 3; i++) if ((await next.call(value)).done) return;
  await end?.call(value);
}
