import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { type Device, withDevice } from "../../src/tensor/device.js";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { expectClose, normals } from "../helpers/numbers.js";

type Call = (x: sg.Tensor) => sg.Tensor | readonly sg.Tensor[] | Readonly<Record<string, sg.Tensor>>;

const positions = (...index: number[]) => sg.tensor(Int32Array.from(index));

/** Operations that are made of others, as functions of one tensor [3, 4, 5]. */
const calls: Record<string, Call> = {
  pad: (x) => sg.pad(x, [1, 2, 0, -1, 2, 0], { value: 3 }),
  "pad, reflect": (x) => sg.pad(x, [2, 1, 1, 3], { mode: "reflect" }),
  roll: (x) => sg.roll(x, [2, -1], { axis: [1, 2] }),
  "roll, all": (x) => sg.roll(x, 7),
  tril: (x) => sg.tril(x, { diagonal: -1 }),
  triu: (x) => sg.triu(x),
  repeat: (x) => sg.repeat(x, [2, 1, 2, 1]),
  repeatInterleave: (x) => sg.repeatInterleave(x, [2, 0, 1, 1], { axis: 1 }),
  "repeatInterleave, all": (x) => sg.repeatInterleave(x, 2),
  chunk: (x) => sg.chunk(x, 2, { axis: 2 }),
  unbind: (x) => sg.unbind(x, { axis: 1 }),
  maskedFill: (x) => sg.maskedFill(x, positions(0, 1, 0, 0, 1), -2),
};

const shape = [3, 4, 5];
const data = normals(60, 17);

/** Views that show the same numbers, by the way in which they lie in memory. */
const layouts: Record<string, () => sg.Tensor> = {
  plain: () => sg.tensor(data, shape),
  permuted: () => sg.permute(sg.copyOf(sg.permute(sg.tensor(data, shape), [2, 0, 1])), [1, 2, 0]),
  flipped: () => sg.flip(sg.copyOf(sg.flip(sg.tensor(data, shape), [0, 2])), [0, 2]),
  "every second": () => sg.slice(sg.repeatInterleave(sg.tensor(data, shape), 2, { axis: 2 }), 2, 1, 10, 2),
};

const listed = (made: ReturnType<Call>): readonly sg.Tensor[] => (made instanceof sg.Tensor ? [made] : Object.values(made));

/** The outputs, and the gradient of x where one flows, of a loss that weighs every element by another number. */
async function evaluate(device: Device, call: Call, layout: () => sg.Tensor): Promise<ArrayLike<number>[]> {
  return Promise.all(
    withDevice(device, () =>
      sg.scope(() => {
        const x = layout().detach();
        x.requiresGrad = true;
        sg.manualSeed(5);
        const outputs = listed(call(x));
        const terms = outputs.filter((y) => y.tracksGradient).map((y) => sg.sum(sg.mul(y, sg.reshape(sg.cos(sg.arange(y.size)), y.shape))));
        if (terms.length > 0) terms.reduce((a, b) => sg.add(a, b)).backward();
        return [...outputs, ...(x.grad ? [x.grad] : [])].map((y) => y.data());
      }),
    ),
  );
}

const reference = await openDevice("reference");

await forEachDevice(["simd", "webgpu"], "operations made of others", (device) => {
  test.each(Object.entries(calls))("%s of every layout is as on the reference device", async (name, call) => {
    const wanted = await evaluate(reference, call, layouts.plain!);
    for (const [layout, view] of Object.entries(device.type === "webgpu" ? { permuted: layouts.permuted! } : layouts)) {
      const actual = await evaluate(device, call, view);
      expect(actual.length).toBe(wanted.length);
      for (const [i, y] of wanted.entries()) expectClose(actual[i]!, y, 1e-5, `${name}, ${layout}, result ${i}`);
    }
  });
});
