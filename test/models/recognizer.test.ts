import { expect } from "vitest";
import { padFrames } from "../../src/data/index.js";
import { Recognizer } from "../../src/models/index.js";
import { ctcLoss } from "../../src/ops/index.js";
import type { Device } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { fixtureDevices, forEachDevice, on } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { toValues } from "../helpers/golden-tensors.js";

const long = [
  [0.1, -1],
  [0.7, 0.4],
  [-0.3, 0.9],
  [1.1, 0.2],
];
const short = [
  [0.5, -0.5],
  [1, 0.25],
];

await forEachDevice(fixtureDevices, "a recognizer", (device: Device) => {
  const test = on(device);

  for (const arch of ["lstm", "transformer"] as const)
    test(`${arch}: padding changes neither probabilities nor loss`, async () => {
      manualSeed(3);
      const model = new Recognizer({ features: 2, classes: 4, hidden: 4, arch, ...(arch === "transformer" && { heads: 2 }) });
      const batch = padFrames([long, short]);
      const rows = [
        { frames: padFrames([long]), targets: [[1, 2]] },
        { frames: padFrames([short]), targets: [[3]] },
      ];
      const forward = [model.forward(batch), ...rows.map(({ frames }) => model.forward(frames))];
      const losses = [{ frames: batch, targets: [[1, 2], [3]] }, ...rows].map((part) => model.loss(part).loss);
      losses.push(ctcLoss(model.forward(rows[0]!.frames), [[1, 2]], { reduction: "sum" }));
      const [together, ...alone] = await Promise.all(forward.map(async (x) => (await toValues(x)).data));
      for (const [b, values] of alone.entries())
        for (const [i, value] of Array.from(values).entries()) expect(Math.abs(together![b * 16 + i]! - value)).toBeLessThan(1e-6);
      for (let t = 0; t < 4; t++) {
        const sum = [0, 1, 2, 3].reduce((total, c) => total + Math.exp(together![t * 4 + c]!), 0);
        expect(sum).toBeCloseTo(1, 5);
      }
      const [loss, first, second, byHand] = await Promise.all(losses.map((x) => x.item()));
      expect(loss).toBeCloseTo((first! + second!) / 2, 5);
      expect(first).toBeCloseTo(byHand! / 2, 5);
    });

  test("every parameter learns", async () => {
    const model = new Recognizer({ features: 2, classes: 3, hidden: 3 });
    model.loss({ frames: padFrames([long, short]), targets: [[1, 1], [2]] }).loss.backward();
    for (const [name, p] of model.namedParameters())
      expect(Math.max(...Array.from(await p.grad!.data(), Math.abs)), name).toBeGreaterThan(0);
  });

  test("refuses frames of another size", () => {
    const model = new Recognizer({ features: 3, classes: 3, hidden: 3 });
    expectError("shape", () => model.forward(padFrames([long])), "frames have 2 numbers", "expected 3");
    expectError("range", () => new Recognizer({ features: 0, classes: 3 }), "features");
    expectError("range", () => new Recognizer({ features: 1, classes: 1 }), "classes");
  });
});
