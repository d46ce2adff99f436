import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { forEachDevice, immediate } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { expectClose } from "../helpers/numbers.js";

const values = (x: sg.Tensor) => Array.from(x.dataSync());
const counting = (n: number, factor: number, modulus: number) => Float32Array.from({ length: n }, (_, i) => (i * factor) % modulus);

// The expected numbers are PyTorch 2.13's.
await forEachDevice(immediate, "groups, bags and named layers", (device) => {
  const run = (name: string, fn: () => void) => test(name, () => sg.withDevice(device, () => sg.scope(fn)));

  run("GroupNorm gives PyTorch's output and gradient", () => {
    const x = sg.tensor(counting(24, 7, 11), [2, 3, 4], { requiresGrad: true });
    const norm = new sg.nn.GroupNorm(2, 4);
    norm.weight!.write([1, 2, 0.5, -1]);
    norm.bias!.write([0, 1, 2, 3]);
    const y = norm.forward(x);
    y.backward(sg.cos(sg.reshape(sg.arange(24), [2, 3, 4])));
    // biome-ignore format: two tables
    expectClose(values(y), [-1.286534, 2.929801, 1.684704, 1.593294, 0.643267, -0.286534, 2.557832, 3.048507, -0.964901, 3.573069, 1.830225, 4.50372, 0.570351, -0.901171, 2.75186, 2.66045, -1.33082, 3.66164, 2.024253, 4.115664, 0.950586, -0.140703, 1.296647, 2.369408], 1e-5);
    // biome-ignore format: two tables
    expectClose(values(x.grad!), [0.097227, 0.513375, 0.004035, 0.130852, -0.100164, 0.069557, 0.014143, -0.218216, -0.215458, -0.364538, -0.089206, 0.158393, 0.28026, 0.679447, -0.173668, 0.169794, -0.367282, -0.264838, 0.080347, -0.16124, 0.107073, -0.43466, 0.016564, 0.068204], 1e-5);
    expect(Array.from(norm.namedParameters(), ([name]) => name)).toEqual(["weight", "bias"]);
    expect(new sg.nn.GroupNorm(1, 3, { affine: false }).parameterCount()).toBe(0);
    expectError("value", () => new sg.nn.GroupNorm(2, 3), "GroupNorm: 3 channels do not divide into 2 groups");
    expectError("shape", () => norm.forward(sg.ones([2, 3])), "GroupNorm: x has shape [2, 3]; expected [B, ..., 4]");
    norm.dispose();
  });

  run("EmbeddingBag gives PyTorch's reductions and gradients, beside padding", () => {
    const index = sg.fromArray(
      [
        [1, 2, 0],
        [4, 0, 0],
        [0, 0, 0],
      ],
      { dtype: "int32" },
    );
    const expected = {
      mean: [
        [5.5, 1.5, 3, 6, 0, 0],
        [0, 0, 0.5, 1, 0.5, 1, 0, 0, 3, 4],
      ],
      sum: [
        [11, 3, 3, 6, 0, 0],
        [0, 0, 1, 2, 1, 2, 0, 0, 3, 4],
      ],
      max: [
        [6, 2, 3, 6, 0, 0],
        [0, 0, 1, 2, 0, 0, 0, 0, 3, 4],
      ],
    } as const;
    for (const [mode, [output, gradient]] of Object.entries(expected)) {
      const bag = new sg.nn.EmbeddingBag(5, 2, { mode: mode as "mean", paddingIndex: 0, init: (y) => y.write(counting(10, 3, 7)) });
      const y = bag.forward(index);
      y.backward(
        sg.fromArray([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
      );
      expectClose(values(y), output, 1e-6, mode);
      expectClose(values(bag.weight.grad!), gradient, 1e-6, `gradient of ${mode}`);
      bag.dispose();
    }
    const bag = new sg.nn.EmbeddingBag(3, 1, { mode: "sum", init: (y) => y.write([1, 10, 100]) });
    expect(values(bag.forward(sg.tensor(Int32Array.of(0, 2, 2)), sg.tensor([1, 2, 0.5])))).toEqual([251]);
    expectError("shape", () => bag.forward(sg.tensor(Int32Array.of(0)), sg.ones([2])), "EmbeddingBag: the weights have shape [2]");
    expectError("value", () => new sg.nn.EmbeddingBag(3, 1, { mode: "min" as "max" }), 'EmbeddingBag: there is no mode "min"');
    bag.dispose();
    const mean = new sg.nn.EmbeddingBag(3, 1);
    expectError("value", () => mean.forward(sg.tensor(Int32Array.of(0)), sg.ones([1])), 'weights go with the mode "sum"');
    mean.dispose();
  });

  run("ModuleDict names its layers as PyTorch does, and refuses names that are taken", () => {
    const heads = new sg.nn.ModuleDict({ en: new sg.nn.Linear(2, 1), de: new sg.nn.Linear(2, 3) });
    expect(Array.from(heads.namedParameters(), ([name]) => name)).toEqual(["en.weight", "en.bias", "de.weight", "de.bias"]);
    expect([heads.names(), heads.has("en"), heads.has("train")]).toEqual([["en", "de"], true, false]);
    expect(heads.get("de").forward(sg.zeros([1, 2])).shape).toEqual([1, 3]);
    for (const name of ["", "a.b", "training", "parameters", "__proto__"])
      expectError("value", () => heads.set(name, new sg.nn.Linear(1, 1)), "cannot name a layer");
    expectError("value", () => heads.get("fr"), 'there is no layer "fr"; there are en, de');
    expectError("value", () => heads.set("fr", {} as sg.nn.Linear), "ModuleDict: fr is an object");
    heads.dispose();
  });

  run("activations as layers are their functions", () => {
    const x = sg.tensor([-1.5, 0, 0.5, 2]);
    const { nn } = sg;
    const pairs: [{ forward(x: sg.Tensor): sg.Tensor }, sg.Tensor][] = [
      [new nn.ReLU(), sg.relu(x)],
      [new nn.Tanh(), sg.tanh(x)],
      [new nn.Sigmoid(), sg.sigmoid(x)],
      [new nn.SiLU(), sg.silu(x)],
      [new nn.Softplus(), sg.softplus(x)],
      [new nn.SELU(), sg.selu(x)],
      [new nn.Mish(), sg.mish(x)],
      [new nn.LogSigmoid(), sg.logSigmoid(x)],
      [new nn.GELU(), sg.gelu(x)],
      [new nn.GELU({ approximate: true }), sg.gelu(x, { approximate: true })],
      [new nn.LeakyReLU({ slope: 0.3 }), sg.leakyRelu(x, 0.3)],
      [new nn.ELU({ alpha: 0.5 }), sg.elu(x, { alpha: 0.5 })],
      [new nn.GLU({ axis: 0 }), sg.glu(x)],
      [new nn.Softmax(), sg.softmax(x)],
      [new nn.LogSoftmax({ axis: -1 }), sg.logSoftmax(x)],
    ];
    for (const [layer, y] of pairs) expect(values(layer.forward(x)), layer.constructor.name).toEqual(values(y));
    expectError("value", () => new (nn.ReLU as new (n: number) => sg.nn.ReLU)(1), "ReLU: got 1");
    expectError("value", () => new nn.Softmax({ dim: 1 } as object), 'Did you mean "axis"?');
  });

  run("truncatedNormal stays within its ends, with the moments of what is left", () => {
    sg.manualSeed(9);
    const drawn = (options: Parameters<typeof sg.nn.init.truncatedNormal>[1]) => {
      const y = sg.zeros([4000]);
      sg.nn.init.truncatedNormal(y, options);
      const data = values(y);
      const mean = data.reduce((a, b) => a + b) / data.length;
      return {
        least: Math.min(...data),
        most: Math.max(...data),
        mean,
        variance: data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length,
      };
    };
    const usual = drawn({});
    expect([usual.least >= -2, usual.most <= 2]).toEqual([true, true]);
    expect(Math.abs(usual.mean)).toBeLessThan(0.06);
    expect(Math.abs(usual.variance - 0.774)).toBeLessThan(0.06);
    const tail = drawn({ mean: 1, std: 2, low: 9, high: 100 });
    expect(tail.least).toBeGreaterThanOrEqual(9);
    expect(Math.abs(tail.mean - 9.451)).toBeLessThan(0.05);
    expectError("range", () => drawn({ low: 2, high: 2 }), "truncatedNormal: low 2 is not below high 2");
    expectError("range", () => drawn({ std: 0 }), "truncatedNormal: std is 0");
  });
});

test("schedules that repeat give PyTorch's rates", () => {
  const { cyclic, multiStep, warmRestarts } = sg.optim;
  const rates = (schedule: sg.optim.Schedule, n: number) => Array.from({ length: n }, (_, step) => schedule(step));
  const close = (schedule: sg.optim.Schedule, expected: number[]) => expectClose(rates(schedule, expected.length), expected, 1e-6);
  close(multiStep([2, 5], 0.3), [1, 1, 0.3, 0.3, 0.3, 0.09, 0.09, 0.09]);
  close(warmRestarts(3, { growth: 2, floor: 0.1 }), [1, 0.775, 0.325, 1, 0.939711, 0.775, 0.55, 0.325, 0.160289, 1, 0.984667, 0.939711]);
  close(warmRestarts(4), [1, 0.853553, 0.5, 0.146447, 1, 0.853553, 0.5, 0.146447, 1]);
  const form = { floor: 0.2, fall: 3 };
  close(cyclic(2, form), [0.2, 0.6, 1, 0.733333, 0.466667, 0.2, 0.6, 1, 0.733333, 0.466667, 0.2, 0.6]);
  close(cyclic(2, { ...form, mode: "triangular2" }), [0.2, 0.6, 1, 0.733333, 0.466667, 0.2, 0.4, 0.6, 0.466667, 0.333333, 0.2, 0.3]);
  const exponential = cyclic(2, { ...form, mode: "exponential", gamma: 0.9 });
  close(exponential, [0.2, 0.56, 0.848, 0.5888, 0.37496, 0.2, 0.412576, 0.582638, 0.429583, 0.303312, 0.2, 0.325524]);
  expectError("value", () => multiStep([5, 2]), "multiStep: milestones[1], 2, is below the one before");
  expectError("value", () => multiStep(3 as unknown as number[]), "multiStep: the milestones are not an array");
  expectError("range", () => warmRestarts(0), "warmRestarts: steps is 0");
  expectError("value", () => cyclic(2, { mode: "sine" as "triangular" }), 'cyclic: there is no mode "sine"');
});
