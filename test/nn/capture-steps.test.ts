import { describe, expect, vi } from "vitest";
import { noGrad } from "../../src/autograd/tape.js";
import type { CapturedValue } from "../../src/nn/captured-step.js";
import * as nn from "../../src/nn/index.js";
import { inference } from "../../src/nn/mode.js";
import { add, crossEntropy, dropout, mul, relu, sum } from "../../src/ops/index.js";
import { Adam } from "../../src/optim/index.js";
import { tensor } from "../../src/tensor/create.js";
import { memory } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { capturedOn } from "../helpers/captured.js";
import { forEachDevice, immediate, on, startOn } from "../helpers/devices.js";
import { expectRejection } from "../helpers/errors.js";
import { expectClose, normals } from "../helpers/numbers.js";

const [B, T, V] = [2, 5, 7];

/** All kinds of layers that capture() knows, and a module written by a user. */
class Net extends nn.Module {
  readonly embedding = new nn.Embedding(V, 8);
  readonly lstm = new nn.LSTM(8, 4, { numLayers: 2, bidirectional: true, dropout: 0.3 });
  readonly attention = new nn.MultiheadAttention(8, 2, { dropout: 0.3 });
  readonly head = new nn.Sequential(new nn.Linear(8, 8), relu, new nn.Linear(8, V));

  forward(tokens: Tensor): { readonly logits: Tensor; readonly count: number } {
    const { output } = this.lstm.forward(this.embedding.forward(tokens), { lengths: [T, 3] });
    const seen = dropout(this.attention.forward(output, { causal: true }), 0.3, this.training);
    return { logits: this.head.forward(add(output, seen)), count: 1 };
  }
}

const batch = () => {
  const tokens = Int32Array.from({ length: B * T }, (_, i) => (i * 3) % V);
  return [
    tensor(tokens, [B, T]),
    tensor(
      tokens.map((token) => (token + 1) % V),
      [B, T],
    ),
  ] as const;
};
const all = ["gates", "cells", "hidden", "hidden.gradient", "hidden.gradientNorm", "weights", "output", "output.gradient"];

function training() {
  manualSeed(5);
  const net = new Net();
  const optimizer = new Adam(net.parameters(), { lr: 0.05 });
  const step = () =>
    optimizer.step(() => {
      const [x, y] = batch();
      return crossEntropy(net.forward(x).logits, y);
    });
  return { net, optimizer, step };
}

await forEachDevice(["simd"], "a capture", (device) => {
  const it = on(device);

  it("changes no bit of a training, and costs nothing before and after it", async () => {
    const dispatch = vi.spyOn(device.backend, "dispatch");
    const alloc = vi.spyOn(device.backend, "alloc");
    const costOf = (step: () => unknown) => {
      dispatch.mockClear();
      alloc.mockClear();
      startOn(device, step);
      return { kernels: dispatch.mock.calls.map(([kernel]) => kernel), allocations: alloc.mock.calls.length };
    };
    const plain = training();
    const expected = Array.from({ length: 4 }, () => costOf(plain.step));
    const weights = plain.net.parameters().map((p) => Array.from(p.dataSync()));
    const { net, step } = startOn(device, training);
    const costs = [costOf(step), costOf(step)];
    const capture = await net.capture(all, () => {});
    costs.push(costOf(step));
    await capture.stop();
    costs.push(costOf(step));
    expect(net.parameters().map((p) => Array.from(p.dataSync()))).toEqual(weights);
    const isCaptured = costs.map(({ kernels }, i) => kernels.length > (expected[i]?.kernels.length ?? 0));
    expect(isCaptured).toEqual([false, false, true, false]);
    for (const i of [0, 1, 3]) expect(costs[i]?.kernels).toEqual(expected[i]?.kernels);
    expect(costs[1]).toEqual(expected[1]);
    expect(Object.getOwnPropertyNames(net.lstm)).not.toContain("forward");
  });

  it("calls no kernel for gates, cells, and hidden states that lie in rows", async () => {
    const layer = new nn.LSTM(3, 4);
    const x = tensor(normals(B * T * 3, 1), [B, T, 3]);
    const dispatch = vi.spyOn(device.backend, "dispatch");
    const calls = () => {
      dispatch.mockClear();
      startOn(device, () => inference(() => layer.forward(x)));
      return dispatch.mock.calls.map(([kernel]) => kernel).sort();
    };
    const plain = calls();
    const values: string[] = [];
    const capture = await layer.capture(["gates", "cells", "hidden"], (name) => values.push(name));
    // Copies of what the kernel left, time after rows; nothing is computed.
    expect(calls()).toEqual([...plain, "copyStrided", "copyStrided"].sort());
    await capture.stop();
    expect(values).toEqual(["l0.gates", "l0.cells", "l0.hidden"]);
  });

  it("leaves the memory flat over 5,000 steps", async () => {
    const { net, step } = training();
    let count = 0;
    const capture = await net.capture(["gates", "weights", "hidden.gradientNorm", "output.gradient"], () => count++);
    const run = async (steps: number) => {
      for (let i = 0; i < steps; i++) await startOn(device, step).read();
      return startOn(device, memory);
    };
    const early = await run(20);
    const late = await run(4980);
    expect({ ...late, bytes: late.bytes }).toEqual({ ...early, bytes: early.bytes });
    await capture.stop();
    const names = await net.captureNames();
    const expected = names.filter((name) => /gates|weights|hidden.gradientNorm|output.gradient$/.test(name));
    expect(count).toBe(5000 * expected.length);
  }, 60_000);
});

await forEachDevice(immediate, "a capture", (device) => {
  const it = on(device);

  it("shows the output of every layer, and its gradient", async () => {
    const { net } = training();
    net.eval();
    const [x, y] = batch();
    const values = await capturedOn(device, net, ["output", "output.gradient"], () => {
      scope(() => crossEntropy(net.forward(x).logits, y).backward());
      net.zeroGrad();
    });
    const names = ["embedding", "lstm", "attention", "attention.out_proj", "head", "head.0", "head.2"].flatMap((path) => [
      `${path}.output`,
      `${path}.output.gradient`,
    ]);
    expect([...values.keys()].sort()).toEqual(["output", "output.gradient", ...names].sort());
    const get = (name: string) => values.get(name)?.[0]?.data ?? new Float32Array();
    expect(get("output")).toEqual(get("head.2.output"));
    // The gradient of what head.2 gives is that of cross-entropy: softmax - target, over all targets.
    const logits = get("output");
    const expected = Array.from(logits, (_, i) => {
      const row = Array.from(logits.slice(i - (i % V), i - (i % V) + V), Math.exp);
      const isTarget = i % V === (Math.floor(i / V) * 3 + 1) % V;
      return ((row[i % V] ?? 0) / row.reduce((sum, e) => sum + e, 0) - Number(isTarget)) / (B * T);
    });
    expectClose(get("output.gradient"), expected, 1e-6);
    expect(get("head.2.output.gradient")).toEqual(get("output.gradient"));
    // Of head.0, through relu and head.2.
    const weight = (await startOn(device, () => net.parameters().at(-2))?.data()) ?? [];
    const hidden = get("head.0.output");
    const through = Array.from(hidden, (h, i) => {
      const row = expected.slice(Math.floor(i / 8) * V, Math.floor(i / 8) * V + V);
      return h > 0 ? row.reduce((total, d, v) => total + d * (weight[v * 8 + (i % 8)] ?? 0), 0) : 0;
    });
    expectClose(get("head.0.output.gradient"), through, 1e-6);
  });

  it("gives the norms of gradients by step, and of what has no steps in one", async () => {
    const layer = new nn.Linear(3, 2);
    const norms = async (shape: number[]) => {
      const x = startOn(device, () => tensor(normals(12, 1), shape));
      const values = await capturedOn(device, layer, ["output.gradient", "output.gradientNorm"], () =>
        scope(() => sum(mul(layer.forward(x), layer.forward(x))).backward()),
      );
      return { gradients: values.get("output.gradient") ?? [], norms: values.get("output.gradientNorm") ?? [] };
    };
    const steps = await norms([2, 2, 3]);
    expect(steps.norms.map(({ shape }) => shape)).toEqual([[2], [2]]);
    const { data = [] } = steps.gradients[0] ?? {};
    const at = (t: number) => Math.hypot(...[0, 1].flatMap((b) => [data[b * 4 + t * 2] ?? 0, data[b * 4 + t * 2 + 1] ?? 0]));
    expectClose(steps.norms[0]?.data ?? [], [at(0), at(1)], 1e-6);
    const whole = await norms([4, 3]);
    expect(whole.norms.map(({ shape }) => shape)).toEqual([[], []]);
    expectClose(whole.norms[0]?.data ?? [], [Math.hypot(...(whole.gradients[0]?.data ?? []))], 1e-6);
  });
});

await forEachDevice(["simd"], "the steps of a capture", (device) => {
  const it = on(device);
  const layerAndInput = () => ({ layer: new nn.GRU(3, 4), x: tensor(normals(B * T * 3, 1), [B, T, 3]) });
  const predict = (layer: nn.GRU, x: Tensor) => startOn(device, () => inference(() => layer.forward(x)));

  it("are what runs without an await, each n-th with `every`", async () => {
    const { layer, x } = layerAndInput();
    const counts = { all: 0, third: 0 };
    const captures = [
      await layer.capture(["gates"], () => counts.all++),
      await layer.capture(["gates"], () => counts.third++, { every: 3 }),
    ];
    for (let i = 0; i < 7; i++) await predict(layer, x);
    await Promise.all(captures.map((capture) => capture.stop()));
    expect(counts).toEqual({ all: 7, third: 3 });
  });

  it("are left out while the function is at work", async () => {
    const { layer, x } = layerAndInput();
    const frees: (() => void)[] = [];
    const seen: number[] = [];
    const capture = await layer.capture(["hidden", "gates"], (_, { shape }) => {
      seen.push(shape.length);
      return new Promise<void>((resolve) => frees.push(resolve));
    });
    for (let i = 0; i < 4; i++) await predict(layer, x);
    expect(seen).toEqual([4, 3]); // both values of the first step
    for (const free of frees.splice(0)) free();
    await new Promise((resolve) => setTimeout(resolve));
    await predict(layer, x);
    expect(seen).toEqual([4, 3, 4, 3]);
    for (const free of frees) free();
    await capture.stop();
  });

  it("give a loop that does not await its first step", async () => {
    const { layer, x } = layerAndInput();
    let count = 0;
    const capture = await layer.capture(["gates"], () => count++);
    for (let i = 0; i < 100; i++) predict(layer, x);
    await capture.stop();
    expect(count).toBe(1);
  });

  it("end with stop(), which lets nested captures go on in any order", async () => {
    const { layer, x } = layerAndInput();
    const counts = [0, 0];
    const first = await layer.capture(["gates"], () => (counts[0] = (counts[0] ?? 0) + 1));
    const second = await layer.capture(["output"], () => (counts[1] = (counts[1] ?? 0) + 1));
    await predict(layer, x);
    await first.stop();
    await predict(layer, x);
    second[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
    await predict(layer, x);
    await second.stop();
    expect(counts).toEqual([1, 2]);
  });

  it("show the gradient that comes after an await", async () => {
    const { layer, x } = layerAndInput();
    const names: string[] = [];
    const capture = await layer.capture(["gates", "hidden.gradient"], (name) => names.push(name));
    const loss = startOn(device, () => sum(layer.forward(x).output));
    await loss.data();
    loss.backward();
    await capture.stop();
    expect(names).toEqual(["l0.gates", "l0.hidden.gradient"]);
  });

  it("leave no memory behind outside a scope", async () => {
    const layer = new nn.Linear(3, 4);
    const x = tensor(normals(6, 1), [2, 3]);
    const capture = await layer.capture(["output", "output.gradient"], () => {});
    const predict = () => startOn(device, () => noGrad(() => layer.forward(x)).dispose());
    await predict();
    const { inUse, tensors } = memory(device);
    for (let i = 0; i < 5; i++) await predict();
    expect(memory(device)).toMatchObject({ inUse, tensors });
    await capture.stop();
  });

  it("are windows of a long sequence, whose gradients end where the state was cut off", async () => {
    const layer = new nn.LSTM(3, 4);
    const windows = [1, 2].map((seed) => tensor(normals(B * T * 3, seed), [B, T, 3]));
    const [window = tensor([0])] = windows;
    const names = ["hidden.gradient", "cells"];
    const both = await capturedOn(device, layer, names, () =>
      scope(() => {
        let state: nn.LSTMState | undefined;
        for (const x of windows) {
          const next = layer.forward(x, { state });
          sum(next.output).backward();
          state = { h: next.state.h.detach(), c: next.state.c.detach() };
        }
      }),
    );
    const first = await capturedOn(device, layer, names, () => scope(() => sum(layer.forward(window).output).backward()));
    expect(both.get("l0.hidden.gradient")?.map(({ shape }) => shape)).toEqual([
      [B, T, 4],
      [B, T, 4],
    ]);
    expect(both.get("l0.hidden.gradient")?.[0]).toEqual(first.get("l0.hidden.gradient")?.[0]);
    expect(both.get("l0.cells")?.[0]).toEqual(first.get("l0.cells")?.[0]);
    expect(both.get("l0.cells")?.[1]).not.toEqual(first.get("l0.cells")?.[0]);
  });

  it("have the mode that the layer was in", async () => {
    const { layer, x } = layerAndInput();
    const modes: boolean[] = [];
    const capture = await layer.capture(["hidden"], (_, { training }) => modes.push(training));
    await predict(layer, x);
    await startOn(device, () => scope(() => layer.forward(x)));
    await predict(layer, x);
    await capture.stop();
    expect(modes).toEqual([false, true, false]);
  });

  it("go on after an error of the function, which stop() reports", async () => {
    const { layer, x } = layerAndInput();
    const failing = await layer.capture(["hidden"], () => {
      throw new Error("cannot draw");
    });
    await predict(layer, x);
    await expect(failing.stop()).rejects.toThrow("cannot draw");
  });
});

await forEachDevice(["simd"], "the names of a capture", (device) => {
  const it = on(device);
  const shown = async (model: nn.Module, names: string[], step: () => unknown) =>
    [...(await capturedOn(device, model, names, () => inference(step))).keys()].sort();

  it("are paths, their ends, kinds, and patterns of them", async () => {
    const net = new Net();
    const step = () => net.forward(batch()[0]);
    const places = ["l0", "l0_reverse", "l1", "l1_reverse"];
    const gates = places.map((place) => `lstm.${place}.gates`);
    expect(await shown(net, ["gates"], step)).toEqual(gates);
    expect(await shown(net, ["lstm.gates"], step)).toEqual(gates);
    expect(await shown(net, ["lstm.*.gates"], step)).toEqual(gates);
    expect(await shown(net, ["*_reverse.gates"], step)).toEqual(["lstm.l0_reverse.gates", "lstm.l1_reverse.gates"]);
    expect(await shown(net, ["l1.gates", "lstm.l0.gates"], step)).toEqual(["lstm.l0.gates", "lstm.l1.gates"]);
    expect(await shown(net, ["head.*.output"], step)).toEqual(["head.0.output", "head.2.output"]);
    expect(await shown(net.lstm, ["lstm.l0.cells"], () => net.forward(batch()[0]))).toEqual(["l0.cells"]);
  });

  it("are listed by captureNames(), each module under its first path", async () => {
    class Twice extends nn.Module {
      readonly cell = new nn.GRUCell(2, 3);
      readonly again = this.cell;
    }
    const output = ["output", "output.gradient", "output.gradientNorm"];
    const hidden = ["hidden", "hidden.gradient", "hidden.gradientNorm"];
    const names = ["gates", ...hidden, ...output].map((name) => `cell.${name}`);
    const [twice, rnn] = [new Twice(), new nn.RNN(2, 3)];
    expect(await twice.captureNames()).toEqual(names);
    expect(await rnn.captureNames()).toEqual([...hidden.map((name) => `l0.${name}`), ...output]);
  });

  it("that no layer has are refused with those there are", async () => {
    const net = new Net();
    await expectRejection(
      "value",
      net.capture(["lstm.gate"], () => {}),
      '"lstm.gate"',
      "lstm.l0.gates",
      "attention.weights",
      "head.*.output",
    );
    await expectRejection(
      "value",
      net.capture(["gates", "mlp.output"], () => {}),
      '"mlp.output"',
    );
    expect(Object.keys(Object.getOwnPropertyDescriptors(net.lstm))).not.toContain("forward");
  });

  it("and other arguments that cannot be are refused", async () => {
    const lstm = new nn.LSTM(2, 3);
    const call = (...args: unknown[]) => Reflect.apply(lstm.capture, lstm, args) as Promise<unknown>;
    await expectRejection(
      "value",
      call("gates", () => {}),
      "names",
      "list",
    );
    await expectRejection(
      "value",
      call([3], () => {}),
      "3",
      "captureNames",
    );
    await expectRejection("value", call(["gates"]), "fn is undefined");
    await expectRejection(
      "value",
      call(["gates"], () => {}, { evry: 2 }),
      "evry",
      "every",
    );
    await expectRejection(
      "range",
      call(["gates"], () => {}, { every: 0 }),
      "every is 0",
    );
  });

  it("reach a forward() that is a property, which comes back at the end", async () => {
    class Arrow extends nn.Module {
      readonly linear = new nn.Linear(2, 2);
      forward = (x: Tensor) => this.linear.forward(x);
    }
    const model = new Arrow();
    const { forward } = model;
    const values: CapturedValue[] = [];
    const capture = await model.capture(["output"], (_, value) => values.push(value));
    startOn(device, () => scope(() => model.forward(tensor([1, 2], [1, 2]))));
    await capture.stop();
    expect(values.length).toBe(2);
    expect(model.forward).toBe(forward);
  });

  describe("of cells", () => {
    on(device)("give the steps of a loop in one value", async () => {
      const cell = new nn.LSTMCell(2, 3);
      const layer = new nn.LSTM(2, 3);
      for (const [i, p] of layer.parameters().entries()) cell.parameters()[i]?.write(p.dataSync());
      const x = tensor(normals(B * T * 2, 4), [B, T, 2]);
      const steps = Array.from({ length: T }, (_, t) =>
        tensor(
          x.dataSync().filter((_, i) => Math.floor(i / 2) % T === t),
          [B, 2],
        ),
      );
      const names = ["gates", "cells", "hidden", "hidden.gradient"];
      const byCell = await capturedOn(device, cell, names, () =>
        scope(() => {
          let state: nn.LSTMState | undefined;
          for (const step of steps) state = cell.forward(step, state);
          if (state) sum(state.h).backward();
        }),
      );
      const byLayer = await capturedOn(device, layer, names, () => scope(() => sum(layer.forward(x).state.h).backward()));
      for (const name of names) {
        expect(
          byCell.get(name)?.map(({ shape }) => shape),
          name,
        ).toEqual(byLayer.get(`l0.${name}`)?.map(({ shape }) => shape));
        expectClose(byCell.get(name)?.[0]?.data ?? [], byLayer.get(`l0.${name}`)?.[0]?.data ?? [], 1e-6, name);
      }
    });
  });
});
