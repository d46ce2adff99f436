import { expect, test } from "vitest";
import { add, linear, mul, sum, tanh, transpose } from "../../src/ops/index.js";
import * as optim from "../../src/optim/index.js";
import { parameter, tensor, zeros } from "../../src/tensor/create.js";
import { memory } from "../../src/tensor/device.js";
import { internal } from "../../src/tensor/internal.js";
import { scope } from "../../src/tensor/scope.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";
import { expectClose } from "../helpers/numbers.js";
import { optimizerKinds } from "../helpers/optimizers.js";
import { Regression } from "../helpers/regression.js";

const { Adam, AdamW, Adagrad, RMSprop, SGD } = optim;

await forEachDevice(immediate, "arenas", (device) => {
  const it = on(device);

  it("keep the parameters' values and gradients", () => {
    const model = new Regression();
    scope(() => model.loss().backward());
    const before = [model.values(), model.gradients()];
    new SGD(model.params);
    expect([model.values(), model.gradients()]).toEqual(before);
  });

  it("hold parameters and gradients side by side, as views", () => {
    const model = new Regression();
    const { weight, bias } = model;
    const optimizer = new SGD(model.params);
    expect(internal(bias).storage).toBe(internal(weight).storage);
    expect(internal(bias.grad!).storage).toBe(internal(weight.grad!).storage);
    expect([weight.shape, weight.grad!.shape, bias.grad!.shape]).toEqual([[3, 7], [3, 7], [3]]);
    expect(model.gradients()).toEqual(new Array(24).fill(0));
    scope(() => model.loss().backward());
    expect(model.gradients().every((g) => g !== 0)).toBe(true);
    optimizer.zeroGrad();
    expect(model.gradients()).toEqual(new Array(24).fill(0));
  });

  it("give each group its own lr and weightDecay", () => {
    const [one, two] = [new Regression(), new Regression()];
    const groups = new SGD(
      [
        { params: [one.weight], options: { lr: 0.5, weightDecay: 0.1 } },
        { params: [one.bias], options: {} },
      ],
      { lr: 0.25 },
    );
    const weight = new SGD([two.weight], { lr: 0.5, weightDecay: 0.1 });
    const bias = new SGD([two.bias], { lr: 0.25 });
    expect(groups.groups.map(({ options }) => [options.lr, options.weightDecay])).toEqual([
      [0.5, 0.1],
      [0.25, 0],
    ]);
    for (let i = 0; i < 3; i++) {
      groups.step(one.loss);
      scope(() => two.loss().backward());
      weight.step();
      bias.step();
      weight.zeroGrad();
      bias.zeroGrad();
    }
    expect(one.values()).toEqual(two.values());
  });

  it("let groups differ in what state they need", () => {
    const [one, two] = [new Regression(), new Regression()];
    const groups = new SGD(
      [
        { params: [one.weight], options: {} },
        { params: [one.bias], options: { momentum: 0.9 } },
      ],
      { lr: 0.1 },
    );
    const weight = new SGD([two.weight], { lr: 0.1 });
    const bias = new SGD([two.bias], { lr: 0.1, momentum: 0.9 });
    for (let i = 0; i < 3; i++) {
      groups.step(one.loss);
      weight.zeroGrad();
      bias.zeroGrad();
      scope(() => two.loss().backward());
      weight.step();
      bias.step();
    }
    expect(one.values()).toEqual(two.values());
  });

  it("clip by the norm over all groups", () => {
    const [one, two] = [new Regression(), new Regression()];
    const groups = [one.weight, one.bias].map((p) => ({ params: [p], options: {} }));
    const split = new SGD(groups, { lr: 0.5, clipNorm: 0.1 });
    const whole = new SGD(two.params, { lr: 0.5, clipNorm: 0.1 });
    split.step(one.loss);
    whole.step(two.loss);
    expect(one.values()).toEqual(two.values());
  });

  it("take a tied parameter once", () => {
    const p = parameter([4, 4], (y) => y.write(Array.from({ length: 16 }, (_, i) => i / 16)));
    const optimizer = new SGD([p, p], { lr: 1 });
    expect(optimizer.params).toEqual([p]);
    optimizer.step(() => sum(add(p, mul(p, 2))));
    expectClose(
      p.dataSync(),
      Float32Array.from({ length: 16 }, (_, i) => i / 16 - 3),
      1e-6,
    );
  });

  it("leave out parameters that are frozen", () => {
    const model = new Regression();
    model.bias.requiresGrad = false;
    const before = model.bias.dataSync();
    const optimizer = new SGD(model.params, { lr: 1, weightDecay: 1 });
    expect(optimizer.params).toEqual([model.weight]);
    optimizer.step(model.loss);
    expect(model.bias.dataSync()).toEqual(before);
  });

  it("survive dispose(), which frees the rest", () => {
    const { bytes } = memory();
    const model = new Regression();
    const adam = new Adam(model.params);
    adam.step(model.loss);
    const values = model.values();
    expect(memory().bytes.optimizer).toBeGreaterThan(bytes.optimizer);
    adam.dispose();
    adam.dispose();
    expect(memory().bytes).toMatchObject({ optimizer: bytes.optimizer, gradient: bytes.gradient });
    expect(model.values()).toEqual(values);
    expect(model.weight.grad).toBeUndefined();
    for (const call of [
      () => adam.step(model.loss),
      () => adam.step(),
      () => adam.zeroGrad(),
      () => adam.loadStateDict(undefined as never),
    ])
      expect(call).toThrow("the optimizer was disposed of; make a new one");
    const again = new SGD(model.params);
    again.step(model.loss);
    again.dispose();
    for (const p of model.params) p.dispose();
    expect(memory().bytes.parameter).toBe(bytes.parameter);
  });
});

await forEachDevice(immediate, "an optimizer refuses", (device) => {
  const it = on(device);

  it("parameters that another one has taken over", () => {
    const model = new Regression();
    const first = new SGD(model.named);
    const second = new SGD([model.bias]);
    const taken = "SGD.step: bias [3] is no longer in this optimizer's hands: another optimizer has taken it over";
    expect(() => first.step(model.loss)).toThrow(taken);
    second.step(model.loss);
    expect(second.steps).toBe(1);
    expect(first.steps).toBe(0);
  });

  it("a gradient that was replaced", () => {
    const model = new Regression();
    const optimizer = new SGD(model.params);
    model.weight.grad = undefined;
    expect(() => optimizer.step(model.loss)).toThrow("parameter 0 [3, 7] is no longer in this optimizer's hands: its grad was replaced");
  });

  it("a value that is not a parameter", () => {
    const { weight } = new Regression();
    expect(() => new SGD([])).toThrow("SGD: there are no parameters to train: pass model.parameters()");
    expect(() => new SGD([tensor([1, 2])])).toThrow("there are no parameters to train");
    const view = transpose(weight);
    view.requiresGrad = true;
    expect(() => new Adam([view])).toThrow("Adam: parameter 0 [7, 3] is another device's, a view with gaps, or float32");
  });

  const model = { params: [] as never[] };
  test.each<[string, () => unknown]>([
    ["lr is -1", () => new SGD(model.params, { lr: -1 })],
    ["lr is NaN", () => new Adam(model.params, { lr: Number.NaN })],
    ["momentum is -0.1", () => new SGD(model.params, { momentum: -0.1 })],
    ["dampening is -1", () => new SGD(model.params, { momentum: 0.9, dampening: -1 })],
    ["nesterov needs a momentum and no dampening", () => new SGD(model.params, { nesterov: true })],
    ["nesterov needs a momentum", () => new SGD(model.params, { nesterov: true, momentum: 0.9, dampening: 0.1 })],
    ["betas[1] is 1", () => new AdamW(model.params, { betas: [0.9, 1] })],
    ["eps is -1", () => new AdamW(model.params, { eps: -1 })],
    ["weightDecay is -1", () => new AdamW(model.params, { weightDecay: -1 })],
    ["alpha is 2", () => new RMSprop(model.params, { alpha: 2 })],
    ["lrDecay is -1", () => new Adagrad(model.params, { lrDecay: -1 })],
    ["clipNorm is -1", () => new SGD(model.params, { clipNorm: -1 })],
    ["clipValue is NaN", () => new SGD(model.params, { clipValue: Number.NaN })],
  ])("%s", (message, make) => expect(make).toThrow(message));

  it("an invalid learning rate", () => {
    const optimizer = new SGD(new Regression().params, { lr: 0.1 });
    expect(() => {
      optimizer.lr = -1;
    }).toThrow("SGD: lr is -1");
    optimizer.lr = 0.5;
    expect(optimizer.lr).toBe(0.5);
  });

  it("a loss that is not a tensor, or not one number", () => {
    const model = new Regression();
    const optimizer = new SGD(model.params);
    expect(() => optimizer.step((() => 1) as never)).toThrow("SGD.step: the function must return the loss, a tensor of one number");
    expect(() => optimizer.step(() => linear(model.x, model.weight))).toThrow("shape [5, 3]");
    expect(() => optimizer.step(() => zeros([]))).toThrow("no gradient flows from the loss");
    expect(optimizer.steps).toBe(0);
  });
});

await forEachDevice(immediate, "a step", (device) => {
  const it = on(device);

  it("after backward() equals one with the loss", () => {
    const [one, two] = [new Regression(), new Regression()];
    const [a, b] = [new Adam(one.params), new Adam(two.params)];
    for (let i = 0; i < 3; i++) {
      a.step(one.loss);
      b.zeroGrad();
      scope(() => two.loss().backward());
      b.step();
    }
    expect(one.values()).toEqual(two.values());
  });

  it("adds up the gradients of two backward() calls", () => {
    const [one, two] = [new Regression(), new Regression()];
    const [a, b] = [new SGD(one.params, { lr: 0.1 }), new SGD(two.params, { lr: 0.1 })];
    a.step(() => add(one.loss(), mul(sum(tanh(one.weight)), 0.5)));
    b.zeroGrad();
    scope(() => two.loss().backward());
    scope(() => mul(sum(tanh(two.weight)), 0.5).backward());
    b.step();
    expectClose(one.values(), two.values(), 1e-6);
  });

  it("with clipNorm equals clipGradNorm and a plain step", () => {
    const [one, two] = [new Regression(), new Regression()];
    const [a, b] = [new AdamW(one.params, { clipNorm: 0.3 }), new AdamW(two.params)];
    for (let i = 0; i < 3; i++) {
      a.step(one.loss);
      b.zeroGrad();
      scope(() => two.loss().backward());
      const norm = optim.clipGradNorm(two.params, 0.3);
      expect(norm).toBeGreaterThan(0.3);
      expectClose([a.gradientNorm().readSync()], [norm], 1e-6);
      b.step();
    }
    expectClose(one.values(), two.values(), 1e-6);
  });

  it("with clipValue equals clipGradValue and a plain step", () => {
    const [one, two] = [new Regression(), new Regression()];
    const [a, b] = [new SGD(one.params, { clipValue: 0.1 }), new SGD(two.params)];
    a.step(one.loss);
    b.zeroGrad();
    scope(() => two.loss().backward());
    optim.clipGradValue(two.params, 0.1);
    expectClose([Math.max(...two.gradients().map(Math.abs))], [0.1], 1e-7);
    b.step();
    expect(one.values()).toEqual(two.values());
  });

  it("answers the loss, of which the last 256 can be read", async () => {
    const p = parameter([1], (y) => y.write([1]));
    const optimizer = new SGD([p], { lr: 0 });
    const losses = Array.from({ length: 258 }, (_, i) => optimizer.step(() => mul(sum(p), i + 1)));
    for (const i of [2, 3, 100, 257]) {
      expect(losses[i]!.readSync()).toBe(i + 1);
      expect(await losses[i]!.read()).toBe(i + 1);
    }
    const gone = "SGD: the loss of step 2 was overwritten 256 steps later; read it sooner";
    expect(() => losses[1]!.readSync()).toThrow(gone);
    await expect(losses[1]!.read()).rejects.toThrow(gone);
  });

  it("that fails leaves all the losses that can be read", () => {
    const p = parameter([1], (y) => y.write([1]));
    const optimizer = new SGD([p], { lr: 0 });
    const losses = Array.from({ length: 256 }, (_, i) => optimizer.step(() => mul(sum(p), i + 1)));
    expect(() => optimizer.step(() => mul(sum(p), Number.NaN))).toThrow("not finite");
    expect(losses.map((loss) => loss.readSync())).toEqual(losses.map((_, i) => i + 1));
  });

  it("answers the norm of its gradient, which holds as long as the loss", () => {
    const p = parameter([2], (y) => y.write([1, 1]));
    const optimizer = new SGD([p], { lr: 0.1, clipNorm: 1 });
    optimizer.step(() => sum(mul(p, tensor([3, 4]))));
    const norm = optimizer.gradientNorm();
    expect(norm.readSync()).toBe(5);
    for (let i = 0; i < 255; i++) optimizer.step(() => sum(p));
    expect(norm.readSync()).toBe(5);
    optimizer.step(() => sum(p));
    expect(() => norm.readSync()).toThrow("the gradient's norm of step 1 was overwritten 256 steps later");
  });
});

await forEachDevice(immediate, "a state dict", (device) => {
  const it = on(device);

  for (const [name, make] of optimizerKinds) {
    it(`resumes ${name} bit by bit`, async () => {
      const [whole, first, second] = [new Regression(), new Regression(), new Regression()];
      const [a, b, c] = [whole, first, second].map((model) => make(model.params)) as [optim.Optimizer, optim.Optimizer, optim.Optimizer];
      for (let i = 0; i < 7; i++) a.step(whole.loss);
      for (let i = 0; i < 3; i++) b.step(first.loss);
      b.lr = a.lr;
      for (const [i, p] of second.params.entries()) p.write(first.params[i]!.dataSync());
      const state = await b.stateDict();
      expect(state.tensors.size % 2).toBe(0);
      c.loadStateDict(state);
      expect(c.steps).toBe(3);
      for (let i = 0; i < 4; i++) c.step(second.loss);
      expect(second.values()).toEqual(device.type === "wasm" ? whole.values() : whole.values().map((v) => expect.closeTo(v, 6)));
    });
  }

  it("of other parameters or of another optimizer is refused", async () => {
    const model = new Regression();
    const other = parameter([3, 8], (y) => y.write(new Array(24).fill(1)));
    const adam = new Adam(model.params);
    const [sgd, wide] = [new SGD(new Regression().params), new Adam([other, new Regression().bias])];
    const state = await sgd.stateDict();
    const wider = await wide.stateDict();
    for (const bad of [state, wider, { ...(await adam.stateDict()), lr: [1, 2] }])
      expect(() => adam.loadStateDict(bad)).toThrow("Adam.loadStateDict: the state belongs to other parameters or another optimizer");
    expect(adam.steps).toBe(0);
  });
});

await forEachDevice(["simd", "full relaxed"], "10,000 steps", (device) => {
  on(device)(
    "leave the memory flat",
    () => {
      const model = new Regression();
      const optimizer = new AdamW(model.params, { clipNorm: 1 });
      const run = (steps: number) => {
        for (let i = 0; i < steps; i++) optimizer.step(model.loss);
        return memory();
      };
      const before = run(10);
      expect(run(10_000)).toEqual(before);
    },
    120_000,
  );
});
