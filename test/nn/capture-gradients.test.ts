import { describe, expect, test } from "vitest";
import * as nn from "../../src/nn/index.js";
import { engine } from "../../src/nn/observed.js";
import { LayerObserver } from "../../src/nn/observers.js";
import { gru, lstm, mul, rnn, select, slice, sum } from "../../src/ops/index.js";
import { tensor } from "../../src/tensor/create.js";
import { createDevice, withDevice } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { everywhere, forEachDevice, on } from "../helpers/devices.js";
import { normals } from "../helpers/numbers.js";
import { random } from "../helpers/recurrent-layers.js";

const [B, T, I, H] = [3, 6, 4, 5];

interface Options {
  observe?: LayerObserver;
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

/** The norms of what an operation shows as hidden.gradient [B, T, H], step by step. */
function normsOf(run: (observe: LayerObserver) => void): number[] {
  let norms: number[] = [];
  const see = (name: string, value: () => Tensor) => {
    if (name !== "hidden.gradient") return;
    const data = value().dataSync();
    norms = Array.from({ length: T }, (_, t) => Math.hypot(...data.filter((_, i) => Math.floor(i / H) % T === t)));
  };
  run(new LayerObserver(engine, see));
  return norms;
}

/** Cut after step t, a sequence is a function of h_t (and c_t, held still): its differences need no gradient at all. */
describe("the norms of dLoss/dh_t are those of central differences, in float64:", async () => {
  const reference = await createDevice({ device: "reference" });
  test.each(Object.entries(cells))("%s", (_, cell) => {
    let norms: number[] = [];
    const differences = withDevice(reference, () => {
      const weigh = tensor(normals(B * T * H, 4), [B, T, H]);
      const x = tensor(normals(B * T * I, 3), [B, T, I]);
      x.requiresGrad = true;
      norms = normsOf((observe) => scope(() => sum(mul(cell(x, { observe }).y, weigh)).backward()));

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
    for (const [t, norm] of norms.entries()) expect(Math.abs(norm / differences[t]! - 1), `step ${t}`).toBeLessThan(1e-6);
  });
});

/** The norms of dLoss/dh_t in layer and direction l0, of a loss that reads the output from step `at` on. */
async function captured(layer: nn.RecurrentLayer, x: Tensor, lossOf: (output: Tensor) => Tensor): Promise<ArrayLike<number>> {
  let norms: ArrayLike<number> = [];
  const capture = await layer.capture(["l0.hidden.gradientNorm"], (_, { data }) => {
    norms = data;
  });
  scope(() => lossOf(layer.forward(x).output).backward());
  await capture.stop();
  return norms;
}

await forEachDevice(everywhere, "the captured norm of dLoss/dh_t", (device) => {
  const it = on(device);

  it("is 0 where no gradient comes", async () => {
    const norms = await captured(new nn.RNN(I, H), random([2, 5, I], 5), (y) => sum(select(y, 2, { axis: 1 })));
    expect(Array.from(norms, (norm) => norm > 0)).toEqual([true, true, true, false, false]);
  });

  it("shows that an identity RNN keeps a gradient that a tanh RNN loses", async () => {
    manualSeed(6);
    const [steps, size] = [50, 16];
    const share = async (layer: nn.RNN) => {
      const x = tensor(normals(2 * steps * I, 7).map(Math.abs), [2, steps, I]);
      const norms = await captured(layer, x, (y) => sum(select(y, -1, { axis: 1 })));
      return (norms[0] ?? 0) / (norms[steps - 1] ?? 0);
    };
    const identity = nn.identityRNN(I, size);
    for (const [name, p] of identity.namedParameters()) if (name.startsWith("weight_ih")) p.write(normals(p.size, 8).map(Math.abs));
    const tanh = new nn.RNN(I, size);
    const [kept, lost] = [share(identity), share(tanh)];
    expect(await kept).toBeCloseTo(1, 5);
    expect(await lost).toBeLessThan(1e-6);
  });
});
