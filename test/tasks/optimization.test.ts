import { beforeAll, describe, expect, test } from "vitest";
import { add, affine, sum } from "../../src/ops/index.js";
import { makeOptimizer, makeSchedule } from "../../src/tasks/optimization.js";
import { initAnew } from "../helpers/default-device.js";
import { TokenModel } from "../helpers/token-model.js";

describe("makeSchedule", () => {
  const scheduleOf = (given: object) => makeSchedule({ schedule: "constant", warmup: 0, minLr: 0, lr: 1e-3, ...given }, 2000);

  test("of a constant rate is none", () => {
    expect(scheduleOf({})).toBeUndefined();
  });

  test("rises in the warm-up to what it keeps", () => {
    const schedule = scheduleOf({ warmup: 4 })!;
    expect([0, 1, 3, 4, 5, 1999].map(schedule)).toEqual([0.2, 0.4, 0.8, 1, 1, 1]);
  });

  test("is nanoGPT's: lr (i + 1) / (warmup + 1), then half a cosine to minLr at the last step", () => {
    const schedule = scheduleOf({ schedule: "cosine", warmup: 100, minLr: 1e-4 })!;
    const expected = (i: number) =>
      i < 100 ? (i + 1) / 101 : (1e-4 + 0.5 * (1 + Math.cos((Math.PI * (i - 100)) / 1900)) * (1e-3 - 1e-4)) / 1e-3;
    for (const i of [0, 1, 50, 99, 100, 101, 1050, 1999, 2000]) expect(schedule(i), `step ${i}`).toBeCloseTo(expected(i), 12);
  });

  test("of a rate of 0 stays there", () => {
    expect(scheduleOf({ lr: 0, schedule: "cosine" })!(5)).not.toBeNaN();
  });
});

describe("makeOptimizer", () => {
  beforeAll(async () => {
    await initAnew({ device: "wasm" });
  });

  test.each([0, 0.1])("with a decay of %d takes it from matrices alone", async (decay) => {
    const model = new TokenModel({ cell: "RNN", vocabulary: 5, embed: 3, hidden: 4, outputs: 5 });
    const before = await model.stateDict();
    const optimizer = makeOptimizer(model, { lr: 0.5, weightDecay: decay, betas: [0.5, 0.6], clipNorm: 1 });
    expect(optimizer.groups.map(({ options }) => options)).toEqual(
      (decay > 0 ? [decay, 0] : [0]).map((weightDecay) => expect.objectContaining({ lr: 0.5, betas: [0.5, 0.6], weightDecay })),
    );
    expect(optimizer.params).toHaveLength(model.parameters().length);
    // Gradients of 0: without any, a parameter stays as it is.
    optimizer.step(() =>
      model
        .parameters()
        .map((x) => sum(affine(x, 0)))
        .reduce((a, b) => add(a, b)),
    );
    for (const [name, { shape, data }] of await model.stateDict()) {
      const factor = shape.length > 1 ? 1 - 0.5 * decay : 1;
      for (const [i, x] of data.entries()) expect(x, name).toBeCloseTo(before.get(name)!.data[i]! * factor, 6);
    }
    optimizer.dispose();
    model.dispose();
  });
});
