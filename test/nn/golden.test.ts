import { expect, test } from "vitest";
import * as nn from "../../src/nn/index.js";
import { add, mul, sum } from "../../src/ops/index.js";
import type { Device } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import { Tensor } from "../../src/tensor/tensor.js";
import { type Case, type Expected, expectGolden, type Golden, loadGolden, resolve } from "../golden/golden.js";
import { forEachDevice, startOn } from "../helpers/devices.js";
import { toInputs, toState, toTensor, toValues } from "../helpers/golden-tensors.js";

type Layer = nn.Module & Record<string, (...args: unknown[]) => Result>;
type Result = Tensor | Record<string, Tensor> | { output: Tensor; state: Record<string, Tensor> };

const groups = await Promise.all(["layers", "recurrent", "alignment", "transformers"].map(loadGolden));

function build({ call, args }: Case): Layer {
  const Layers = nn as unknown as Record<string, new (...args: readonly unknown[]) => Layer>;
  return new Layers[call]!(...args);
}

/** A layer's results by the fixtures' names. */
function outputsOf(result: Result): Record<string, Tensor> {
  if (result instanceof Tensor) return { y: result };
  if ("state" in result) return { output: result.output as Tensor, ...result.state } as Record<string, Tensor>;
  return result;
}

/** Runs a case forward and backward and compares every output and gradient with PyTorch's. */
async function check(golden: Golden, c: Case): Promise<void> {
  const layer = build(c);
  layer.loadStateDict(toState(golden.parameters(c)));
  const comparisons = scope(() => {
    const inputs = toInputs(golden.inputs(c), c.inputs);
    const outputs = outputsOf(layer[c.method ?? "forward"]!(...resolve<Tensor>(c.forward!, inputs)));
    expect(Object.keys(outputs)).toEqual(Object.keys(c.outputs!));
    const pending: Promise<void>[] = [];
    const compare = (y: Tensor, expected: Expected) => pending.push(toValues(y).then((values) => expectGolden(values, expected)));
    const losses = Object.entries(outputs).map(([name, y]) => {
      compare(y, golden.output(c, name));
      return sum(mul(y, toTensor(golden.upstream(c, name))));
    });
    losses.reduce((a, b) => add(a, b)).backward();
    const leaves = new Map([...inputs, ...layer.namedParameters()]);
    for (const name of Object.keys(c.gradients!)) compare(leaves.get(name)!.grad!, golden.gradient(c, name));
    return pending;
  });
  await Promise.all(comparisons);
  layer.dispose();
}

const suite = (share: number) => (device: Device) => {
  for (const golden of groups) {
    const cases = golden.cases.filter((_, i) => i % share === 0);
    test.each(cases)(`${golden.group}/$name`, (c) => startOn(device, () => check(golden, c)));
  }
};
await forEachDevice(["simd", "full relaxed"], "layers equal PyTorch's", suite(1));
// A page's GPU, which answers slowly, takes a third of the cases: Node's runs the same kernels in all of them.
await forEachDevice(["full webgpu"], "layers equal PyTorch's", suite("document" in globalThis ? 3 : 1));
