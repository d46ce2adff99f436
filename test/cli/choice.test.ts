import { describe, expect, test } from "vitest";
import { choose, type Timing } from "../../src/cli/choice.js";

/** The milliseconds at batch 1, 4, 16, ..; undefined where there are none. */
const timing = (device: string, ...milliseconds: (number | undefined)[]): Timing => ({
  device,
  milliseconds: new Map(milliseconds.flatMap((time, i) => (time === undefined ? [] : [[4 ** i, time] as const]))),
});
const advice = (...timings: Timing[]) => choose(timings).advice;

describe("the choice of a device", () => {
  test("is the fastest at each size", () => {
    const { fastest } = choose([timing("wasm", 1, 5, 9), timing("webgpu", 2, 4, 5)]);
    expect(fastest).toEqual([
      { batch: 1, device: "wasm" },
      { batch: 4, device: "webgpu" },
      { batch: 16, device: "webgpu" },
    ]);
  });

  test("names the size from which on another is faster", () => {
    expect(advice(timing("wasm", 1, 5, 9), timing("webgpu", 2, 4, 5))).toBe("webgpu is faster from batch 4 on: --device webgpu");
    expect(advice(timing("wasm", 3, 5, 9), timing("webgpu", 2, 4, 10))).toBe("wasm is faster from batch 16 on: --device wasm");
  });

  test("names the one that is faster throughout, in whatever order they are given", () => {
    const sentence = "wasm is faster at every size measured: --device wasm";
    expect(advice(timing("wasm", 1, 2), timing("webgpu", 2, 3))).toBe(sentence);
    expect(advice(timing("webgpu", 2, 3), timing("wasm", 1, 2))).toBe(sentence);
  });

  test("of equal times is the first", () => {
    expect(advice(timing("wasm", 2), timing("webgpu", 2))).toContain("wasm is faster");
  });

  test("counts a size that a device could not do for the other", () => {
    expect(advice(timing("wasm", 1, 4, undefined), timing("webgpu", 2, 5, 9))).toBe("webgpu is faster from batch 16 on: --device webgpu");
    expect(advice(timing("wasm", 2, 4, 16), timing("webgpu", 1))).toBe("wasm is faster from batch 4 on: --device wasm");
  });

  test("says where each wins when there is no one size", () => {
    expect(advice(timing("wasm", 1, 5, 9), timing("webgpu", 2, 4, 10))).toBe(
      "no device is faster from one size on: wasm at batch 1, 16; webgpu at batch 4",
    );
  });

  test("compares nothing with nothing", () => {
    expect(advice(timing("wasm", 1, 2), timing("webgpu"))).toBe("wasm is the only device measured: --device wasm");
    expect(choose([timing("wasm")])).toEqual({ fastest: [], advice: "no device could be measured" });
    expect(choose([])).toEqual({ fastest: [], advice: "no device could be measured" });
  });
});
