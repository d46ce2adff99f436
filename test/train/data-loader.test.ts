import { expect, test } from "vitest";
import { DataLoader } from "../../src/data/index.js";
import { memoryStore } from "../../src/io/store.js";
import { Linear } from "../../src/nn/index.js";
import { mseLoss } from "../../src/ops/index.js";
import { SGD } from "../../src/optim/index.js";
import { tensor } from "../../src/tensor/create.js";
import { init } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { fit } from "../../src/train/fit.js";

const pairs = Array.from({ length: 21 }, (_, i) => ({ x: i / 10, y: 3 * (i / 10) - 1 }));
const loader = new DataLoader(pairs, { batch: 4, shuffle: true, seed: 5 });

async function train(steps: number[], store = memoryStore()) {
  await init({ device: "wasm" });
  manualSeed(1);
  const model = new Linear(1, 1);
  const optimizer = new SGD(model.parameters(), { lr: 0.05 });
  const losses: number[] = [];
  for (const [i, until] of steps.entries()) {
    const events = fit(model, loader, {
      ...{ optimizer, steps: until, checkpoint: { store, every: 100, resume: i > 0 } },
      loss: (batch) => {
        const column = (key: "x" | "y") =>
          tensor(
            Float32Array.from(batch, (pair) => pair[key]),
            [batch.length, 1],
          );
        return { loss: mseLoss(model.forward(column("x")), column("y")) };
      },
    });
    for await (const event of events) if (event.type === "step") losses.push(event.loss);
  }
  return losses;
}

test("fit goes through a DataLoader epoch by epoch, and resumes in the middle of one", async () => {
  const whole = await train([20]);
  expect(whole).toHaveLength(20);
  expect(await train([8, 20])).toEqual(whole);
});
