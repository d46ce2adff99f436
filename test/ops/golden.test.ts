import { expect, test } from "vitest";
import * as ops from "../../src/ops/index.js";
import { tensor } from "../../src/tensor/create.js";
import { withDevice } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import { Tensor } from "../../src/tensor/tensor.js";
import { type Case, type Expected, expectGolden, type Golden, loadGolden, resolve } from "../golden/golden.js";
import { fixtureDevices, forEachDevice } from "../helpers/devices.js";
import { thinly } from "../helpers/full.js";

type Call = (...args: unknown[]) => Tensor | Tensor[] | Readonly<Record<string, Tensor>>;

const golden = await loadGolden("ops");
const more = await loadGolden("more-ops");
const attention = await loadGolden("attention");
const structured = await loadGolden("structured");
/** Every function of a case's index entry is public, under that name and with those arguments; that of CTC starts from logits. */
const calls = {
  ...ops,
  ctcLoss: (logits: Tensor, ...rest: [number[][], ops.CtcOptions]) => ops.ctcLoss(ops.logSoftmax(logits), ...rest),
} as unknown as Record<string, Call>;

function run(c: Case, golden: Golden): Promise<void>[] {
  const compare = async (y: Tensor, expected: Expected) => {
    const data = y.data();
    expectGolden({ shape: y.shape, data: await data }, expected);
  };
  const inputs = new Map(
    Array.from(golden.inputs(c), ([name, { shape, data }]) => {
      const requiresGrad = c.gradients?.[name] !== undefined;
      return [name, tensor(data as Float32Array | Int32Array, shape, { requiresGrad })];
    }),
  );
  const made = calls[c.call]!(...resolve(c.args, inputs));
  const outputs: [string, Tensor][] = made instanceof Tensor ? [["y", made]] : Object.values(made).map((y, i) => [`y${i}`, y]);
  expect(outputs.map(([name]) => name)).toEqual(Object.keys(c.outputs!));
  const comparisons = outputs.map(([name, y]) => compare(y, golden.output(c, name)));
  const tracked = outputs.filter(([, y]) => y.tracksGradient);
  if (tracked.length > 0) {
    const terms = tracked.map(([name, y]) => {
      const { shape, data } = golden.upstream(c, name);
      return ops.sum(ops.mul(y, tensor(data as Float32Array, shape)));
    });
    terms.reduce((a, b) => ops.add(a, b)).backward();
  }
  for (const name of Object.keys(c.gradients!)) {
    const { grad } = inputs.get(name)!;
    expect(grad, `the gradient of ${name}`).toBeDefined();
    comparisons.push(compare(grad!, golden.gradient(c, name)));
  }
  return comparisons;
}

await forEachDevice(fixtureDevices, "operations give PyTorch's outputs and gradients", (device) => {
  test.each(golden.cases)("$name", async (c) => {
    await Promise.all(withDevice(device, () => scope(() => run(c, golden))));
  });
});

await forEachDevice(fixtureDevices, "operations made of others give PyTorch's outputs and gradients", (device) => {
  test.each(more.cases)("$name", async (c) => {
    await Promise.all(withDevice(device, () => scope(() => run(c, more))));
  });
});

await forEachDevice(fixtureDevices, "structured losses give PyTorch's values and gradients", (device) => {
  const isQuick = ({ name }: Case) => device.type !== "reference" || !name.includes("long");
  thinly(structured.cases, isQuick, (cases) =>
    test.each(cases)("$name", async (c) => {
      await Promise.all(withDevice(device, () => scope(() => run(c, structured))));
    }),
  );
});

// Not on a GPU in software: test/webgpu has smaller shapes. The reference takes long for this many products.
await forEachDevice(["full reference", "simd", "full relaxed"], "attention gives PyTorch's outputs and gradients", (device) => {
  test.each(attention.cases)("$name", async (c) => {
    await Promise.all(withDevice(device, () => scope(() => run(c, attention))));
  });
});
