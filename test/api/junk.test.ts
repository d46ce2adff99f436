import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { type ValidCall, validCalls } from "./valid-calls.js";

/** Folders whose arguments are not checked yet: take a name out when they are, and add its functions to valid-calls.ts. */
const notYet = new Set(["text", "data", "metrics", "io", "tasks"]);

/** Of the flat exports, the folder of those that are not tensors, operations and the like. */
const folders: Readonly<Record<string, object>> = {
  text: await import("../../src/text/index.js"),
  data: await import("../../src/data/index.js"),
};

await sg.init({ device: "wasm" });

class Stranger {
  readonly length = "3";
  readonly shape = 3;
}

const disposed = sg.zeros([2]);
disposed.dispose();
const kept = sg.ones([2, 3]);
const sparse: unknown[] = [1];
sparse[3] = 2;

/** What no function wants, and a few things that some do. */
const junk: readonly unknown[] = [
  ...[undefined, null, 3, "x", {}, [], Symbol("s"), 2n, Object.create(null), () => 1, Number.NaN, -1, true, 1e9, 0.5],
  ...[kept, disposed, new Stranger(), "__proto__", sparse, { length: -1 }, [null], [Symbol("s")], new Map(), { constructor: 3 }, [[]]],
];

const isClass = (value: unknown) => typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
const isNamespace = (value: unknown): value is Record<string, unknown> => Object.prototype.toString.call(value) === "[object Module]";

/** The functions and classes of the API by dotted name. */
function* exportsOf(space: Readonly<Record<string, unknown>>, prefix = ""): Generator<[string, (...args: unknown[]) => unknown]> {
  for (const [name, value] of Object.entries(space)) {
    if (isNamespace(value)) yield* exportsOf(value, `${prefix}${name}.`);
    else if (typeof value === "function") yield [prefix + name, value as (...args: unknown[]) => unknown];
  }
}

const folderOf = (name: string): string => {
  const [first] = name.split(".");
  return name.includes(".") ? first! : (Object.keys(folders).find((folder) => name in folders[folder]!) ?? "");
};

/** Not methods for a caller: TypeScript calls them protected. */
const hidden = new Set("constructor prototype run attend projectKeys part feedForward sequence update decoding firstState".split(" "));

/** Where an object's own methods end. */
const _inherited = new Set<object>([Object.prototype, Function.prototype, Map.prototype, Map, Error.prototype, Error]);

/** The names of an object's methods, those that it inherits included, and accessors, which are read. */
function methodsOf(object: object): string[] {
  const names = new Set<string>();
  for (
    let at = object;
    at && at !== Object.prototype && at !== Function.prototype && at !== Map.prototype && at !== Error.prototype;
    at = Object.getPrototypeOf(at)
  )
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (typeof value === "function" && !hidden.has(name)) names.add(name);
  return [...names];
}

/** What a call ends with, when it is not a value or a SeqgradError. */
async function faultOf(act: () => unknown): Promise<string | undefined> {
  try {
    let result = act();
    if (result instanceof Promise) result = await result;
    const iterator = (result as Partial<AsyncGenerator> | undefined)?.[Symbol.asyncIterator]?.();
    if (iterator) await iterator.next().finally(() => iterator.return?.(undefined));
    return undefined;
  } catch (error) {
    if (error instanceof sg.SeqgradError) return typeof error.message === "string" ? undefined : "no message";
    return `${(error as Error)?.name}: ${(error as Error)?.message}\n${String((error as Error)?.stack)
      .split("\n")
      .slice(1, 4)
      .join("\n")}`;
  }
}

const shown = (value: unknown) => {
  try {
    return typeof value === "symbol" || typeof value === "function"
      ? String(value)
      : `${typeof value} ${JSON.stringify(value)}`.slice(0, 40);
  } catch {
    return `${typeof value} ${Object.prototype.toString.call(value)}`;
  }
};

/** The faults of a function that is called with junk in each of its places, the others being right, and in its first alone. */
async function faultsOf(
  name: string,
  target: () => (...args: unknown[]) => unknown,
  valid: ValidCall["args"] | undefined,
): Promise<string[]> {
  const faults: string[] = [];
  const count = Math.max(valid?.().length ?? 1, 1);
  const attempt = async (what: string, argsOf: () => unknown[]) => {
    const fault = await faultOf(() => {
      // A scope, so that what is made does not stay; a promise is awaited outside it, so what leads to one is not in a scope.
      const [f, args] = [target(), argsOf()];
      return f(...args);
    });
    if (fault) faults.push(`${name}(${what}): ${fault}`);
  };
  await attempt("", () => []);
  for (const bad of junk) {
    await attempt(`${shown(bad)} alone`, () => [bad]);
    for (let place = 0; place < count && valid; place++)
      await attempt(`${shown(bad)} as argument ${place}`, () => valid().with(place, bad));
  }
  return faults;
}

describe("every export", () => {
  const all = [...exportsOf(sg as unknown as Record<string, unknown>)];

  test("has a valid call here, or is in a folder that is not yet checked", () => {
    const missing = all.map(([name]) => name).filter((name) => !validCalls[name] && !notYet.has(folderOf(name)));
    expect(missing).toEqual([]);
    expect(Object.keys(validCalls).filter((name) => !all.some(([known]) => known === name))).toEqual([]);
  });

  for (const [name, value] of all) {
    const valid = validCalls[name];
    if (!valid) {
      test.todo(`${name} answers junk by a value or a SeqgradError`);
      continue;
    }
    test(`${name} answers junk by a value or a SeqgradError`, async () => {
      const isNew = isClass(value);
      const make = (...args: unknown[]) => (isNew ? Reflect.construct(value, args) : value(...args));
      const faults = await faultsOf(name, () => make, valid.args);
      const device = sg.defaultDevice();
      if (isNew) {
        // Abstract classes have no instance of their own.
        for (const method of methodsOf(value)) {
          const of = value as unknown as Record<string, (...args: unknown[]) => unknown>;
          faults.push(...(await faultsOf(`${name}.${method}`, () => of[method]!.bind(value), valid.methods?.[method])));
        }
        if (!["nn.Module", "optim.Optimizer"].includes(name)) {
          for (const method of methodsOf(make(...valid.args()) as object)) {
            let shared = make(...valid.args()) as Record<string, (...args: unknown[]) => unknown>;
            const target = () => {
              if (/dispose|place|^to$|load/.test(method)) shared = make(...valid.args()) as typeof shared;
              return (...args: unknown[]) => shared[method]!(...args);
            };
            faults.push(...(await faultsOf(`${name}().${method}`, target, valid.methods?.[method])));
          }
        }
      }
      expect(sg.defaultDevice()).toBe(device);
      expect(faults.join("\n")).toBe("");
    });
  }

  test("works with the calls that are called valid", async () => {
    const faults: string[] = [];
    for (const [name, value] of all) {
      const valid = validCalls[name];
      if (!valid || ["nn.Module", "optim.Optimizer"].includes(name)) continue;
      try {
        const made = isClass(value)
          ? Reflect.construct(value, valid.args())
          : await (value as (...args: unknown[]) => unknown)(...valid.args());
        for (const [method, args] of Object.entries(valid.methods ?? {})) {
          if (["loadStateDict", "stepRows", "step"].includes(method)) continue;
          const owner = method in made ? made : value;
          await (owner as Record<string, (...args: unknown[]) => unknown>)[method]!(...args());
        }
      } catch (error) {
        faults.push(`${name}: ${error}`);
      }
    }
    expect(faults).toEqual([]);
  });
});
