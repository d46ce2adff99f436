import { describe, expect, test, vi } from "vitest";
import { type KernelName, type KernelRow, kernels } from "../../src/backend/kernels.js";
import { apply, type Operation, type SampleInput, samplesOf } from "../../src/ops/define-op.js";
import { add, copyOf, expand, flip, mul, permute, reshape, slice, sum } from "../../src/ops/index.js";
import { full as filled, tensor } from "../../src/tensor/create.js";
import { createDevice, type Device, withDevice } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { stridesOf } from "../../src/util/shape.js";
import { everywhere, forEachDevice, openDevice, variants, wasmDevice } from "../helpers/devices.js";
import { fnv1a } from "../helpers/fnv1a.js";
import { full } from "../helpers/full.js";
import { expectClose, normals } from "../helpers/numbers.js";
import { ownOperations } from "../helpers/own-operations.js";
import { canShare, threadedDevice } from "../helpers/threads.js";

type Numbers = ArrayLike<number>;
type ByName<T> = Readonly<Record<string, T>>;
/** Makes the outputs of an operation from its inputs. */
type Compute = (inputs: ByName<Tensor>) => ByName<Tensor>;

interface Drawn {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  readonly data: Numbers;
  readonly requiresGrad: boolean;
}

interface Results {
  /** The float outputs and the integer ones that the composition has too. */
  readonly outputs: ByName<Numbers>;
  /** dLoss/dinput of each float input; undefined where none came. */
  readonly gradients: ByName<Numbers | undefined>;
}

const reference = await createDevice({ device: "reference" });

const mapped = <T, U>(values: ByName<T>, change: (value: T, name: string, i: number) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(values).map(([name, value], i) => [name, change(value, name, i)]));

/** The same when all of them have come. */
const settled = async <T>(pending: ByName<T>): Promise<Record<string, Awaited<T>>> => {
  const values = await Promise.all(Object.values(pending));
  return mapped(pending, (_, _name, i) => values[i]!);
};

/** Numbers that depend on the key alone, so that every harness and every run draws the same. */
const seeded = (key: string, n: number) => normals(n, fnv1a(new TextEncoder().encode(key)));

/** The middle of a number's 1024th: away from whole numbers, at which functions have kinks, by more than a finite difference moves. */
const offGrid = (v: number) => (Math.floor(v * 1024) + 0.5) / 1024;

function draw(key: string, spec: SampleInput): Drawn {
  const { shape, ...kind } = "shape" in spec ? spec : { shape: spec };
  const normal = seeded(
    key,
    shape.reduce((a, b) => a * b, 1),
  );
  // The fraction of many deviations is as good as uniform.
  const unit = normal.map((v) => v * 64 - Math.floor(v * 64));
  if ("below" in kind) {
    const { least = 0 } = kind;
    return { shape, dtype: "int32", requiresGrad: false, data: Int32Array.from(unit, (u) => least + Math.floor(u * (kind.below - least))) };
  }
  const numbers = "from" in kind ? unit.map((u) => kind.from + u * (kind.to - kind.from)) : normal;
  return { shape, dtype: "float32", requiresGrad: !("constant" in kind), data: numbers.map(offGrid) };
}

const label = (op: Operation, i: number) => `${op.name}, sample ${i}`;

const samples = new Map<string, ByName<Drawn>>();

/** The inputs of an operation's sample, drawn once. */
function drawn(op: Operation, i: number): ByName<Drawn> {
  const key = label(op, i);
  const inputs = samples.get(key) ?? mapped(samplesOf(op)[i]!.inputs, (spec, _, k) => draw(`${key}, input ${k}`, spec));
  samples.set(key, inputs);
  return inputs;
}

const plain = ({ data, shape, dtype }: Drawn) => tensor(Array.from(data), shape, { dtype });

/** A leaf that lies as its view of what was drawn. */
function leafOf({ requiresGrad }: Drawn, view: Tensor): Tensor {
  const leaf = view.detach();
  leaf.requiresGrad = requiresGrad;
  return leaf;
}

/** The loss that has the random upstream gradient of `key` for each output through which one can flow. */
function loss(key: string, outputs: ByName<Tensor>): Tensor | undefined {
  const terms = Object.values(outputs).flatMap((y, i) =>
    y.tracksGradient ? [sum(mul(y, tensor(seeded(`${key}, upstream ${i}`, y.size), y.shape)))] : [],
  );
  return terms.length > 0 ? terms.reduce((a, b) => add(a, b)) : undefined;
}

/** Outputs, those of `names` or all, and the gradients of a random loss of theirs, from views of what was drawn. */
async function evaluate(
  device: Device,
  key: string,
  inputs: ByName<Drawn>,
  names: readonly string[] | undefined,
  compute: Compute,
  view: (drawn: Drawn) => Tensor = plain,
): Promise<Results> {
  const pending = withDevice(device, () =>
    scope(() => {
      const leaves = mapped(inputs, (x) => leafOf(x, view(x)));
      const made = compute(leaves);
      const outputs = names ? Object.fromEntries(names.map((name) => [name, made[name]!])) : made;
      loss(key, outputs)?.backward();
      return { outputs: mapped(outputs, (y) => y.data()), gradients: mapped(leaves, (x) => x.grad?.data()) };
    }),
  );
  return { outputs: await settled(pending.outputs), gradients: await settled(pending.gradients) };
}

const references = new Map<string, Promise<Results>>();

/** What the reference answers, computed once for all devices and harnesses. */
function answers(
  name: string,
  key: string,
  inputs: ByName<Drawn>,
  outputs: readonly string[] | undefined,
  compute: Compute,
): Promise<Results> {
  const results = references.get(name) ?? evaluate(reference, key, inputs, outputs, compute);
  references.set(name, results);
  return results;
}

/** A fused operation's saved outputs are its own affair: these are everybody's. */
const shared = new Map<string, readonly string[]>();

async function oracle(op: Operation, i: number): Promise<Results> {
  const key = label(op, i);
  const results = await answers(key, key, drawn(op, i), undefined, (inputs) => apply(op, inputs, samplesOf(op)[i]!.attrs));
  shared.set(op.name, Object.keys(results.outputs));
  return results;
}

function expectSame(actual: Results, expected: Results, key: string): void {
  for (const [k, y] of Object.entries(expected.outputs)) expectClose(actual.outputs[k]!, y, 1e-5, `${key}: output ${k},`);
  for (const [k, dx] of Object.entries(expected.gradients)) {
    expect(actual.gradients[k] === undefined, `${key}: whether input ${k} has a gradient`).toBe(dx === undefined);
    if (dx) expectClose(actual.gradients[k]!, dx, 1e-5, `${key}: gradient of input ${k},`);
  }
}

/** Elements of a sample's inputs up to which it is also fed in every layout. */
const SMALL = 2500;

/** A view of more memory than it shows, what lies between its elements being garbage, made by `view` of what lies there. */
function hidden(
  { data, shape, dtype }: Drawn,
  more: (n: number) => number,
  at: (i: number) => number,
  view: (x: Tensor) => Tensor,
): Tensor {
  const whole = shape.map(more);
  const memory: number[] = new Array(whole.reduce((a, b) => a * b, 1)).fill(dtype === "int32" ? 2 ** 30 : Number.NaN);
  const strides = stridesOf(shape);
  const wholeStrides = stridesOf(whole);
  for (let i = 0; i < data.length; i++) {
    memory[shape.reduce((p, n, d) => p + at(Math.floor(i / strides[d]!) % n) * wholeStrides[d]!, 0)] = data[i]!;
  }
  return view(tensor(memory, whole, { dtype }));
}

/** x by a slice of every dimension. */
const sliced = (x: Tensor, shape: readonly number[], start: number, step: number) =>
  shape.reduce((y, n, axis) => slice(y, { axis, start, end: start + (n - 1) * step + 1, step }), x);

const reversed = <T>(list: readonly T[]) => list.toReversed();

/** Views that show the drawn numbers, by the way in which they lie in memory. */
const layouts: Record<string, (drawn: Drawn) => Tensor> = {
  transposed(x) {
    const order = reversed(x.shape.map((_, i) => i));
    return permute(copyOf(permute(plain(x), order)), order);
  },
  flipped(x) {
    const axes = x.shape.map((_, i) => i);
    return flip(copyOf(flip(plain(x), { axis: axes })), { axis: axes });
  },
  "every second element": (x) =>
    hidden(
      x,
      (n) => 2 * n,
      (i) => 2 * i,
      (y) => sliced(y, x.shape, 0, 2),
    ),
  "cut out of a larger one": (x) =>
    hidden(
      x,
      (n) => n + 2,
      (i) => i + 1,
      (y) => sliced(y, x.shape, 1, 1),
    ),
  offset: (x) => reshape(slice(tensor([7, 7, 7, ...Array.from(x.data)], [3 + x.data.length], { dtype: x.dtype }), { start: 3 }), x.shape),
};

/** The drawn numbers of index 0 of an axis, all along it: what an expanded view shows. */
function constantAlong(axis: number, x: Drawn): Drawn {
  if (axis >= x.shape.length) return x;
  const stride = stridesOf(x.shape)[axis]!;
  return { ...x, data: Array.from(x.data, (_, i) => x.data[i - (Math.floor(i / stride) % x.shape[axis]!) * stride]!) };
}

const expanded = (axis: number, x: Drawn): Tensor =>
  axis >= x.shape.length ? plain(x) : expand(slice(plain(x), { axis, end: Math.min(1, x.shape[axis]!) }), x.shape);

/** The devices of WebAssembly for garbage, one a variant: a page has room for some hundred memories, and gets them back late. */
const forGarbage = new Map<string, Promise<Device>>();

/**
 * The device, or another of its kind, whose free memory is full of NaN, and that fills what it hands out, and what lies behind it, with
 * NaN: no result may depend on what was there before.
 */
async function withGarbage(device: Device): Promise<Device> {
  const { variant } = device;
  if (variant && !forGarbage.has(variant)) forGarbage.set(variant, wasmDevice(variant));
  const used = (await forGarbage.get(variant ?? "")) ?? device;
  const { backend } = used;
  const alloc = backend.alloc.bind(backend);
  const fill = (bytes: number) => {
    const address = alloc(bytes);
    backend.dispatch("fill", { y: address, n: Math.floor(bytes / 4), value: Number.NaN });
    return address;
  };
  backend.free(fill(2 ** 20));
  vi.spyOn(backend, "alloc").mockImplementation((bytes) => fill(bytes + 64));
  // What scopes have in reserve.
  withDevice(used, () => scope(() => filled([2 ** 18], Number.NaN)));
  return used;
}

interface Work {
  readonly name: string;
  readonly op: Operation;
  /** Which of the operation's samples. */
  readonly samples: readonly number[];
}

/** What of a harness the quick suite runs: all, one sample of each operation, or of each fourth alone, from `first` on. */
type Amount = "all" | "each" | { readonly first: number };

/** The first sample that is longer than a vector. */
const typical = (op: Operation, samples: readonly number[]) =>
  samples.find((i) => Object.values(drawn(op, i)).some(({ shape }) => (shape.at(-1) ?? 0) > 4)) ?? samples.at(-1);

/** Registers a harness with what the quick suite runs of it, and with the rest in full. */
function divided(amount: Amount, chosenOf: (op: Operation) => readonly number[], register: (work: readonly Work[]) => void): void {
  const work = (isQuick: boolean) =>
    ownOperations.flatMap((op, place): Work[] => {
      const all = chosenOf(op);
      const chosen = amount === "all" || amount === "each" || place % 4 === amount.first;
      const one = typical(op, all);
      const samples = all.filter((i) => (amount === "all" || (chosen && i === one)) === isQuick);
      return samples.length > 0 ? [{ name: op.name, op, samples }] : [];
    });
  register(work(true));
  if (amount !== "all") full(() => register(work(false)));
}

const every = (op: Operation) => [...samplesOf(op).keys()];
const small = (op: Operation) => every(op).filter((i) => Object.values(drawn(op, i)).every(({ data }) => data.length < SMALL));
const inChromium = "document" in globalThis;

const suite = (device: Device) => {
  // Node's first variant runs everything; what follows it has the same host, or the same kernels. A GPU in software answers slowly.
  const first = everywhere.findIndex((kind) => kind === (device.variant ?? "webgpu")) % 4;
  const isThorough = device.variant === "simd" && !inChromium;

  divided(isThorough ? "all" : inChromium ? { first } : "each", every, (work) =>
    test.each(work)("$name, forward and backward, in memory full of NaN", async ({ op, samples }) => {
      const used = await withGarbage(device);
      for (const i of samples) {
        const expected = await oracle(op, i);
        const run: Compute = (x) => apply(op, x, samplesOf(op)[i]!.attrs);
        const actual = await evaluate(used, label(op, i), drawn(op, i), shared.get(op.name)!, run);
        expectSame(actual, expected, label(op, i));
      }
    }),
  );

  const composed = (op: Operation) => (op.compose ? every(op) : []);
  divided(isThorough ? "all" : { first }, composed, (work) =>
    test.each(work)("$name, composed of primitives", async ({ op, samples }) => {
      for (const i of samples) {
        const expected = await oracle(op, i);
        const run: Compute = (x) => op.compose!(x, samplesOf(op)[i]!.attrs);
        const actual = await evaluate(device, label(op, i), drawn(op, i), shared.get(op.name)!, run);
        expectSame(actual, expected, label(op, i));
      }
    }),
  );

  divided(isThorough ? "all" : { first }, small, (work) =>
    test.each(work)("$name of views", async ({ op, samples }) => {
      for (const i of samples) {
        const [key, inputs] = [label(op, i), drawn(op, i)];
        const expected = await oracle(op, i);
        const names = shared.get(op.name)!;
        const run: Compute = (x) => apply(op, x, samplesOf(op)[i]!.attrs);
        for (const [name, layout] of Object.entries(layouts)) {
          expectSame(await evaluate(device, key, inputs, names, run, layout), expected, `${key}, ${name}`);
        }
        for (const axis of [0, 1, 2, 3].slice(0, Math.max(...Object.values(inputs).map(({ shape }) => shape.length)))) {
          const repeated = mapped(inputs, (x) => constantAlong(axis, x));
          const actual = await evaluate(device, key, inputs, names, run, (x) => expanded(axis, x));
          expectSame(actual, await answers(`${key}, expanded along ${axis}`, key, repeated, names, run), `${key}, expanded along ${axis}`);
        }
      }
    }),
  );

  test("every row of the contract has a kernel", () => {
    const expected = Object.entries<KernelRow>(kernels).filter(([, row]) => !row.wasmOnly || device.type === "wasm");
    const missing = expected.filter(([name]) => !device.backend.has(name as KernelName));
    expect(missing.map(([name]) => name)).toEqual([]);
  });
};
await forEachDevice([...variants, "webgpu"], "operations agree with the reference in float64", suite);

const bits = ({ outputs, gradients }: Results) =>
  mapped({ ...outputs, ...mapped(gradients, (dx) => dx ?? []) }, (x) => Array.from(new Int32Array(Float32Array.from(x).buffer)));

/** Under V8's flag the wide kernels run in 256 bits, else as they are written; their bits are the same either way. */
await forEachDevice(["wide"], "the wide kernels have the bits of the relaxed ones", async (wide) => {
  const relaxed = await openDevice("relaxed");
  divided(inChromium ? { first: 0 } : "each", every, (work) =>
    test.each(work)("$name, forward and backward", async ({ op, samples }) => {
      for (const i of samples) {
        const on = (device: Device) =>
          evaluate(device, label(op, i), drawn(op, i), undefined, (x) => apply(op, x, samplesOf(op)[i]!.attrs));
        expect(bits(await on(wide)), label(op, i)).toEqual(bits(await on(relaxed)));
      }
    }),
  );
});

describe.skipIf(!canShare)("threads give the bits of one, whatever their number", async () => {
  const devices = canShare ? await Promise.all([1, 2, 3, 4, 7].map((threads) => threadedDevice(threads))) : [];
  divided({ first: 1 }, every, (work) =>
    test.each(work)("$name, forward and backward", async ({ op, samples }) => {
      for (const i of samples) {
        const run: Compute = (x) => apply(op, x, samplesOf(op)[i]!.attrs);
        const [one, ...others] = await Promise.all(
          devices.map((it) => evaluate(it, label(op, i), drawn(op, i), undefined, run).then(bits)),
        );
        for (const other of others) expect(other).toEqual(one);
      }
    }),
  );
});

/**
 * Central differences along a random direction of each float input, against the gradient's projection on it, as HIPS/autograd does:
 * in float64 both the step's own error and the rounding are far below the bound.
 */
describe("gradients agree with finite differences in float64", () => {
  const step = 1e-5;

  /** sum of outputs times upstreams, as a plain number. */
  function value(op: Operation, i: number, inputs: ByName<Drawn>): number {
    return withDevice(reference, () =>
      scope(() =>
        loss(
          label(op, i),
          apply(
            op,
            mapped(inputs, (x) => leafOf(x, plain(x))),
            samplesOf(op)[i]!.attrs,
          ),
        )!.itemSync(),
      ),
    );
  }

  const withGradient = (op: Operation) => (op.backward ? every(op) : []);
  divided(inChromium ? { first: 0 } : "all", withGradient, (work) =>
    test.each(work)("$name", async ({ op, samples }) => {
      for (const i of samples) {
        const key = label(op, i);
        const inputs = drawn(op, i);
        for (const [k, dx] of Object.entries((await oracle(op, i)).gradients)) {
          if (!dx) continue;
          const direction = seeded(`${key}, direction ${Object.keys(inputs).indexOf(k)}`, dx.length);
          const { data } = inputs[k]!;
          const moved = (by: number) => ({
            ...inputs,
            [k]: { ...inputs[k]!, data: Array.from(direction, (v, j) => data[j]! + by * v) },
          });
          const difference = value(op, i, moved(step)) - value(op, i, moved(-step));
          const numeric = difference / (2 * step);
          const exact = direction.reduce((total, v, j) => total + v * dx[j]!, 0);
          const allowed = 1e-6 * Math.max(Math.abs(numeric), Math.abs(exact));
          expect(Math.abs(numeric - exact), `${key}: gradient of input ${k}: ${exact}, by differences ${numeric}`).toBeLessThanOrEqual(
            allowed,
          );
        }
      }
    }),
  );
});

test("every kernel that is not a primitive serves an operation", () => {
  const primitives = ["fill", "copyStrided", "unary", "unaryBackward", "binary", "where", "reduce", "argmax", "gemm"];
  const indexing = ["gatherRows", "scatterAddRows", "gather", "scatterAdd", "dropout"];
  const random = ["philox", "randomUniform", "randomNormal"];
  const optimizers = ["sgd", "adam", "rmsprop", "adagrad", "norm"];
  const words = ["word2vecStep", "gloveStep"];
  const known = new Set<string>([
    ...primitives,
    ...indexing,
    ...random,
    ...optimizers,
    ...words,
    ...ownOperations.flatMap((op) => op.kernels ?? []),
  ]);
  expect(Object.keys(kernels).filter((name) => !known.has(name))).toEqual([]);
});
