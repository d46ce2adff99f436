import { beforeAll, describe, expect, test } from "vitest";
import * as leaving from "../../src/export/index.js";
import * as sg from "../../src/index.js";
import { createDevice, type Device, init } from "../../src/tensor/device.js";
import { layerCalls } from "../helpers/calls/layers.js";
import { operationCalls } from "../helpers/calls/operations.js";
import { subjects, textCalls } from "../helpers/calls/texts.js";
import { full } from "../helpers/full.js";
import { faultIn, isPlain, type Junk, junkOf, placesIn, thrownBy, valueAt, withValue } from "../helpers/junk.js";

const calls = { ...operationCalls, ...layerCalls, ...textCalls };

/** One function of the public API. */
interface Entry {
  readonly name: string;
  readonly args: () => readonly unknown[];
  readonly call: (args: readonly unknown[]) => unknown;
}

type Class = (new (...args: never[]) => object) & Record<string, unknown>;
const isFunction = (value: unknown): value is (...args: readonly unknown[]) => unknown => typeof value === "function";
const isClass = (value: unknown): value is Class => isFunction(value) && /^class\b/.test(Function.prototype.toString.call(value));

/** What TypeScript calls protected. */
const protectedNames =
  /^(abandon|update|attend|projectKeys|piecesOf|idsOf|textOf|sequence|run|part|feedForward|itemOf|padded|decoder|checkExamples|checkInputs|course|inputOf|firstState|decoding|file|expire|leave|place)$/;
const isHidden = (name: string, method: string) => protectedNames.test(method) && !calls[`${name}.${method}`];

/** Every exported function, constructor, static function and method, by its path. */
function exported(space: object = { ...sg, ...leaving }, path = ""): Entry[] {
  return Object.entries(space).flatMap(([key, value]) => {
    const name = path + key;
    if (isClass(value)) return membersOf(name, value);
    if (isFunction(value)) return [entry(name, value.length, (args) => value(...args))];
    return isPlain({ ...(value as object) }) && /^[a-z]+$/.test(key) && !Array.isArray(value) && typeof value === "object"
      ? exported(value as object, `${name}.`)
      : [];
  });
}

const classes = new Set([sg.nn.Module, sg.optim.Optimizer].map((shared) => shared.prototype as object));

function membersOf(name: string, made: Class): Entry[] {
  const entries: Entry[] = [];
  if (calls[`new ${name}`]) entries.push(entry(`new ${name}`, 0, (args) => Reflect.construct(made, [...args])));
  else if (!subjects[name]) uncalled.add(`new ${name}`);
  for (const key of Object.getOwnPropertyNames(made)) {
    const value = made[key];
    if (isFunction(value)) entries.push(entry(`${name}.${key}`, value.length, (args) => value.apply(made, [...args])));
  }
  const seen = new Set<string>();
  for (let at = made.prototype as object; at && at !== Object.prototype && at !== Map.prototype; at = Object.getPrototypeOf(at)) {
    if (at !== made.prototype && classes.has(at)) break;
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (!isFunction(value) || key === "constructor" || seen.has(key) || isHidden(name, key)) continue;
      seen.add(key);
      entries.push(entry(`${name}.${key}`, value.length, (args) => value.apply(subjectOf(name, made), [...args])));
    }
  }
  return entries;
}

const subjectOf = (name: string, made: Class): unknown =>
  subjects[name] ? subjects[name]!() : Reflect.construct(made, [...(calls[`new ${name}`]?.() ?? [])]);

/** What test/helpers/calls has no call of. */
const uncalled = new Set<string>();

function entry(name: string, length: number, call: Entry["call"]): Entry {
  const args = calls[name] ?? calls[name.replace(/Async$/, "")] ?? (length === 0 ? () => [] : undefined);
  if (!args) uncalled.add(name);
  return { name, args: args ?? (() => []), call };
}

/** Functions whose call is refused, without a file or a tensor that fits. */
const isRefused =
  /fromSaved|fromHuggingFace|loadModel|tasks\.load|Optimizer\.(loadStateDict|step)|Tensor\.item|Seq2Seq\.next|new text.BagOfWords/;

/** Objects that are not options but data, devices, models or states, which may hold more than what is read. */
const isData =
  /^(io|models\.\w+\.(loss|forward|encode|decode|greedy|release|step|stepRows|next)|new models\.RecurrentDecoding|tasks\.\w+\.\w+\(0|tasks\.load)|device$|\.to\(|store$|JSON|reads|state$|RandomGenerator\.restore|(new SeqgradError|parameter)\(2|(memory|withDevice|maskTokens|SeriesScaler\.fit\w*|seriesWindows|nn\.Embedding\.fromVectors|generate|beamSearch)\(0|(viterbi|fit)\(1|crfLoss\(2|trainTokenizer\(0/;

/** Questions that have an answer for everything, and functions whose message begins with the name of the file that they read. */
const takesAnything = /^new SeqgradError$|^nn\.Sequential\.forward$|\.(has|idOf|countOf|reads|leave)$|^data\.parse/;

/** Parts of devices, of what a caller of internals made, of a JSON file, and items of any kind: nothing reads them, or anything does. */
const isUnread =
  /(\b(device|[02])\.(type|variant|info|threads|destroy)|\.line|\.continues)$|^new (Tensor|nn\.ParameterTable|models\.RecurrentDecoding)\(|^(io\.saveModel|text\.\w+\.fromJSON|text\.tokenizerFromJSON)\(|^(new data\.DataLoader|data\.splitItems|RandomGenerator\.shuffle|metrics\.accuracy)\([01]\.|^tasks\.SpeechRecognizer\.check\(|^new text\.TextStream\(1\.|^text\.WordTokenizer\.training\(1/;

/** What takes a user at the word: how long to go on. */
const asLongAsTold = /\b(steps|epochs|maxTokens|iterations)$/;

let made: Device;
let other: Device;
beforeAll(async () => {
  made = await init({ device: "wasm", deterministic: true, memoryLimit: 2 ** 28 });
  other = await createDevice({ device: "reference" });
});

/** Tries the junk in each place of the arguments of a call that works. Returns what is not as promised. */
async function walk({ name, args, call }: Entry, junk: readonly Junk[], offset: number, every: number): Promise<string[]> {
  const faults: string[] = [];
  let count = offset;
  for (const place of placesIn(args())) {
    for (const { name: shown, make } of junk) {
      if (count++ % every !== 0) continue;
      if (/^(1e9|2 \*\*)/.test(shown) && asLongAsTold.test(String(place.at(-1)))) continue;
      const where = `${name}(${place.join(".")}: ${shown})`;
      const error = await thrownBy(() => call(withValue(args(), place, make())));
      const fault = error === undefined ? undefined : faultIn(error);
      if (fault) faults.push(`${where}: ${fault}`);
    }
  }
  return faults;
}

describe("every export", () => {
  test("works as its call is written, and refuses an option that there is not", async () => {
    const faults: string[] = [];
    const entries = exported();
    expect([...uncalled]).toEqual([]);
    for (const { name, args, call } of entries) {
      if (isRefused.test(name)) continue;
      const error = await thrownBy(() => call(args()));
      if (error) faults.push(`${name}: ${String(error)}`);
      for (const place of placesIn(args())) {
        if (!isPlain(valueAt(args(), place))) continue;
        const options = { ...(valueAt(args(), place) as object), unknownOption: 1 };
        if (isData.test(`${name}(${place.join(".")}`)) continue;
        const error = await thrownBy(() => call(withValue(args(), place, options)));
        const fault = error === undefined ? "it was accepted" : faultIn(error);
        if (fault) faults.push(`${name}(${place.join(".")}: { unknownOption }): ${fault}`);
      }
    }
    expect(faults).toEqual([]);
  });

  test("names the function, or the class, in the error about its first argument", async () => {
    const faults: string[] = [];
    for (const { name, args, call } of exported()) {
      if (args().length === 0 || takesAnything.test(name)) continue;
      const error = await thrownBy(() => call(withValue(args(), [0], Symbol("junk"))));
      const owners = name
        .replace(/^new /, "")
        .replace(/Async$/, "")
        .split(".")
        .slice(-2)
        .filter((owner, i, { length }) => i === length - 1 || /^[A-Z]/.test(owner))
        .map((owner) => owner.toLowerCase());
      const where = error instanceof sg.SeqgradError ? error.message.slice(0, error.message.indexOf(": ")).toLowerCase() : undefined;
      if (where === undefined || !owners.some((owner) => where.includes(owner))) faults.push(`${name}: ${String(error)}`);
    }
    expect(faults).toEqual([]);
  });

  test("refuses a symbol in every place of its arguments", async () => {
    const faults: string[] = [];
    for (const { name, args, call } of exported()) {
      if (takesAnything.test(name)) continue;
      for (const place of placesIn(args())) {
        const where = `${name}(${place.join(".")}`;
        if (isUnread.test(where)) continue;
        const error = await thrownBy(() => call(withValue(args(), place, Symbol("junk"))));
        const fault = error === undefined ? "it was accepted" : faultIn(error);
        if (fault) faults.push(`${where}: a symbol): ${fault}`);
      }
    }
    expect(faults).toEqual([]);
  });

  const tryAll = async (every: number) => {
    const junk = junkOf(other);
    const faults: string[] = [];
    for (const [i, each] of exported().entries()) faults.push(...(await walk(each, junk, i, every)));
    expect(made.type).toBe("wasm");
    expect(faults).toEqual([]);
  };

  test("answers or refuses by a SeqgradError what it is given, a part of it", () => tryAll(79));
  full(() => test("answers or refuses by a SeqgradError what it is given, a larger part", () => tryAll(5)));
});
