import { describe, expect, test } from "vitest";
import { type KernelName, type KernelRow, kernels } from "../../src/backend/kernels.js";
import { apply, type OpDefinition, operations, type Sample, type SampleInput } from "../../src/ops/define-op.js";
import { add, mul, sum } from "../../src/ops/index.js";
import { tensor } from "../../src/tensor/create.js";
import { createDevice, type Device, withDevice } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { fnv1a } from "../golden/golden.js";
import { describeGpu, describeWasm } from "../helpers/devices.js";
import { expectClose, normals } from "../helpers/numbers.js";

type Op = OpDefinition<unknown>;
type Numbers = ArrayLike<number>;
/** Makes the outputs of an operation from its inputs. */
type Compute = (inputs: readonly Tensor[]) => readonly Tensor[];

interface Drawn {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  readonly data: Numbers;
}

interface Results {
  /** The float outputs and the integer ones that the composition has too. */
  readonly outputs: Numbers[];
  /** dLoss/dinput of each float input; undefined where none came. */
  readonly gradients: (Numbers | undefined)[];
}

const ops = [...operations.values()] as unknown as Op[];
const reference = await createDevice({ device: "reference" });

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
    return { shape, dtype: "int32", data: Int32Array.from(unit, (u) => least + Math.floor(u * (kind.below - least))) };
  }
  const numbers = "from" in kind ? unit.map((u) => kind.from + u * (kind.to - kind.from)) : normal;
  return { shape, dtype: "float32", data: numbers.map(offGrid) };
}

const label = (op: Op, i: number) => `${op.name}, sample ${i}`;

const drawn = (op: Op, sample: Sample<unknown>, i: number): Drawn[] =>
  sample.inputs.map((spec, k) => draw(`${label(op, i)}, input ${k}`, spec));

const make = ({ data, shape, dtype }: Drawn) => tensor(Array.from(data), shape, { dtype, requiresGrad: dtype === "float32" });

/** The loss that has the random upstream gradient of `key` for each output through which one can flow. */
function loss(key: string, outputs: readonly Tensor[]): Tensor | undefined {
  const terms = outputs.flatMap((y, i) =>
    y.tracksGradient ? [sum(mul(y, tensor(seeded(`${key}, upstream ${i}`, y.size), y.shape)))] : [],
  );
  return terms.length > 0 ? terms.reduce((a, b) => add(a, b)) : undefined;
}

/** Outputs, `count` of them, and the gradients of a random loss of theirs. */
async function evaluate(device: Device, key: string, inputs: readonly Drawn[], count: number, compute: Compute): Promise<Results> {
  const pending = withDevice(device, () =>
    scope(() => {
      const leaves = inputs.map(make);
      const outputs = compute(leaves).slice(0, count);
      loss(key, outputs)?.backward();
      return { outputs: outputs.map((y) => y.data()), gradients: leaves.map((x) => x.grad?.data()) };
    }),
  );
  return { outputs: await Promise.all(pending.outputs), gradients: await Promise.all(pending.gradients) };
}

/** A fused operation's saved outputs are its own affair: this many are everybody's. */
const shared = new Map<string, number>();
const expected = new Map<string, Results>();

async function oracle(op: Op, sample: Sample<unknown>, i: number): Promise<Results> {
  const key = label(op, i);
  let results = expected.get(key);
  if (!results) {
    results = await evaluate(reference, key, drawn(op, sample, i), Number.POSITIVE_INFINITY, (inputs) => apply(op, inputs, sample.attrs));
    expected.set(key, results);
    shared.set(op.name, results.outputs.length);
  }
  return results;
}

function expectSame(actual: Results, wanted: Results, key: string): void {
  for (const [k, y] of wanted.outputs.entries()) expectClose(actual.outputs[k]!, y, 1e-5, `${key}: output ${k},`);
  for (const [k, dx] of wanted.gradients.entries()) {
    expect(actual.gradients[k] === undefined, `${key}: whether input ${k} has a gradient`).toBe(dx === undefined);
    if (dx) expectClose(actual.gradients[k]!, dx, 1e-5, `${key}: gradient of input ${k},`);
  }
}

const suite = (device: Device) => {
  test.each(ops)("$name, forward and backward", async (op) => {
    for (const [i, sample] of op.samples.entries()) {
      const wanted = await oracle(op, sample, i);
      const inputs = drawn(op, sample, i);
      const actual = await evaluate(device, label(op, i), inputs, shared.get(op.name)!, (x) => apply(op, x, sample.attrs));
      expectSame(actual, wanted, label(op, i));
    }
  });

  test.each(ops.filter((op) => op.compose))("$name, composed of primitives", async (op) => {
    for (const [i, sample] of op.samples.entries()) {
      const wanted = await oracle(op, sample, i);
      const inputs = drawn(op, sample, i);
      const actual = await evaluate(device, label(op, i), inputs, shared.get(op.name)!, (x) => op.compose!(x, sample.attrs));
      expectSame(actual, wanted, label(op, i));
    }
  });

  test("every row of the contract has a kernel", () => {
    const wanted = Object.entries<KernelRow>(kernels).filter(([, row]) => !row.wasmOnly || device.type === "wasm");
    const missing = wanted.filter(([name]) => !device.backend.has(name as KernelName));
    expect(missing.map(([name]) => name)).toEqual([]);
  });
};
await describeWasm("operations agree with the reference in float64", suite);
await describeGpu("operations agree with the reference in float64", suite);

/**
 * Central differences along a random direction of each float input, against the gradient's projection on it, as HIPS/autograd does:
 * in float64 both the step's own error and the rounding are far below the bound.
 */
describe("gradients agree with finite differences in float64", () => {
  const step = 1e-5;

  /** sum of outputs times upstreams, as a plain number. */
  function value(op: Op, sample: Sample<unknown>, key: string, inputs: readonly Drawn[]): number {
    return withDevice(reference, () => scope(() => loss(key, apply(op, inputs.map(make), sample.attrs))!.itemSync()));
  }

  for (const op of ops) {
    if (!op.backward) {
      test.skip(`${op.name} (has no gradient)`, () => {});
      continue;
    }
    test(op.name, async () => {
      for (const [i, sample] of op.samples.entries()) {
        const key = label(op, i);
        const inputs = drawn(op, sample, i);
        for (const [k, dx] of (await oracle(op, sample, i)).gradients.entries()) {
          if (!dx) continue;
          const direction = seeded(`${key}, direction ${k}`, dx.length);
          const moved = (by: number) =>
            inputs.with(k, { ...inputs[k]!, data: Array.from(direction, (v, j) => inputs[k]!.data[j]! + by * v) });
          const numeric = (value(op, sample, key, moved(step)) - value(op, sample, key, moved(-step))) / (2 * step);
          const exact = direction.reduce((total, v, j) => total + v * dx[j]!, 0);
          const allowed = 1e-6 * Math.max(Math.abs(numeric), Math.abs(exact));
          expect(Math.abs(numeric - exact), `${key}: gradient of input ${k}: ${exact}, by differences ${numeric}`).toBeLessThanOrEqual(
            allowed,
          );
        }
      }
    });
  }
});

test("every kernel that is not a primitive serves an operation", () => {
  const primitives = ["fill", "copyStrided", "unary", "unaryBackward", "binary", "where", "reduce", "argmax", "gemm"];
  const indexing = ["gatherRows", "scatterAddRows", "gather", "scatterAdd", "dropout"];
  const random = ["philox", "randomUniform", "randomNormal"];
  const optimizers = ["sgd", "adam", "rmsprop", "adagrad", "norm"];
  const words = ["word2vecStep", "gloveStep"];
  const known = new Set<string>([...primitives, ...indexing, ...random, ...optimizers, ...words, ...ops.flatMap((op) => op.kernels ?? [])]);
  expect(Object.keys(kernels).filter((name) => !known.has(name))).toEqual([]);
});
