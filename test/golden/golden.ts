/// <reference types="vite/client" />
import { toTensorValue } from "../../src/io/dtypes.js";
import { parseSafetensors } from "../../src/io/safetensors.js";
import type { TensorValue } from "../../src/tensor/value.js";
import { fnv1a } from "../helpers/fnv1a.js";

/**
 * Reads the PyTorch fixtures that make.py writes: cases with inputs, and what PyTorch computed from them. Runs in Node and in a browser.
 * The forms of a case, a spec and a result are described in fixtures/group.py and fixtures/data.py.
 */

export interface Spec {
  readonly shape: readonly number[];
  readonly dtype?: "float32" | "int32";
  readonly scale?: number;
  readonly offset?: number;
  readonly magnitude?: boolean;
  readonly low?: number;
  readonly high?: number;
  readonly skewed?: boolean;
  readonly values?: readonly number[];
  /** No gradient is asked of it. */
  readonly constant?: boolean;
}

export interface Result {
  readonly shape: readonly number[];
  readonly dtype?: "int32";
  /** Of a sampled array: every `stride`-th element is stored, with the magnitude of the largest and the product with key "dot". */
  readonly stride?: number;
  readonly max?: number;
  readonly dot?: number;
}

export interface Case {
  readonly name: string;
  /** The op, layer or optimizer by seqgrad's name. */
  readonly call: string;
  readonly args: readonly unknown[];
  readonly forward?: readonly unknown[];
  /** Of a layer, where it is not forward. */
  readonly method?: string;
  readonly inputs: Readonly<Record<string, Spec>>;
  readonly parameters?: Readonly<Record<string, Spec>>;
  readonly outputs?: Readonly<Record<string, Result>>;
  readonly gradients?: Readonly<Record<string, Result>>;
}

export interface OptimizerCase extends Case {
  readonly losses: readonly number[];
}

export interface ScheduleCase extends Case {
  readonly lr: number;
  /** The rate of each step; `metrics[k]` is reported after step k. */
  readonly lrs: readonly number[];
  readonly metrics?: readonly number[];
}

/** The one argument is the model: `cell`, `vocabulary`, `embed`, `hidden`, `outputs`, `numLayers`. */
export interface CurveCase extends Case {
  readonly optimizer: Readonly<Record<string, unknown>>;
  readonly losses: readonly number[];
}

export interface StateCase extends Case {
  readonly file: string;
}

export interface Values {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface Expected extends Result {
  readonly label: string;
  readonly stored: ArrayLike<number>;
}

const files = import.meta.glob<string>("./data/*", { query: "?url&inline", import: "default" });

/** The names of the files in data/. */
export const fileNames = Object.keys(files).map((path) => path.slice("./data/".length));

export async function fileBytes(name: string): Promise<Uint8Array> {
  const url = files[`./data/${name}`];
  if (!url) throw new Error(`test/golden/data has no ${name}: run make.py`);
  return new Uint8Array(await (await fetch(await url())).arrayBuffer());
}

export class Golden<C extends Case = Case> {
  constructor(
    readonly group: string,
    readonly cases: readonly C[],
    private readonly tensors: ReadonlyMap<string, Values>,
  ) {}

  /** The data of every input of a case. */
  inputs(c: C): Map<string, Values> {
    return this.generated(c, c.inputs);
  }

  /** The data of every parameter, by PyTorch's names. */
  parameters(c: C): Map<string, Values> {
    return this.generated(c, c.parameters ?? {});
  }

  /** dLoss/dy of the output `name`: the loss is the sum of outputs times upstreams. */
  upstream(c: C, name: string): Values {
    const { shape } = this.result(c, name);
    return { shape, data: generate(`${this.group}/${c.name}/d.${name}`, shape) };
  }

  output(c: C, name: string): Expected {
    return this.expected(c, name, this.result(c, name));
  }

  /** Of an input or a parameter. */
  gradient(c: C, name: string): Expected {
    return this.expected(c, `d.${name}`, c.gradients?.[name]);
  }

  private generated(c: C, specs: Readonly<Record<string, Spec>>): Map<string, Values> {
    return new Map(
      Object.entries(specs).map(([name, spec]) => [
        name,
        { shape: spec.shape, data: generate(`${this.group}/${c.name}/${name}`, spec.shape, spec) },
      ]),
    );
  }

  private result(c: C, name: string): Result {
    const result = c.outputs?.[name];
    if (!result) throw new Error(`${this.group}/${c.name} has no output ${name}`);
    return result;
  }

  private expected(c: C, name: string, result: Result | undefined): Expected {
    const label = `${this.group}/${c.name}/${name}`;
    const stored = this.tensors.get(`${c.name}/${name}`)?.data;
    if (!result || !stored) throw new Error(`no result ${label}`);
    return { ...result, label, stored };
  }
}

export async function loadGolden<C extends Case = Case>(group: string): Promise<Golden<C>> {
  const cases: C[] = JSON.parse(new TextDecoder().decode(await fileBytes(`${group}.json`)));
  const file = `${group}.safetensors`;
  return new Golden(group, cases, fileNames.includes(file) ? readTensors(await fileBytes(file)) : new Map());
}

/** `args` with each string "$name" replaced by what `tensors` has under that name, also within lists and options. */
export function resolve<T>(args: readonly unknown[], tensors: ReadonlyMap<string, T>): unknown[] {
  const visit = (value: unknown): unknown => {
    if (typeof value === "string" && value.startsWith("$")) {
      if (!tensors.has(value.slice(1))) throw new Error(`no tensor ${value}`);
      return tensors.get(value.slice(1));
    }
    if (Array.isArray(value)) return value.map(visit);
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, v]) => [name, visit(v)]));
    return value;
  };
  return args.map(visit);
}

/** The array of a key: see fixtures/data.py, which this equals bit for bit. */
export function generate(key: string, shape: readonly number[], spec?: Omit<Spec, "shape" | "dtype">): Float32Array<ArrayBuffer>;
export function generate(
  key: string,
  shape: readonly number[],
  spec?: Omit<Spec, "shape">,
): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
export function generate(key: string, shape: readonly number[], spec: Omit<Spec, "shape"> = {}) {
  const { scale = 1, offset = 0, low = 0, high } = spec;
  const n = elements(shape);
  const y = spec.dtype === "int32" ? new Int32Array(n) : new Float32Array(n);
  if (spec.values) {
    y.set(spec.values);
    return y;
  }
  const seed = fnv1a(new TextEncoder().encode(key));
  for (let i = 0; i < n; i++) {
    const word = mix(seed + Math.imul(i, 0x9e3779b9));
    if (high === undefined) {
      const number = (word >>> 8) / 2 ** 23 - 1;
      y[i] = (spec.magnitude ? Math.abs(number) : number) * scale + offset;
    } else {
      const u = word / 2 ** 32;
      y[i] = low + Math.floor((high - low) * (spec.skewed ? u * u : u));
    }
  }
  return y;
}

/** The finalizer of MurmurHash3. */
function mix(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The project's bound on any op or layer against PyTorch in float32, times max(1, largest magnitude). */
const bound = 1e-5;

/**
 * Throws unless `actual` has the expected shape and each element lies within 1e-5 max(1, largest magnitude); integers must be equal.
 * Of a sampled array the stored elements, the largest magnitude and the dot product are compared; errors of the allowed size and of
 * any sign pattern but the dot vector's own add up in the product like a random walk, hence its bound grows with the root of n.
 */
export function expectGolden(actual: Values, expected: Expected): void {
  const fail = (what: string, got: unknown, value: unknown, within = 0): never => {
    throw new Error(`${expected.label}: ${what} is ${got}, PyTorch has ${value}${within ? ` (allowed: ${within})` : ""}`);
  };
  const n = elements(expected.shape);
  const { data } = actual;
  const { stored, stride = 1 } = expected;
  if (String(actual.shape) !== String(expected.shape)) fail("the shape", `[${actual.shape}]`, `[${expected.shape}]`);
  if (data.length !== n) fail("the number of elements", data.length, n);

  const largest = expected.max ?? magnitude(stored);
  const within = expected.dtype === "int32" ? 0 : bound * Math.max(1, largest);
  for (let i = 0; i < stored.length; i++) {
    const got = data[i * stride]!;
    const value = stored[i]!;
    if (!(Math.abs(got - value) <= within) && !Object.is(got, value)) fail(`element ${i * stride}`, got, value, within);
  }
  if (expected.max !== undefined) {
    const got = magnitude(data);
    if (!(Math.abs(got - largest) <= within)) fail("the largest magnitude", got, largest, within);
  }
  if (expected.dot !== undefined) {
    const vector = generate("dot", [n]);
    let dot = 0;
    for (let i = 0; i < n; i++) dot += data[i]! * vector[i]!;
    const allowed = bound * Math.max(1, largest) * Math.sqrt(n);
    if (!(Math.abs(dot - expected.dot) <= allowed)) fail("the dot product", dot, expected.dot, allowed);
  }
}

/** NaN where an element is. */
function magnitude(x: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]!));
  return largest;
}

function elements(shape: readonly number[]): number {
  return shape.reduce((n, d) => n * d, 1);
}

/** The tensors of a file in data/, as float32 or int32. */
export function readTensors(bytes: Uint8Array): Map<string, TensorValue> {
  return new Map(Array.from(parseSafetensors(bytes), ([name, tensor]) => [name, toTensorValue(name, tensor)]));
}
