import { describe, expect, test } from "vitest";
import { linear, mseLoss, tanh } from "../../src/ops/index.js";
import * as optim from "../../src/optim/index.js";
import { parameter } from "../../src/tensor/create.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { expectGolden, loadGolden, type OptimizerCase, type ScheduleCase, type Values } from "../golden/golden.js";
import { fixtureDevices, forEachDevice, startOn } from "../helpers/devices.js";
import { toTensor, toValues } from "../helpers/golden-tensors.js";

const golden = await loadGolden<OptimizerCase>("optim");
const runs = golden.cases.filter((c) => c.losses);
const clippings = golden.cases.filter((c) => !c.losses);

const toParameters = (values: ReadonlyMap<string, Values>): Map<string, Tensor> =>
  new Map(Array.from(values, ([name, { shape, data }]) => [name, parameter(shape, (y) => y.write(data as Float32Array))]));

/** PyTorch's optimizers of these names take parameters and options. */
function makeOptimizer({ call, args }: OptimizerCase, params: Iterable<Tensor>): optim.Optimizer {
  const Optimizers = optim as unknown as Record<string, new (params: Iterable<Tensor>, ...args: readonly unknown[]) => optim.Optimizer>;
  return new Optimizers[call]!(params, ...args);
}

await forEachDevice(fixtureDevices, "optimizers equal PyTorch's", (device) => {
  test.each(runs)("20 steps of $name", (c) =>
    startOn(device, async () => {
      const inputs = new Map(Array.from(golden.inputs(c), ([name, values]) => [name, toTensor(values)]));
      const p = toParameters(golden.parameters(c));
      const [w1, b1, w2, b2] = ["w1", "b1", "w2", "b2"].map((name) => p.get(name)!) as [Tensor, Tensor, Tensor, Tensor];
      const optimizer = makeOptimizer(c, p.values());
      const losses = c.losses.map(() =>
        optimizer.step(() => {
          const hidden = tanh(linear(inputs.get("x")!, w1, b1));
          return mseLoss(linear(hidden, w2, b2), inputs.get("target")!);
        }),
      );
      for (const [i, expected] of c.losses.entries())
        expect(Math.abs((await losses[i]!.read()) - expected)).toBeLessThan(1e-5 * Math.max(1, expected));
      optimizer.eval();
      for (const [name, value] of p) expectGolden(await toValues(value), golden.output(c, name));
    }),
  );
});

await forEachDevice(["reference", "simd", "full relaxed"], "clipping equals PyTorch's", (device) => {
  test.each(clippings)("$name", (c) =>
    startOn(device, async () => {
      const clipped = scope(() => {
        const leaves = Array.from(golden.inputs(c), ([name, values]) => {
          const leaf = toTensor(values);
          leaf.grad = toTensor(values);
          return [name, leaf] as const;
        });
        const clip = c.call === "clipGradNorm" ? optim.clipGradNorm : optim.clipGradValue;
        const norm = clip(
          leaves.map(([, leaf]) => leaf),
          c.args[0] as number,
        );
        if (c.outputs!.norm) expectGolden({ shape: [], data: [norm!] }, golden.output(c, "norm"));
        return leaves.map(([name, { grad }]) => [name, toValues(grad!)] as const);
      });
      for (const [name, values] of clipped) expectGolden(await values, golden.output(c, name));
    }),
  );
});

describe("schedules equal PyTorch's", async () => {
  const { cases } = await loadGolden<ScheduleCase>("schedules");
  type Call = Pick<ScheduleCase, "call" | "args">;
  const make = ({ call, args }: Call) =>
    (optim as unknown as Record<string, (...args: readonly unknown[]) => optim.Schedule>)[call]!(...args);

  function scheduleOf(c: Call): optim.Schedule {
    if (c.call !== "sequence") return make(c);
    return optim.sequence(...(c.args as [Call, number][]).map(([part, steps]) => [make(part), steps] as const));
  }

  test.each(cases)("$name", (c) => {
    const plateau = c.call === "Plateau" ? new optim.Plateau(c.args[0] as optim.PlateauOptions) : undefined;
    const schedule = plateau?.schedule ?? scheduleOf(c);
    for (const [step, lr] of c.lrs.entries()) {
      expect(Math.abs(c.lr * schedule(step) - lr), `step ${step}`).toBeLessThan(1e-12);
      plateau?.observe(c.metrics![step]!);
    }
  });
});
