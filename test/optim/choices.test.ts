import { describe, expect, test } from "vitest";
import { square, sum, toInt } from "../../src/ops/index.js";
import { AdamW, clipGradNorm, Plateau, SGD } from "../../src/optim/index.js";
import { parameter } from "../../src/tensor/create.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";

const weight = (...data: number[]): Tensor => parameter([data.length], (y) => y.write(data));

await forEachDevice(immediate, "a loss of int32", (device) => {
  const it = on(device);

  it("is refused, and changes nothing", () => {
    const w = weight(1, 2);
    const optimizer = new SGD([w], { lr: 0.5 });
    expectError("dtype", () => optimizer.step(() => sum(toInt(w))), "int32", "no gradient", "toFloat");
    expect([...w.dataSync()]).toEqual([1, 2]);
  });
});

await forEachDevice(immediate, "an option of a group that is undefined", (device) => {
  const it = on(device);

  it("leaves the optimizer's option, or its default", () => {
    const [p, q, r] = [weight(1), weight(2), weight(3)];
    const groups = [
      { params: [p], options: { lr: undefined, weightDecay: undefined } },
      { params: [q], options: { lr: 0.5, weightDecay: undefined } },
      { params: [r], options: { lr: undefined, weightDecay: 0.25 } },
    ] as never;
    const given = new SGD(groups, { lr: 0.125, weightDecay: 0.5 });
    expect(given.groups.map(({ options }) => [options.lr, options.weightDecay])).toEqual([
      [0.125, 0.5],
      [0.5, 0.5],
      [0.125, 0.25],
    ]);
    given.dispose();
    const plain = new AdamW([weight(1)]);
    const unset = new AdamW(
      [{ params: [weight(1)], options: { lr: undefined } }] as never,
      { lr: undefined, weightDecay: undefined } as never,
    );
    const settings = ({ groups: [group] }: AdamW) => [group!.options.lr, group!.options.weightDecay];
    expect(settings(unset)).toEqual(settings(plain));
    expect(settings(unset).every(Number.isFinite)).toBe(true);
  });

  it("trains as if it were not there", () => {
    const train = (options: object) => {
      const p = weight(1, -2);
      const optimizer = new SGD([{ params: [p], options }] as never, { lr: 0.25 });
      optimizer.step(() => sum(square(p)));
      return Array.from(p.dataSync());
    };
    expect(train({ lr: undefined, momentum: undefined })).toEqual([0.5, -1]);
    expect(train({})).toEqual([0.5, -1]);
  });
});

await forEachDevice(immediate, "clipGradNorm", (device) => {
  const it = on(device);
  for (const bad of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
    it(`refuses a gradient of ${bad}, and changes none`, () => {
      const params = [weight(1, 2), weight(3, 4)];
      sum(square(params[0]!)).backward();
      sum(square(params[1]!)).backward();
      params[1]!.grad!.write([6, bad]);
      expectError("not-finite", () => clipGradNorm(params, 1), "clipGradNorm", "nothing was changed");
      expect(params.map(({ grad }) => Array.from(grad!.dataSync()))).toEqual([
        [2, 4],
        [6, bad],
      ]);
    });
  }
});

describe("a plateau that was saved before any measure", () => {
  const measures = { max: [0.1, 0.2, 0.2, 0.2, 0.3], min: [0.3, 0.2, 0.2, 0.2, 0.1] };
  test.each(["max", "min"] as const)("improves by its first measure after a resume, in mode %s", (mode) => {
    const options = { mode, patience: 1, factor: 0.5 };
    const resumed = new Plateau(options);
    // JSON has null for the infinity that any measure is better than.
    resumed.restore(JSON.parse(JSON.stringify(new Plateau(options).state)));
    const whole = new Plateau(options);
    expect(resumed.state).toEqual(whole.state);
    for (const measure of measures[mode]) {
      resumed.observe(measure);
      whole.observe(measure);
      expect(resumed.state).toEqual(whole.state);
    }
    // One cut, after the second measure that is not better; the last one is the best.
    expect(resumed.state.slice(0, 3)).toEqual([0.5, measures[mode].at(-1), 0]);
  });
});
