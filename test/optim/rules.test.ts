import { expect, vi } from "vitest";
import { type FitEvent, fit, io, noGrad } from "../../src/index.js";
import { Module } from "../../src/nn/module.js";
import { add, linear, mseLoss, mul, reshape, sub, sum } from "../../src/ops/index.js";
import * as optim from "../../src/optim/index.js";
import { parameter, tensor } from "../../src/tensor/create.js";
import { createDevice, memory, withDevice } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { forEachDevice, immediate, on, startOn } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { expectClose } from "../helpers/numbers.js";
import { optimizerClasses, optimizerKinds } from "../helpers/optimizers.js";
import { Regression } from "../helpers/regression.js";

/** Parameters as they are after some steps. */
function trained(make: (params: [string, Tensor][]) => optim.Optimizer, steps = 6): number[] {
  const model = new Regression();
  const optimizer = make(model.named);
  for (let i = 0; i < steps; i++) optimizer.step(model.loss);
  return model.values();
}

await forEachDevice(["simd", "full relaxed"], "a fused kernel", (device) => {
  for (const [name, make] of optimizerKinds)
    on(device)(`equals the rule in tensor operations: ${name}`, () => {
      const { backend } = device;
      const [has, dispatch] = [backend.has.bind(backend), vi.spyOn(backend, "dispatch")];
      const calls = () => dispatch.mock.calls.map(([kernel]) => kernel);
      const fused = trained((params) => make(params, { clipNorm: 0.5 }));
      const kernel = ["sgd", "adam", "rmsprop", "adagrad"].find((own) => calls().includes(own as never));
      dispatch.mockClear();
      const hasNone = vi.spyOn(backend, "has").mockImplementation((own) => own !== kernel && has(own));
      const composed = trained((params) => make(params, { clipNorm: 0.5 }));
      if (kernel) expect(calls()).not.toContain(kernel);
      hasNone.mockRestore();
      dispatch.mockRestore();
      expectClose(composed, fused, 2e-6);
    });
});

await forEachDevice(immediate, "every optimizer", (device) => {
  const it = on(device);
  for (const [name, make] of optimizerKinds) {
    it(`clips as clipGradNorm does before a plain step: ${name}`, () => {
      const [one, two] = [new Regression(), new Regression()];
      const [a, b] = [make(one.params, { clipNorm: 0.3 }), make(two.params)];
      for (let i = 0; i < 3; i++) {
        a.step(one.loss);
        b.zeroGrad();
        scope(() => two.loss().backward());
        expect(optim.clipGradNorm(two.params, 0.3)).toBeGreaterThan(0.3);
        b.step();
      }
      expectClose(one.values(), two.values(), 1e-6);
    });

    it(`changes nothing in a step that is not finite, and continues: ${name}`, async () => {
      const [model, twin] = [new Regression(), new Regression()];
      const [optimizer, other] = [make(model.params, { clipNorm: 1 }), make(twin.params, { clipNorm: 1 })];
      for (let i = 0; i < 4; i++) {
        expectError("not-finite", () => optimizer.step(() => mul(model.loss(), Number.NaN)), "nothing was changed");
        optimizer.step(model.loss);
        other.step(twin.loss);
      }
      expect(model.values()).toEqual(twin.values());
      expect(await optimizer.stateDict()).toEqual(await other.stateDict());
    });

    it(`refuses options that it does not know, and values of another kind: ${name}`, () => {
      const params = [parameter([2, 2], (y) => y.write([1, 2, 3, 4]))];
      expectError("value", () => make(params, { leraningRate: 1 } as never), "leraningRate");
      expectError("range", () => make(params, { lr: "0.1" } as never), 'lr is "0.1"');
      expectError("range", () => make(params, { weightDecay: -1 }), "weightDecay is -1");
      expectError("value", () => make([{ params, options: { clipNorm: 1 } }] as never), "clipNorm");
    });
  }

  it("has its own options checked", () => {
    const params = [parameter([2, 2], (y) => y.write([1, 2, 3, 4]))];
    const bad: [string, object, string][] = [
      ["AdamW", { amsgrad: 1 }, "amsgrad is 1"],
      ["Adam", { betas: [0.9] }, "betas is an array; give 2 numbers"],
      ["SGD", { nesterov: "yes", momentum: 0.9 }, 'nesterov is "yes"'],
      ["RMSprop", { centered: 0 }, "centered is 0"],
      ["Lion", { betas: [0.9, 1] }, "betas[1] is 1"],
      ["Lion", { eps: 1 }, '"eps" is not an option'],
      ["NAdam", { momentumDecay: -1 }, "momentumDecay is -1"],
      ["RAdam", { decoupledWeightDecay: null }, "decoupledWeightDecay is null"],
      ["ScheduleFreeAdamW", { betas: [0, 0.9] }, "betas[0] is 0"],
      ["ScheduleFreeAdamW", { warmupSteps: 1.5 }, "warmupSteps is 1.5"],
      ["Muon", { momentum: 2 }, "momentum is 2"],
      ["Muon", { nsSteps: 0 }, "nsSteps is 0"],
      ["Muon", { nsCoefficients: [1, 2] }, "give 3 numbers"],
      ["Muon", { nsCoefficients: [1, 2, Number.NaN] }, "nsCoefficients[2] is NaN"],
      ["Muon", { method: "sgd" }, 'there is no method "sgd"'],
      ["Muon", { adjustLr: true }, "there is no adjustLr true"],
    ];
    for (const [name, options, message] of bad) expect(() => new (optimizerClasses.get(name)!)(params, options)).toThrow(message);
  });
});

await forEachDevice(["simd"], "memory", (device) => {
  for (const [name, make] of optimizerKinds)
    on(device)(`is flat over steps, and empty after dispose(): ${name}`, () => {
      const empty = memory(device);
      const model = new Regression();
      const optimizer = make(model.params, { clipNorm: 1 });
      const run = (steps: number) => {
        for (let i = 0; i < steps; i++) optimizer.step(model.loss);
        optimizer.eval();
        optimizer.train();
        return memory(device);
      };
      const before = run(10);
      expect(run(300)).toEqual(before);
      optimizer.dispose();
      for (const x of [...model.params, model.x, model.target]) x.dispose();
      expect(memory(device).bytes).toEqual(empty.bytes);
      expect(memory(device).tensors).toBe(empty.tensors);
    });
});

for (const [name, make] of optimizerKinds)
  await forEachDevice(["simd"], "moving to another device", (device) => {
    on(device)(`continues where it stopped: ${name}`, async () => {
      const second = await createDevice({ device: "wasm", deterministic: true });
      const [model, twin, there] = startOn(device, () => [new Regression(), new Regression(), withDevice(second, () => new Regression())]);
      const [optimizer, other] = [make(model.params), make(twin.params)];
      const both = () => [optimizer.step(model.loss), other.step(twin.loss)];
      startOn(device, () => [both(), both(), both()]);
      await optimizer.to(second);
      const moved = () => mseLoss(linear(there.x, model.weight, model.bias), there.target);
      for (let i = 0; i < 3; i++) withDevice(second, () => optimizer.step(moved));
      startOn(device, () => [1, 2, 3].map(() => other.step(twin.loss)));
      expect(model.values()).toEqual(twin.values());
      expect(await optimizer.stateDict()).toEqual(await other.stateDict());
    });
  });

class Own extends optim.Optimizer {
  constructor(
    params: optim.ParametersOrGroups<optim.OptimizerOptions>,
    update: optim.Rule<optim.OptimizerOptions, "m">["update"],
    shaped = false,
  ) {
    const rule = optim.defineRule({ state: ["m"] as const, shaped, update });
    super(params, {}, { name: "Own", defaults: { lr: 0.5, weightDecay: 0 }, rule: () => rule });
  }
}

await forEachDevice(immediate, "an optimizer of one's own", (device) => {
  const it = on(device);
  it("updates by its rule, and keeps its state", async () => {
    const p = parameter([2], (y) => y.write([1, 2]));
    const optimizer = new Own([p], ({ p, g, m }, { lr }, { step }) => ({ p: sub(p, mul(add(m, g), lr / step)), m: add(m, g) }));
    for (let i = 0; i < 2; i++) optimizer.step(() => sum(mul(p, tensor([1, -1]))));
    expect([...p.dataSync()]).toEqual([1 - 0.5 - 0.5, 2 + 0.5 + 0.5]);
    expect([...(await optimizer.stateDict()).tensors.get("m.0")!.data]).toEqual([2, -2]);
  });

  it("sees each parameter in its shape if it is shaped", () => {
    const seen: (readonly number[])[] = [];
    const model = new Regression();
    const update: optim.Rule<optim.OptimizerOptions, "m">["update"] = ({ p, g }) => {
      seen.push(p.shape, g.shape);
      return {};
    };
    const before = model.values();
    new Own(model.params, update, true).step(model.loss);
    expect(seen).toEqual([[3, 7], [3, 7], [3], [3]]);
    expect(model.values()).toEqual(before);
  });

  it("that returns another shape, another type, or what it does not have is refused, and nothing has changed", () => {
    const model = new Regression();
    const before = model.values();
    const bad: [Parameters<typeof expectError>[0], (x: optim.Values<"m">) => object, string][] = [
      ["shape", ({ p }) => ({ m: p, p: sum(p) }), "Own: its update returned p as float32 []"],
      ["shape", ({ p }) => ({ p: reshape(p, [1, p.size]) }), "returned p as float32 [1,"],
      ["value", ({ g }) => ({ g }), "returned g, which is neither p nor one of its states"],
      ["value", ({ g }) => ({ v: g }), "returned v"],
      ["value", () => ({ p: 3 }), "returned p, which is 3"],
    ];
    for (const [code, update, message] of bad) {
      const optimizer = new Own(model.params, update as never);
      expectError(code, () => optimizer.step(model.loss), message);
      expect(optimizer.steps).toBe(0);
    }
    expect(model.values()).toEqual(before);
  });
});

await forEachDevice(["simd", "reference"], "Muon", (device) => {
  const it = on(device);
  it("takes matrices, and gives the rest to AdamW with the same numbers", () => {
    const [one, two] = [new Regression(), new Regression()];
    const muon = new optim.Muon(one.params, { lr: 0.02 });
    const groups = new optim.Muon([
      { params: [two.weight], options: { lr: 0.02, method: "muon" } },
      { params: [two.bias], options: { lr: 0.02, method: "adamw" } },
    ]);
    const alone = new Regression();
    const adam = new optim.AdamW([alone.bias], { lr: 0.02, betas: [0.9, 0.95], eps: 1e-7, weightDecay: 0.1 });
    muon.step(one.loss);
    groups.step(two.loss);
    adam.step(alone.loss);
    expect(two.values()).toEqual(one.values());
    expectClose(one.bias.dataSync(), alone.bias.dataSync(), 1e-6);
    expect(muon.groups.map(({ options: { method } }) => method)).toEqual(["muon", "adamw"]);
  });

  it("refuses what is not a matrix in a group of matrices", () => {
    const { params } = new Regression();
    expectError("shape", () => new optim.Muon(params, { method: "muon" }), "Muon: a parameter of shape [3] is not a matrix", '"adamw"');
    expectError("shape", () => new optim.Muon([{ params, options: { method: "muon" } }]), "[3] is not a matrix");
    expect(new optim.Muon(params, { method: "adamw" }).groups.length).toBe(1);
  });

  it("takes a step along the nearest orthogonal matrix, when the iteration converges to it", () => {
    const w = parameter([3, 5], (y) => y.write(Array.from({ length: 15 }, (_, i) => Math.sin(i * i))));
    const before = w.dataSync();
    const slope = tensor(
      Array.from({ length: 15 }, (_, i) => Math.cos(i * i)),
      [3, 5],
    );
    const options = { lr: 1, weightDecay: 0, nsCoefficients: [1.5, -0.5, 0], nsSteps: 40 } as const;
    new optim.Muon([w], options).step(() => sum(mul(w, slope)));
    const step = w.dataSync().map((x, i) => before[i]! - x);
    const dot = (i: number, j: number) => [0, 1, 2, 3, 4].reduce((total, k) => total + step[i * 5 + k]! * step[j * 5 + k]!, 0);
    expectClose([dot(0, 0), dot(1, 1), dot(2, 2), dot(0, 1), dot(0, 2), dot(1, 2)], [1, 1, 1, 0, 0, 0], 1e-5);
  });
});

class Fitted extends Module {
  readonly weight: Tensor;
  readonly #data = new Regression();
  constructor() {
    super();
    this.weight = this.#data.weight;
  }
  loss(): Tensor {
    return mseLoss(linear(this.#data.x, this.weight, this.#data.bias), this.#data.target);
  }
}

const make = (params: Iterable<Tensor>) => new optim.ScheduleFreeAdamW(params, { lr: 0.05, betas: [0.8, 0.99], warmupSteps: 2 });

await forEachDevice(immediate, "schedule-free AdamW", (device) => {
  const it = on(device);
  it("switches to the average and back without changing a bit of the run", () => {
    const [one, two] = [new Regression(), new Regression()];
    const [a, b] = [make(one.params), make(two.params)];
    for (let i = 0; i < 6; i++) {
      a.step(one.loss);
      b.step(two.loss);
      const trained = two.values();
      b.eval();
      b.eval();
      if (i > 0) expect(two.values()).not.toEqual(trained);
      if (i % 2 === 0) b.train();
      if (i % 2 === 0) expect(two.values()).toEqual(trained);
    }
    a.eval();
    b.eval();
    expect(two.values()).toEqual(one.values());
    const loss = noGrad(one.loss).itemSync();
    a.train();
    expect(noGrad(one.loss).itemSync()).not.toBe(loss);
  });

  it("keeps weights that are written in evaluation", () => {
    const [one, two] = [new Regression(), new Regression()];
    const [a, b] = [make(one.params), make(two.params)];
    for (const [optimizer, model] of [
      [a, one],
      [b, two],
    ] as const) {
      for (let i = 0; i < 3; i++) optimizer.step(model.loss);
      optimizer.eval();
    }
    two.bias.write([5, 6, 7]);
    a.train();
    b.train();
    const average = one.bias.dataSync();
    const y = two.bias.dataSync();
    b.eval();
    expectClose(two.bias.dataSync(), [5, 6, 7], 1e-5);
    expect(y).not.toEqual(average);
    expect([...two.weight.dataSync()]).not.toEqual([]);
  });

  it("refuses a step without a loss in evaluation, and leaves the average after a step that fails", () => {
    const model = new Regression();
    const optimizer = make(model.params);
    for (let i = 0; i < 3; i++) optimizer.step(model.loss);
    optimizer.eval();
    const before = model.values();
    expectError("state", () => optimizer.step(), "ScheduleFreeAdamW.step: the parameters hold the weights of eval()", "call train()");
    expectError("not-finite", () => optimizer.step(() => mul(model.loss(), Number.NaN)));
    expect(model.values()).toEqual(before);
    optimizer.step(model.loss);
    expect(optimizer.steps).toBe(4);
  });

  it("resumes from a state taken in evaluation, through JSON, with weights saved there", async () => {
    const [whole, first, second] = [new Regression(), new Regression(), new Regression()];
    const [a, b, c] = [make(whole.params), make(first.params), make(second.params)];
    for (let i = 0; i < 7; i++) a.step(whole.loss);
    for (let i = 0; i < 3; i++) b.step(first.loss);
    b.eval();
    const { tensors, ...counts } = await b.stateDict();
    for (const [i, p] of second.params.entries()) p.write(first.params[i]!.dataSync());
    c.loadStateDict({ ...JSON.parse(JSON.stringify(counts)), tensors });
    for (let i = 0; i < 4; i++) startOn(device, () => c.step(second.loss));
    expect(second.values()).toEqual(device.type === "wasm" ? whole.values() : whole.values().map((v) => expect.closeTo(v, 6)));
    for (const numbers of [undefined, [], [{}, {}], "no", [{ largest: 1, weights: Number.NaN, share: 1 }, {}]])
      expectError("format", () => c.loadStateDict({ ...counts, tensors, numbers } as never), "numbers is not a list");
  });
});

await forEachDevice(["simd"], "fit with schedule-free AdamW", (device) => {
  /** The average after some steps. */
  const averageAfter = (steps: number) => {
    const model = new Fitted();
    const optimizer = make(model.parameters());
    for (let i = 0; i < steps; i++) optimizer.step(() => model.loss());
    optimizer.eval();
    return [...model.weight.dataSync()];
  };

  on(device)("ends with the average of the best evaluation", async () => {
    const model = new Fitted();
    const optimizer = make(model.parameters());
    const averages: number[][] = [];
    const evaluate = { every: 2, run: () => Math.abs(averages.push([...model.weight.dataSync()]) - 2) };
    const options = { optimizer, steps: 8, loss: () => ({ loss: model.loss() }), evaluate, keepBest: true };
    const expected = averageAfter(4);
    const events = fit(model, { batch: () => ({}) }, options);
    for (let next = startOn(device, () => events.next()); ; next = startOn(device, () => events.next())) {
      const { value, done } = await next;
      if (done) break;
      if (value.type === "end") expect([...model.weight.dataSync()]).toEqual(expected);
    }
    expect([...model.weight.dataSync()]).toEqual(expected);
    expect(averages[1]).toEqual(expected);
  });

  for (const [how, stop] of [
    ["left", "return"],
    ["aborted", "abort"],
    ["failed", "fail"],
  ] as const)
    on(device)(`leaves the average where it is ${how}`, async () => {
      const model = new Fitted();
      const expected = averageAfter(3);
      const controller = new AbortController();
      let steps = 0;
      const loss = () => {
        if (stop === "fail" && steps === 3) throw new Error("mine");
        return { loss: model.loss() };
      };
      const optimizer = make(model.parameters());
      const events = fit(model, { batch: () => ({}) }, { optimizer, steps: 8, loss, signal: controller.signal });
      const rest = async () => {
        for (;;) {
          const { value, done } = await startOn(device, () => events.next());
          if (done || (value.type === "step" && ++steps === 3 && stop === "return")) return;
          if (steps === 3 && stop === "abort") controller.abort();
        }
      };
      if (stop === "fail") await expect(rest()).rejects.toThrow("mine");
      else await rest();
      await events.return();
      expect([...model.weight.dataSync()]).toEqual(expected);
    });

  on(device)("evaluates, saves and ends with the average, and resumes bit by bit", async () => {
    const run = async (steps: number, store: io.Store, resume = false) => {
      const model = startOn(device, () => new Fitted());
      const optimizer = make(model.parameters());
      const averages: number[] = [];
      const evaluate = {
        every: 2,
        run: () => averages.push(startOn(device, () => noGrad(() => model.loss()).itemSync())) && averages.at(-1)!,
      };
      const events: FitEvent[] = [];
      const loader = { batch: () => ({}) };
      const options = { optimizer, steps, loss: () => ({ loss: model.loss() }), evaluate, checkpoint: { store, every: 2, resume } };
      await startOn(device, async () => {
        for await (const event of fit(model, loader, options)) events.push(event);
      });
      const final = [...model.weight.dataSync()];
      const saved = [...(await optimizer.stateDict()).tensors.get("y.0")!.data];
      optimizer.train();
      return { averages, final, trained: [...model.weight.dataSync()], saved, optimizer };
    };
    const [whole, part] = [io.memoryStore(), io.memoryStore()];
    const straight = await run(8, whole);
    await run(4, part);
    const resumed = await run(8, part, true);
    expect(resumed.final).toEqual(straight.final);
    expect(resumed.trained).toEqual(straight.trained);
    expect(straight.final).not.toEqual(straight.trained);
    expect(straight.saved).toEqual(straight.trained);
    const bytes = (await whole.read("training_state.safetensors"))!;
    expect([...io.parseSafetensors(bytes).get("model/weight")!.data]).toEqual(straight.final);
    // Without evaluations and checkpoints the run is the same.
    const plain = startOn(device, () => new Fitted());
    const optimizer = make(plain.parameters());
    startOn(device, () => {
      for (let i = 0; i < 8; i++) optimizer.step(() => plain.loss());
    });
    expect([...plain.weight.dataSync()]).toEqual(straight.trained);
    optimizer.eval();
    expect(startOn(device, () => noGrad(() => plain.loss()).itemSync())).toBe(straight.averages.at(-1));
  });
});
