import { describe, expect, test } from "vitest";
import type { CapturedValue } from "../../src/nn/captured-step.js";
import * as nn from "../../src/nn/index.js";
import { tensor } from "../../src/tensor/create.js";
import { createDevice } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import { forEachDevice, immediate, on, startOn } from "../helpers/devices.js";
import { lstmReference } from "../helpers/lstm-reference.js";
import { expectClose, normals } from "../helpers/numbers.js";
import { H, I, type Layer, layers, lossOf, random } from "../helpers/recurrent-layers.js";

const [B, T] = [3, 6];
const rowLengths = [4, 6, 1];
const quantities = ["gates", "cells", "hidden", "hidden.gradient", "hidden.gradientNorm", "output", "output.gradient"];

type Values = Map<string, CapturedValue>;

/** What is captured of a module while `step` runs. */
async function captured(model: nn.Module, names: readonly string[], step: () => void): Promise<Values> {
  const values: Values = new Map();
  const capture = await model.capture(names, (name, value) => {
    expect(values.has(name), name).toBe(false);
    values.set(name, value);
  });
  step();
  await capture.stop();
  return values;
}

function step(layer: Layer, lengths: readonly number[] | undefined) {
  scope(() => {
    const { output, state } = layer.forward(random([B, T, I], 3), lengths ? { lengths } : {});
    lossOf([output, state.h, ...(state.c ? [state.c] : [])]).backward();
  });
}

describe("what recurrent layers compute is on every device what the composition in primitives computes", async () => {
  const reference = await createDevice({ device: "reference" });
  const forms = { "one layer": {}, "two layers in two directions": { numLayers: 2, bidirectional: true } };
  await forEachDevice(["simd", "full relaxed", "full webgpu"], "", (device) => {
    for (const [name, make] of Object.entries(layers))
      for (const [form, options] of Object.entries(forms))
        test.each([{}, { lengths: rowLengths }])(`${name}, ${form}, %o`, async ({ lengths }) => {
          const of = (device: Parameters<typeof startOn>[0]) =>
            startOn(device, async () => {
              const layer = make(options);
              const there = await layer.captureNames();
              const names = quantities.filter((name) => there.some((full) => full.endsWith(name)));
              return captured(layer, names, () => startOn(device, () => step(layer, lengths)));
            });
          const [actual, expected] = await Promise.all([of(device), of(reference)]);
          expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
          for (const [name, { shape, data }] of expected) {
            expect(actual.get(name)?.shape, name).toEqual(shape);
            expectClose(actual.get(name)?.data ?? [], data, 1e-5, name);
          }
        });
  });
});

await forEachDevice(immediate, "an LSTM's gates and cells", (device) => {
  on(device)("are those of the formula", async () => {
    const lstm = new nn.LSTM(I, H);
    for (const [i, p] of lstm.parameters().entries()) p.write(normals(p.size, 50 + i, 0, 0.6));
    const [wIh = [], wHh = [], bIh, bHh] = lstm.parameters().map((p) => Array.from(p.dataSync()));
    const x = normals(B * T * I, 3);
    const values = await captured(lstm, ["gates", "cells", "hidden"], () =>
      startOn(device, () => scope(() => lstm.forward(tensor(x, [B, T, I]), { lengths: rowLengths }))),
    );
    const sizes = { B, T, I, H, P: H, reverse: false, lengths: rowLengths };
    const { gates, cells, y } = lstmReference({ ...sizes, x, wIh, wHh, bIh, bHh });
    const byRow = (data: readonly number[], width: number) =>
      Array.from(
        { length: B * T * width },
        (_, i) => data[((Math.floor(i / width) % T) * B + Math.floor(i / width / T)) * width + (i % width)] ?? 0,
      );
    expect(values.get("l0.gates")?.shape).toEqual([B, T, 4, H]);
    expectClose(values.get("l0.gates")?.data ?? [], byRow(gates, 4 * H), 1e-6);
    expectClose(values.get("l0.cells")?.data ?? [], byRow(cells, H), 1e-6);
    expectClose(values.get("l0.hidden")?.data ?? [], y, 1e-6);
  });
});
