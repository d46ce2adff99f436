import { expect } from "vitest";
import { Pooling, type PoolingKind } from "../../src/nn/index.js";
import { sum } from "../../src/ops/index.js";
import { tensor } from "../../src/tensor/create.js";
import { scope } from "../../src/tensor/scope.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";
import { expectClose, normals } from "../helpers/numbers.js";

const [B, T, E] = [3, 5, 6];

/** One row of n steps, in float64; `weight` and `bias` are of the scores. */
function pooled(kind: PoolingKind, row: readonly number[], n: number, weight: readonly number[], bias: number): number[] {
  const steps = Array.from({ length: n }, (_, t) => row.slice(t * E, (t + 1) * E));
  const feature = (e: number) => steps.map((step) => step[e]!);
  if (kind === "max") return weight.map((_, e) => Math.max(...feature(e)));
  const scores = steps.map((step) => (kind === "mean" ? 0 : step.reduce((total, x, e) => total + x * weight[e]!, bias)));
  const exponentials = scores.map((s) => Math.exp(s - Math.max(...scores)));
  const total = exponentials.reduce((a, b) => a + b);
  return weight.map((_, e) => feature(e).reduce((y, x, t) => y + (x * exponentials[t]!) / total, 0));
}

await forEachDevice(immediate, "Pooling", (device) => {
  const it = on(device);

  for (const kind of ["mean", "max", "attention"] as const)
    for (const lengths of [[5, 3, 1], undefined])
      it(`by ${kind} of ${lengths ?? "all"} steps`, () => {
        const layer = new Pooling(kind, E);
        const weight = layer.score ? Array.from(layer.score.weight.dataSync()) : new Array<number>(E).fill(0);
        const bias = layer.score ? layer.score.bias!.dataSync()[0]! : 0;
        expect(layer.score !== undefined).toBe(kind === "attention");
        // All below 0, so that no padding may be the largest.
        const values = normals(B * T * E, 3, -4);
        const x = tensor(values, [B, T, E]);
        x.requiresGrad = true;
        scope(() => {
          const y = layer.forward(x, { lengths });
          expect(y.shape).toEqual([B, E]);
          const expected = Array.from({ length: B }, (_, b) =>
            pooled(kind, Array.from(values.slice(b * T * E, (b + 1) * T * E)), lengths?.[b] ?? T, weight, bias),
          );
          expectClose(y.dataSync(), expected.flat(), 1e-5);
          sum(y).backward();
        });
        // Steps past a row's length get no gradient.
        const gradient = x.grad!.dataSync();
        for (let b = 0; b < B; b++)
          for (let t = 0; t < T; t++) {
            const step = gradient.slice((b * T + t) * E, (b * T + t + 1) * E);
            if (t >= (lengths?.[b] ?? T)) expect(Array.from(step, Math.abs)).toEqual(new Array(E).fill(0));
            else if (kind === "mean") expectClose(step, new Array(E).fill(1 / (lengths?.[b] ?? T)), 1e-6);
          }
      });

  it("refuses lengths outside the steps, and a value that is not a sequence", () => {
    const [layer, x] = [new Pooling("mean", E), tensor(normals(B * T * E, 1), [B, T, E])];
    for (const bad of [0, T + 1]) expect(() => layer.forward(x, { lengths: [T, bad, T] })).toThrow(`lengths[1] is ${bad}`);
    expect(() => layer.forward(x, { lengths: [T, T] })).toThrow("got 2 lengths for 3 rows; expected one for each");
    expect(() => layer.forward(tensor([1, 2, 3]))).toThrow("x has shape [3]; expected [B, T, D]");
  });
});
