import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { internal } from "../../src/tensor/internal.js";
import { initAnew } from "../helpers/default-device.js";
import { everywhere, forEachDevice, immediate, startOn } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { expectClose, normals } from "../helpers/numbers.js";

type Two = readonly [sg.Tensor, sg.Tensor];

/** x^3, by a square that forward keeps. */
const cube = sg.customOp({
  name: "cube",
  forward: ([x], context) => {
    const square = sg.mul(x, x);
    context.save(square);
    return sg.mul(square, x);
  },
  backward: (_, dy, { saved: [square] }) => sg.mul(dy, sg.mul(square!, 3)),
});

/** The sum and the product of a and b, whose shapes broadcast. */
const sumAndProduct = sg.customOp({
  name: "sumAndProduct",
  forward: ([a, b]: Two) => [sg.add(a, b), sg.mul(a, b)],
  backward: ([a, b], [ds, dp]) => [sg.add(ds!, sg.mul(dp!, b)), sg.sum(sg.add(ds!, sg.mul(dp!, a)), { axis: 0 })],
});

const straightThrough = sg.customOp({ name: "straightThrough", forward: ([x]) => sg.round(x), backward: (_, dy) => dy });
const clipGradient = sg.customOp({ name: "clipGradient", forward: ([x]) => x, backward: (_, dy) => sg.clamp(dy, -1, 1) });

const leaf = (data: ArrayLike<number>, ...shape: number[]) => sg.tensor(Array.from(data), shape, { requiresGrad: true });

await forEachDevice(everywhere, "a function of one's own", (device) => {
  const run = (fn: () => Promise<sg.TensorData>[]) => Promise.all(startOn(device, fn));

  test("has the values and gradients of its definition, nested in operations and used twice", async () => {
    const x0 = [-1.5, 0.5, 2];
    const [y, dx] = await run(() => {
      const x = leaf(x0, 3);
      const y = sg.add(cube(sg.mul(x, 2)), sg.sin(cube(x)));
      sg.sum(y).backward();
      return [y.data(), x.grad!.data()];
    });
    const f = (x: number) => (2 * x) ** 3 + Math.sin(x ** 3);
    expectClose(y!, x0.map(f), 1e-5);
    expectClose(
      dx!,
      x0.map((x) => 24 * x * x + Math.cos(x ** 3) * 3 * x * x),
      1e-4,
    );
  });

  test("with several inputs and outputs gets zeros for an output that the loss leaves out", async () => {
    const [a0, b0] = [normals(6, 1), normals(3, 2)];
    const [both, alone, da, db, dOfSum] = await run(() => {
      const [a, b] = [leaf(a0, 2, 3), leaf(b0, 3)];
      const [s, p] = sumAndProduct(a, b);
      sg.sum(sg.mul(s!, p!)).backward();
      const c = leaf(a0, 2, 3);
      const [t] = sumAndProduct(c, sg.tensor(Array.from(b0)));
      sg.sum(t!).backward();
      return [p!.data(), t!.data(), a.grad!.data(), b.grad!.data(), c.grad!.data()];
    });
    const pairs = Array.from(a0, (a, i) => [a, b0[i % 3]!] as const);
    expectClose(
      both!,
      pairs.map(([a, b]) => a * b),
      1e-5,
    );
    expectClose(
      alone!,
      pairs.map(([a, b]) => a + b),
      1e-5,
    );
    // (a + b) a b has the derivatives 2 a b + b^2 and a^2 + 2 a b.
    expectClose(
      da!,
      pairs.map(([a, b]) => 2 * a * b + b * b),
      1e-5,
    );
    expectClose(
      db!,
      [0, 1, 2].map((i) => [pairs[i]!, pairs[i + 3]!].reduce((d, [a, b]) => d + a * a + 2 * a * b, 0)),
      1e-5,
    );
    expectClose(dOfSum!, new Array(6).fill(1), 1e-6);
  });

  test("passes a gradient straight through, and clips one", async () => {
    const [rounded, dx, same, clipped] = await run(() => {
      const x = leaf([0.4, 1.6, -2.7], 3);
      const y = straightThrough(x);
      sg.sum(sg.mul(y, sg.tensor([1, 2, 3]))).backward();
      const z = leaf([1, 2, 3], 3);
      const w = clipGradient(z);
      sg.sum(sg.mul(w, sg.tensor([-5, 0.5, 7]))).backward();
      return [y.data(), x.grad!.data(), w.data(), z.grad!.data()];
    });
    expect([...rounded!, ...dx!]).toEqual([0, 2, -3, 1, 2, 3]);
    expect([...same!, ...clipped!]).toEqual([1, 2, 3, -1, 0.5, 1]);
  });

  test("trains a layer under a scope, and predicts without recording", async () => {
    const losses = startOn(device, () => {
      sg.manualSeed(1);
      const layer = new sg.nn.Linear(2, 1);
      const optimizer = new sg.optim.SGD(layer.parameters(), { lr: 0.05 });
      const [x, y] = [sg.tensor([0, 1, 1, 0, 1, 1], [3, 2]), sg.tensor([1, -1, 0], [3, 1])];
      const of = () => sg.mseLoss(cube(layer.forward(x)), y);
      const values = Array.from({ length: 30 }, () => optimizer.step(of));
      expect(sg.noGrad(() => cube(layer.forward(x))).tracksGradient).toBe(false);
      return [values[0]!.read(), values.at(-1)!.read()];
    });
    const [first, last] = await Promise.all(losses);
    expect(last!).toBeLessThan(first! / 2);
  });
});

await forEachDevice(immediate, "a function of one's own", (device) => {
  const on = (name: string, fn: () => void) => test(name, () => sg.withDevice(device, () => sg.scope(fn)));

  on("agrees with finite differences", () => {
    const data = normals(5, 7);
    const of = (values: ArrayLike<number>) => {
      const x = leaf(values, 5);
      const [s, p] = sumAndProduct(sg.reshape(cube(x), [1, 5]), sg.sin(x));
      const loss = sg.sum(sg.mul(s!, sg.exp(sg.mul(p!, 0.1))));
      loss.backward();
      return { loss: loss.itemSync(), gradient: x.grad!.dataSync() };
    };
    const { gradient } = of(data);
    const step = device.type === "reference" ? 1e-4 : 1e-2;
    for (const i of data.keys()) {
      const at = (d: number) => of(Array.from(data, (v, j) => (i === j ? v + d : v))).loss;
      expect(gradient[i]!).toBeCloseTo((at(step) - at(-step)) / (2 * step), device.type === "reference" ? 3 : 1);
    }
  });

  on("records nothing inside, be it operations, other functions of one's own or leaves", () => {
    const tracked: boolean[] = [];
    const outer = sg.customOp({
      forward: ([x]) => {
        const y = cube(x);
        tracked.push(y.tracksGradient, sg.mul(x, 2).tracksGradient);
        return y;
      },
      backward: ([x], dy, context) => {
        const dx = cube(sg.mul(x, dy));
        tracked.push(dx.tracksGradient);
        expect([context.needs(0), context.needs(1)]).toEqual([true, false]);
        return dx;
      },
    });
    const x = leaf([2], 1);
    const y = outer(x);
    y.backward();
    expect([y.itemSync(), x.grad!.itemSync(), ...tracked]).toEqual([8, 8, false, false, false]);
    expectError("state", () => y.backward(), "backward");
  });

  on("gives no gradient where backward returns null, nor to what needs none", () => {
    const op = sg.customOp({
      name: "second",
      forward: ([a, b]: Two) => sg.add(a, b),
      backward: (_, dy) => [null, dy],
    });
    const [a, b] = [leaf([1], 1), leaf([2], 1)];
    op(a, b).backward();
    expect([a.grad, b.grad!.itemSync()]).toEqual([undefined, 1]);
    const plain = op(sg.tensor([1]), sg.tensor([2]));
    expect(plain.tracksGradient).toBe(false);
    // Gradients of inputs that need none are not looked at.
    const loose = sg.customOp({ forward: ([x, _y]: Two) => sg.copyOf(x), backward: (_, dy) => [dy, sg.ones([7])] });
    const c = leaf([3], 1);
    loose(c, sg.tensor(Int32Array.of(1, 2))).backward();
    expect(c.grad!.itemSync()).toBe(1);
  });

  on("may return an input, a view, a constant, one tensor twice, and integers", () => {
    const constant = sg.tensor([5]);
    const op = sg.customOp({
      forward: ([x]) => {
        const y = sg.mul(x, 2);
        return [x, sg.reshape(x, [1, 1]), constant, y, y, sg.toInt(y)];
      },
      backward: (_, dys) => dys.slice(0, 5).reduce((sum, dy) => sg.add(sum, sg.reshape(dy, [1]))),
    });
    const x = leaf([3], 1);
    const ys = op(x);
    expect(ys.map((y) => y.itemSync())).toEqual([3, 3, 5, 6, 6, 6]);
    expect([internal(x).node, constant.tracksGradient, ys[5]!.tracksGradient]).toEqual([undefined, false, false]);
    ys.slice(0, 5)
      .map((y) => sg.sum(y))
      .reduce((a, b) => sg.add(a, b))
      .backward();
    expect(x.grad!.itemSync()).toBe(5);
  });

  test("leaves its result and the gradients behind, and nothing else", () => {
    sg.withDevice(device, () => {
      const x = leaf([1, 2, 3], 3);
      const tensors = () => sg.memory(device).tensors;
      const before = tensors();
      const silent = sg.noGrad(() => cube(x));
      expect(tensors()).toBe(before + 1);
      const y = cube(x);
      // The square waits for backward.
      expect(tensors()).toBe(before + 3);
      y.backward(silent);
      expect(tensors()).toBe(before + 3);
      for (const t of [y, silent]) t.dispose();
      expect(tensors()).toBe(before + 1);
      x.grad!.dispose();
      x.grad = undefined;
      for (let i = 0; i < 3; i++)
        sg.scope(() => {
          sg.sum(clipGradient(cube(cube(x.detach())))).dispose();
          sg.sum(sumAndProduct(sg.reshape(cube(x), [1, 3]), x)[0]!).backward();
        });
      x.dispose();
      expect(tensors()).toBe(before - 1);
    });
  });

  test("leaves nothing behind when forward or backward throws", () => {
    sg.withDevice(device, () => {
      const x = leaf([1, 2], 2);
      const before = sg.memory(device).tensors;
      const failing = sg.customOp({
        forward: ([x]) => {
          sg.exp(x);
          throw new RangeError("no");
        },
        backward: () => null,
      });
      expect(() => failing(x)).toThrow(RangeError);
      expect(sg.memory(device).tensors).toBe(before);
      const late = sg.customOp({
        forward: ([x], context) => {
          context.save(sg.exp(x));
          return sg.sum(x);
        },
        backward: () => {
          throw new RangeError("no");
        },
      });
      const y = late(x);
      expect(() => y.backward()).toThrow(RangeError);
      expect([x.grad, sg.memory(device).tensors]).toEqual([undefined, before + 1]);
      for (const t of [x, y]) t.dispose();
    });
  });

  on("says what is wrong with a definition, a result and a gradient", () => {
    type AnyDefinition = sg.CustomOpDefinition<sg.CustomInputs, sg.Tensor>;
    const define = (definition: unknown) => sg.customOp(definition as AnyDefinition);
    const same = { forward: ([x]: sg.CustomInputs) => sg.copyOf(x), backward: (_: unknown, dy: sg.Tensor) => dy };
    expectError("value", () => define(undefined), "customOp: the definition is undefined; give { forward, backward }");
    expectError("value", () => define({ ...same, backwards: 1 }), 'customOp: "backwards" is not an option. Did you mean "backward"?');
    expectError("value", () => define({ forward: same.forward }), "customOp: backward is undefined");
    expectError("value", () => define({ ...same, name: 3 }), "customOp: name is a number");
    expectError("value", () => (define(same) as () => unknown)(), "customOp: got no input; give at least one tensor");
    expectError("value", () => define(same)([1] as never), "customOp: argument 0 is an array, not a tensor");

    const forward = (result: unknown) => define({ name: "mine", ...same, forward: () => result })(leaf([1], 1));
    expectError("value", () => forward(undefined), "mine: output 0 of forward is undefined, not a tensor");
    expectError("value", () => forward([]), "mine: forward returned no tensor");
    expectError("value", () => forward([sg.ones([1]), 3]), "mine: output 1 of forward is 3, not a tensor");
    expectError("value", () => forward(Promise.reject(new Error("late"))), "mine: output 0 of forward is a Promise");

    const backward = (result: unknown) => define({ name: "mine", ...same, backward: () => result })(leaf([1, 2], 2));
    const fails = (code: sg.ErrorCode, result: unknown, text: string) => expectError(code, () => sg.sum(backward(result)).backward(), text);
    fails("value", [sg.ones([2]), null], "mine: backward returned 2 gradients for 1 inputs; return an array of one for each");
    fails("value", [], "mine: backward returned 0 gradients for 1 inputs");
    fails("value", "dy", 'mine: gradient 0 of backward is "dy", not a tensor');
    fails("shape", sg.ones([1]), "mine: gradient 0 of backward has shape [1]; expected [2], as the input");
    fails("dtype", sg.zeros([2], { dtype: "int32" }), "mine: gradient 0 of backward is int32; expected float32");
    const saving = (_: unknown, context: sg.CustomContext) => context.save(1 as never);
    expectError("value", () => define({ ...same, forward: saving })(leaf([1], 1)), "customOp: save: tensor 0 is 1");
  });
});

test("fit trains a model with one", async () => {
  await initAnew({ device: "wasm" });
  sg.manualSeed(2);
  const linear = new sg.nn.Linear(2, 1);
  const [x, y] = [sg.tensor([0, 1, 1, 0], [2, 2]), sg.tensor([1, -1], [2, 1])];
  const optimizer = new sg.optim.Adam(linear.parameters(), { lr: 0.1 });
  const loss = () => ({ loss: sg.mseLoss(cube(linear.forward(x)), y) });
  const losses: number[] = [];
  for await (const event of sg.fit(linear, { batch: () => 1 }, { optimizer, steps: 60, loss }))
    if (event.type === "step") losses.push(event.loss);
  expect(losses.length).toBe(60);
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
});
