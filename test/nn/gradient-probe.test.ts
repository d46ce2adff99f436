import { describe, expect, test } from "vitest";
import * as nn from "../../src/nn/index.js";
import { gru, lstm, mul, rnn, select, slice, sum } from "../../src/ops/index.js";
import { tensor } from "../../src/tensor/create.js";
import { createDevice, memory, withDevice } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { forEachDevice, immediate, on, startOn, variants } from "../helpers/devices.js";
import { expectClose, normals } from "../helpers/numbers.js";

const [B, T, I, H] = [3, 6, 4, 5];
const lengths = Int32Array.of(4, 6, 1);

interface Options {
  probe?: nn.GradientProbe;
  reverse?: boolean;
  lengths?: Tensor;
  h0?: Tensor;
  c0?: Tensor;
}
type Op = (x: Tensor, options?: Options) => { y: Tensor; c?: Tensor };

const weights = (gates: number, columns: number, seed: number) => tensor(normals(gates * H * columns, seed, 0, 0.6), [gates * H, columns]);
const cells: Record<string, Op> = {
  rnn: (x, options) => rnn(x, weights(1, I, 1), weights(1, H, 2), options),
  gru: (x, options) => gru(x, weights(3, I, 1), weights(3, H, 2), options),
  "gru reset before": (x, options) => gru(x, weights(3, I, 1), weights(3, H, 2), { ...options, resetAfter: false }),
  lstm: (x, options) => lstm(x, weights(4, I, 1), weights(4, H, 2), options),
};
const modes = [{}, { reverse: true }, { lengths: true }, { reverse: true, lengths: true }];

/** dLoss/dh_t for t = 0, 1, ..., of a loss that reads every step, by the probe. */
async function probed(cell: Op, mode: { reverse?: boolean; lengths?: boolean }): Promise<number[]> {
  const probe = new nn.GradientProbe();
  scope(() => {
    const x = tensor(normals(B * T * I, 3), [B, T, I]);
    x.requiresGrad = true;
    const { y } = cell(x, { probe, ...(mode.reverse && { reverse: true }), ...(mode.lengths && { lengths: tensor(lengths) }) });
    sum(mul(y, tensor(normals(B * T * H, 4), [B, T, H]))).backward();
  });
  return probe.norms();
}

describe("the norms of dLoss/dh_t on wasm are those on the reference device:", async () => {
  const reference = await createDevice({ device: "reference" });
  await forEachDevice(variants, "", (device) => {
    for (const [name, cell] of Object.entries(cells)) {
      test.each(modes)(`${name} %o`, async (mode) => {
        const [wasm, exact] = await Promise.all([device, reference].map((d) => startOn(d, () => probed(cell, mode))));
        expect(exact!.length).toBe(T);
        expect(exact!.every((norm) => norm > 0)).toBe(true);
        expectClose(wasm!, exact!, 1e-5);
      });
    }
  });
});

/** Cut after step t, a sequence is a function of h_t (and c_t, held still): its differences need no gradient at all. */
describe("the norms of dLoss/dh_t are those of central differences, in float64:", async () => {
  const reference = await createDevice({ device: "reference" });
  test.each(Object.entries(cells))("%s", async (_, cell) => {
    const probe = new nn.GradientProbe();
    const differences = withDevice(reference, () => {
      const weigh = tensor(normals(B * T * H, 4), [B, T, H]);
      const x = tensor(normals(B * T * I, 3), [B, T, I]);
      x.requiresGrad = true;
      scope(() => sum(mul(cell(x, { probe }).y, weigh)).backward());

      const lossAfter = (t: number, h: Float64Array, c0: Tensor | undefined) =>
        scope(() => {
          const h0 = tensor(h, [B, H]);
          const here = sum(mul(h0, select(weigh, t, { axis: 1 }))).itemSync();
          if (t === T - 1) return here;
          const { y } = cell(slice(x, { axis: 1, start: t + 1 }), { h0, ...(c0 && { c0 }) });
          return here + sum(mul(y, slice(weigh, { axis: 1, start: t + 1 }))).itemSync();
        });
      return Array.from({ length: T }, (_, t) => {
        const { y, c } = cell(slice(x, { axis: 1, end: t + 1 }));
        const h = Float64Array.from(select(y, t, { axis: 1 }).dataSync());
        const step = 1e-5;
        const slopes = Array.from(h, (v, i) => (lossAfter(t, h.with(i, v + step), c) - lossAfter(t, h.with(i, v - step), c)) / (2 * step));
        return Math.hypot(...slopes);
      });
    });
    for (const [t, norm] of (await probe.norms()).entries()) expect(Math.abs(norm / differences[t]! - 1), `step ${t}`).toBeLessThan(1e-6);
  });
});

await forEachDevice(immediate, "a probe", (device) => {
  const it = on(device);
  const run = (layer: nn.RNN | nn.LSTM, probe: nn.GradientProbe, steps: number, at?: number) =>
    scope(() => {
      const x = tensor(normals(2 * steps * I, 5), [2, steps, I]);
      const { output } = layer.forward(x, { probe });
      sum(at === undefined ? output : select(output, at, { axis: 1 })).backward();
    });

  it("starts again with every sequence, even a shorter one", async () => {
    const layer = new nn.LSTM(I, H);
    const [probe, fresh] = [new nn.GradientProbe(), new nn.GradientProbe()];
    run(layer, probe, 7);
    run(layer, probe, 3);
    run(layer, fresh, 3);
    expect(await probe.norms()).toEqual(await fresh.norms());
  });

  it("is 0 where no gradient comes", async () => {
    const probe = new nn.GradientProbe();
    run(new nn.RNN(I, H), probe, 5, 2);
    const norms = await probe.norms();
    expect(norms.map((norm) => norm > 0)).toEqual([true, true, true, false, false]);
  });

  it("sees the last layer's forward direction, and leaves no memory behind", async () => {
    const layer = new nn.LSTM(I, H, { numLayers: 2, bidirectional: true });
    const probe = new nn.GradientProbe();
    run(layer, probe, 4);
    const { inUse } = memory();
    for (let i = 0; i < 3; i++) run(layer, probe, 4);
    expect(memory().inUse).toBe(inUse);
    const norms = await probe.norms();
    expect(norms.length).toBe(4);
    expect(norms.every((norm) => norm > 0)).toBe(true);
    probe.dispose();
    expect(await probe.norms()).toEqual([]);
  });

  it("shows that an identity RNN keeps a gradient that a tanh RNN loses", async () => {
    manualSeed(6);
    const [steps, size] = [50, 16];
    const share = async (layer: nn.RNN) => {
      const probe = new nn.GradientProbe();
      scope(() => {
        const x = tensor(normals(2 * steps * I, 7).map(Math.abs), [2, steps, I]);
        sum(select(layer.forward(x, { probe }).output, -1, { axis: 1 })).backward();
      });
      const norms = await probe.norms();
      return norms[0]! / norms.at(-1)!;
    };
    const identity = nn.identityRNN(I, size);
    for (const [name, p] of identity.namedParameters()) if (name.startsWith("weight_ih")) p.write(normals(p.size, 8).map(Math.abs));
    const tanh = new nn.RNN(I, size);
    const [kept, lost] = [share(identity), share(tanh)];
    expect(await kept).toBeCloseTo(1, 5);
    expect(await lost).toBeLessThan(1e-6);
  });
});
